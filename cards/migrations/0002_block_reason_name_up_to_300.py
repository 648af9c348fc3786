from django.db import migrations, models


class Migration(migrations.Migration):
    """A person in the back office writes the reason as long as the journal takes it. Widening rewrites nothing."""

    dependencies = [("cards", "0001_cards_and_series")]

    operations = [
        migrations.AlterField(
            model_name="blockrecord",
            name="reason_name",
            field=models.CharField(blank=True, db_default="", max_length=300),
        ),
    ]
