"""What a contact held at any past moment, told by the books alone (specs/points_and_tiers.md, Laws). Reads only.

The moment counts by when things happened (`effective_at`), not by when we learned them: a purchase that a till uploads
late is in the past of its own date. As in every read the clock decides: what had matured or expired by the moment
counts so, whether or not it has been booked since.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection

from loyalty.ledger.accounts import HELD


@dataclass(frozen=True, slots=True)
class PastBalance:
    """The four accounts of one contact at one past moment. `spendable` is below zero while there was a debt."""

    spendable: Decimal
    spendable_escrow: Decimal
    qualifying: Decimal
    qualifying_escrow: Decimal


_HELD = ", ".join(
    f"coalesce(sum(amount) FILTER (WHERE target = {account.value}), 0.00)"
    f" - coalesce(sum(amount) FILTER (WHERE source = {account.value}), 0) AS {account.name.lower()}"
    for account in HELD
)

# A rollover is effective at maturity and an expiry at its date, however late they were booked; so what is left to
# reckon are lots not booked to this day, with what they held at the moment. A lot's date moves only while the lot
# lives, so the date of today says as well whether it lived then.
_AS_OF = f"""
WITH booked AS (
    SELECT {_HELD} FROM ledger_operation operation
    JOIN ledger_transfer transfer
      ON transfer.contact_id = operation.contact_id AND transfer.operation_id = operation.id
    WHERE operation.contact_id = %(contact)s AND operation.effective_at <= %(moment)s
), drawn_later AS (
    SELECT draw.lot_id, sum(draw.amount) AS amount FROM ledger_operation operation
    JOIN ledger_draw draw ON draw.contact_id = operation.contact_id AND draw.operation_id = operation.id
    WHERE operation.contact_id = %(contact)s AND operation.effective_at > %(moment)s GROUP BY draw.lot_id
), mature AS (
    SELECT lot.id, lot.account, lot.matures_at, lot.expires_at, lot.landed IS NULL AS due,
        lot.remaining + coalesce(drawn_later.amount, 0) AS held
    FROM ledger_lot lot
    JOIN ledger_operation origin ON origin.contact_id = lot.contact_id AND origin.id = lot.operation_id
    LEFT JOIN drawn_later ON drawn_later.lot_id = lot.id
    WHERE lot.contact_id = %(contact)s AND (lot.remaining > 0 OR drawn_later.lot_id IS NOT NULL)
      AND lot.matures_at <= %(moment)s AND origin.effective_at <= %(moment)s
), kept AS (
    SELECT account, due, matures_at, expires_at, held, CASE
        WHEN account <> 1 OR NOT due OR booked.spendable >= 0 THEN held
        ELSE greatest(0, least(held, booked.spendable
            + sum(CASE WHEN due AND account = 1 THEN held ELSE 0 END) OVER (ORDER BY matures_at, id)))
        END AS amount
    FROM mature, booked
), late AS (
    SELECT coalesce(sum(held) FILTER (WHERE account = 1 AND due), 0) AS spendable,
        coalesce(sum(held) FILTER (WHERE account = 3 AND due), 0) AS qualifying,
        coalesce(sum(amount) FILTER (WHERE expires_at <= %(moment)s), 0) AS expired,
        coalesce(sum(held) FILTER (WHERE account = 3 AND matures_at < %(since)s::timestamptz), 0) AS closed
    FROM kept
)
SELECT booked.spendable + late.spendable - late.expired, booked.spendable_escrow - late.spendable,
    booked.qualifying + late.qualifying - late.closed, booked.qualifying_escrow - late.qualifying
FROM booked, late
"""


def as_of(contact_id: int, moment: datetime, *, since: datetime | None = None) -> PastBalance:
    """Return the four accounts at a moment that is not in the future (1 statement); before the contact: zeros.

    `since`: when the year of qualification began in which the moment lies. Qualifying points that landed before count
    as closed then, whether or not their close is booked; without it only what is booked counts.
    """
    with connection.cursor() as cursor:
        cursor.execute(_AS_OF, {"contact": contact_id, "moment": moment, "since": since})
        return PastBalance(*cursor.fetchone())
