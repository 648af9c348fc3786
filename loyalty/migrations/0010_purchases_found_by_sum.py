

import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cards', '0002_block_reason_name_up_to_300'),
        ('customers', '0001_contacts_and_consents'),
        ("loyalty", "0009_find_who_bought_lately"),
    ]

    operations = [
        migrations.AddIndex(
            model_name='purchase',
            index=models.Index(fields=['amount', 'purchased_at'], name='purchase_of_sum'),
        ),
        migrations.AddIndex(
            model_name='purchase',
            index=models.Index(django.db.models.expressions.CombinedExpression(models.F('amount'), '-', models.F('paid')), models.F('purchased_at'), condition=models.Q(('paid__gt', 0)), name='purchase_of_sum_in_money'),
        ),
    ]
