"""How many people hold one e-mail address, for the planner.

Of a partial index on an expression it takes no statistics: it guessed that half a percent of everybody answer to one
address, and read the whole table, in the order of ids, to find the first of them.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_merged_and_erased_contacts")]

    operations = [
        migrations.RunSQL(
            "CREATE STATISTICS contact_email_lower_known ON (lower(email)) FROM customers_contact",
            "DROP STATISTICS contact_email_lower_known",
        ),
        migrations.RunSQL("ANALYZE customers_contact", migrations.RunSQL.noop),
    ]
