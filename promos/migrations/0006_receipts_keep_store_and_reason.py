

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cards', '0002_block_reason_name_up_to_300'),
        ('customers', '0001_contacts_and_consents'),
        ("promos", "0005_single_and_shared_codes_never_meet"),
    ]

    operations = [
        migrations.AddField(
            model_name='fiscalreceipt',
            name='store',
            field=models.CharField(blank=True, db_default='', max_length=40),
        ),
        migrations.AddField(
            model_name='fiscalreceipt',
            name='taken_back',
            field=models.DecimalField(db_default=0, decimal_places=2, default=0, max_digits=14),
        ),
        migrations.AlterField(
            model_name='fiscalreceipt',
            name='reason',
            field=models.CharField(blank=True, choices=[('already_credited', 'The purchase was credited at the till'), ('card_blocked', 'The customer was blocked, or had no usable card'), ('no_promotion', 'No receipt promotion was live at that moment'), ('not_at_this_time', 'The promotion is for other hours or weekdays'), ('store_unknown', 'The promotion names stores, and the fiscal drive belongs to none known'), ('other_store', 'The promotion is for other stores'), ('below_minimum', 'The sum is too small'), ('not_for_you', 'The promotion is for other customers'), ('customer_count_used_up', 'The customer has used the promotion as often as allowed'), ('customer_cap_used_up', 'The customer has got the most that the promotion gives to one'), ('count_used_up', 'The promotion was used as often as allowed in all'), ('budget_used_up', "The promotion's budget is used up"), ('credited_at_till', 'The till credited the same purchase later')], db_default='', max_length=40),
        ),
        migrations.AddConstraint(
            model_name='fiscalreceipt',
            constraint=models.CheckConstraint(condition=models.Q(('taken_back__gte', 0), ('taken_back__lte', models.F('points')), models.Q(('taken_back', 0), ('status', 'reversed'), _connector='OR')), name='fiscal_receipt_taken_back'),
        ),
        migrations.AddConstraint(
            model_name='fiscalreceipt',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ('accepted', 'credited')), ('reason__in', ['already_credited', 'card_blocked', 'no_promotion', 'not_at_this_time', 'store_unknown', 'other_store', 'below_minimum', 'not_for_you', 'customer_count_used_up', 'customer_cap_used_up', 'count_used_up', 'budget_used_up', 'credited_at_till']), _connector='OR'), name='fiscal_receipt_reason_known'),
        ),
    ]
