"""Periods of one contact never overlap, by constraint.

The exclusion needs equality on the contact and overlap of the period in one index. That usually takes the
btree_gist extension, which a machine without contrib lacks; a range over (contact, moment) says the same.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tiers", "0001_tiers_and_standings")]

    operations = [
        migrations.RunSQL(
            "CREATE TYPE contact_moment AS (contact_id bigint, moment timestamptz)",
            "DROP TYPE contact_moment",
        ),
        migrations.RunSQL(
            "CREATE TYPE contact_period AS RANGE (subtype = contact_moment)", "DROP TYPE contact_period"
        ),
        migrations.RunSQL(
            """
            ALTER TABLE tiers_standing ADD CONSTRAINT standings_never_overlap EXCLUDE USING gist (
                contact_period(
                    ROW(contact_id, entered_at)::contact_moment,
                    ROW(contact_id, coalesce(left_at, 'infinity'))::contact_moment,
                    '[)'
                ) WITH &&
            )
            """,
            "ALTER TABLE tiers_standing DROP CONSTRAINT standings_never_overlap",
        ),
    ]
