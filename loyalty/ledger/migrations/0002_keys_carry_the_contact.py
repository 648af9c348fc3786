"""Keys of the books include the contact, so that the tables can be distributed by contact without a new schema.

The foreign keys then prove more: a transfer, lot or draw belongs to the contact of its operation.
"""

from django.db import migrations

TABLES = ("operation", "transfer", "lot", "draw", "bonusbalance")
REFERENCES = (
    ("transfer", "operation_id", "operation"),
    ("lot", "operation_id", "operation"),
    ("draw", "operation_id", "operation"),
    ("draw", "lot_id", "lot"),
)


def widen(table: str) -> migrations.RunSQL:
    name = f"ledger_{table}"
    return migrations.RunSQL(
        f"ALTER TABLE {name} DROP CONSTRAINT {name}_pkey, ADD PRIMARY KEY (id, contact_id)",
        f"ALTER TABLE {name} DROP CONSTRAINT {name}_pkey, ADD PRIMARY KEY (id)",
    )


def refer(table: str, column: str, target: str) -> migrations.RunSQL:
    name = f"{table}_of_{target}_of_contact"
    return migrations.RunSQL(
        f"ALTER TABLE ledger_{table} ADD CONSTRAINT {name} FOREIGN KEY ({column}, contact_id)"
        f" REFERENCES ledger_{target} (id, contact_id)",
        f"ALTER TABLE ledger_{table} DROP CONSTRAINT {name}",
    )


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_books")]

    operations = [*(widen(table) for table in TABLES), *(refer(*reference) for reference in REFERENCES)]
