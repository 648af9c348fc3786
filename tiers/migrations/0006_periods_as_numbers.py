"""The periods of a contact as ranges of numbers: the same constraint, at a cost that does not grow with the table.

A range over (contact, moment) has no measure of distance, so its GiST index sorts new rows in anywhere and soon has
to be searched whole: with 150,000 contacts a move took 8 ms, and the time grew with the table. Numbers have one.
A contact's moments are seconds since 2000, to the microsecond, in a stretch of 10^12 seconds of its own.
"""

from django.db import migrations

_NUMBERS = """
ALTER TABLE tiers_standing ADD CONSTRAINT standings_never_overlap EXCLUDE USING gist (
    numrange(
        contact_id * 1e12 + extract(epoch FROM entered_at - timestamptz '2000-01-01 00:00:00+00'),
        contact_id * 1e12 + coalesce(extract(epoch FROM left_at - timestamptz '2000-01-01 00:00:00+00'), 9e11),
        '[)'
    ) WITH &&
)
"""

_PAIRS = """
ALTER TABLE tiers_standing ADD CONSTRAINT standings_never_overlap EXCLUDE USING gist (
    contact_period(
        ROW(contact_id, entered_at)::contact_moment,
        ROW(contact_id, coalesce(left_at, 'infinity'))::contact_moment,
        '[)'
    ) WITH &&
)
"""

_DROP = "ALTER TABLE tiers_standing DROP CONSTRAINT standings_never_overlap"


class Migration(migrations.Migration):
    dependencies = [("tiers", "0005_standings_by_a_merge")]

    operations = [
        migrations.RunSQL(_DROP, _PAIRS),
        migrations.RunSQL(
            "DROP TYPE contact_period",
            "CREATE TYPE contact_period AS RANGE (subtype = contact_moment)",
        ),
        migrations.RunSQL(
            "DROP TYPE contact_moment",
            "CREATE TYPE contact_moment AS (contact_id bigint, moment timestamptz)",
        ),
        migrations.RunSQL(_NUMBERS, _DROP),
    ]
