"""Reasons of adjustments leave the books: there nothing may be erased, and people type names into them.

They stand with the requests, which the operations name. The guard of the books is lifted for this one statement, by
the owner of the table only.
"""

from django.db import migrations

TAKE_OUT = """
ALTER TABLE ledger_operation DISABLE TRIGGER USER;
UPDATE ledger_operation SET reason = 'By hand; the request tells why.'
    WHERE kind = 'adjustment' AND cause LIKE 'adjustment:%';
ALTER TABLE ledger_operation ENABLE TRIGGER USER;
"""
PUT_BACK = """
ALTER TABLE ledger_operation DISABLE TRIGGER USER;
UPDATE ledger_operation operation SET reason = request.reason FROM loyalty_adjustmentrequest request
    WHERE operation.kind = 'adjustment' AND operation.cause = 'adjustment:' || request.id;
ALTER TABLE ledger_operation ENABLE TRIGGER USER;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0009_forfeitures"),
        ("loyalty", "0013_reasons_of_the_journal_may_be_erased"),
    ]

    operations = [migrations.RunSQL(TAKE_OUT, PUT_BACK)]
