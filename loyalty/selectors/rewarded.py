"""What a customer has been rewarded for already, where a promotion asks (promos/occasion.py). No writes, no locks."""

from datetime import datetime

from django.db import connection

# A receipt that comes late may be older than one that was rewarded as the first: there is but one first purchase.
_IS_FIRST = """
SELECT NOT EXISTS (
    SELECT FROM loyalty_purchase WHERE contact_id = %(contact)s AND status = 'completed'
      AND (purchased_at <= %(moment)s OR jsonb_exists_any(
          terms -> 'awarded', ARRAY(SELECT id::text FROM promos_promotion WHERE first_purchase)))
)
"""


def is_first_purchase(contact_id: int, moment: datetime) -> bool:
    """Tell whether no completed purchase of a contact is as old as `moment`, and none was rewarded as the first."""
    with connection.cursor() as cursor:
        cursor.execute(_IS_FIRST, {"contact": contact_id, "moment": moment})
        return bool(cursor.fetchone()[0])
