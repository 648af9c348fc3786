"""Until now several receipts could be told to be one purchase: the first keeps it, the others keep only the reason."""

from django.db import migrations

_FORGET = """
UPDATE promos_fiscalreceipt receipt SET purchase_id = ''
WHERE purchase_id <> '' AND EXISTS (
    SELECT FROM promos_fiscalreceipt first WHERE first.purchase_id = receipt.purchase_id
      AND (first.status = 'reversed', -first.id) > (receipt.status = 'reversed', -receipt.id)
)
"""


class Migration(migrations.Migration):
    dependencies = [("promos", "0007_find_shared_codes")]

    operations = [migrations.RunSQL(_FORGET, migrations.RunSQL.noop)]
