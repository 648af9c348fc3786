"""What a retailer wants to see of the years: points by month, the liability to customers, the tiers they are in."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db import connection

from loyalty.ledger.accounts import Account
from loyalty.ledger.rounding import ZERO

# By the moment at which things happened, in the retailer's zone, whenever a late job wrote them down.
_FLOWS = """
SELECT date_trunc('month', operation.effective_at AT TIME ZONE %(zone)s)::date, transfer.source, transfer.target,
    sum(transfer.amount)
FROM ledger_transfer transfer JOIN ledger_operation operation
  ON operation.id = transfer.operation_id AND operation.contact_id = transfer.contact_id
GROUP BY 1, 2, 3
"""
_TIERS = """
SELECT taken.moment, tier.name, count(*)
FROM unnest(%(moments)s::timestamptz[]) AS taken (moment)
JOIN tiers_standing standing ON standing.entered_at < taken.moment
  AND (standing.left_at IS NULL OR standing.left_at >= taken.moment)
JOIN tiers_tier tier ON tier.id = standing.tier_id
GROUP BY 1, 2, tier.rank ORDER BY 1, tier.rank
"""
AMOUNTS = ("issued", "matured", "spent", "restored", "burned", "returned", "adjusted", "liability")
"""The columns of points, in the order in which they are shown."""

_HELD = (Account.SPENDABLE, Account.SPENDABLE_ESCROW)


@dataclass(frozen=True, slots=True)
class Month:
    """Spendable points of a month, what customers hold at its end (the liability), and contacts by tier then."""

    first_day: date
    issued: Decimal
    matured: Decimal
    spent: Decimal
    restored: Decimal
    burned: Decimal
    returned: Decimal
    adjusted: Decimal
    liability: Decimal
    tiers: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        """Return the month as JSON has it."""
        return {
            "month": f"{self.first_day:%Y-%m}",
            **{name: str(getattr(self, name)) for name in AMOUNTS},
            "tiers": self.tiers,
        }


def by_month(first: datetime, last: datetime) -> list[Month]:
    """Return the months from `first` to `last` (2 statements); the last one ends at `last`."""
    zone = first.tzinfo
    days = [first.date().replace(day=1)]
    while (following := days[-1] + relativedelta(months=1)) < last.date():
        days.append(following)
    ends = [min(datetime(*(day + relativedelta(months=1)).timetuple()[:3], tzinfo=zone), last) for day in days]
    with connection.cursor() as cursor:
        cursor.execute(_FLOWS, {"zone": str(zone)})
        flows = {(day, source, target): amount for day, source, target, amount in cursor.fetchall()}
        cursor.execute(_TIERS, {"moments": ends})
        tiers = cursor.fetchall()
    months, liability = [], ZERO
    for day, end in zip(days, ends, strict=True):
        month = {(source, target): amount for (of, source, target), amount in flows.items() if of == day}
        liability += _change(month)
        months.append(_month(day, month, liability, {name: count for at, name, count in tiers if at == end}))
    return months


def _month(day: date, flows: dict[tuple[int, int], Decimal], liability: Decimal, tiers: dict[str, int]) -> Month:
    def moved(source: int, target: int) -> Decimal:
        return flows.get((source, target), ZERO)

    spendable, escrow = _HELD
    return Month(
        first_day=day,
        issued=moved(Account.ISSUED, escrow) + moved(Account.ISSUED, spendable),
        matured=moved(escrow, spendable),
        spent=moved(spendable, Account.REDEEMED),
        restored=moved(Account.REDEEMED, spendable),
        burned=moved(spendable, Account.BURNED) + moved(escrow, Account.BURNED),
        returned=moved(spendable, Account.ISSUED) + moved(escrow, Account.ISSUED),
        adjusted=moved(Account.ADJUSTED, spendable) - moved(spendable, Account.ADJUSTED),
        liability=liability,
        tiers=tiers,
    )


def _change(flows: dict[tuple[int, int], Decimal]) -> Decimal:
    entered = sum((amount for (_, target), amount in flows.items() if target in _HELD), ZERO)
    left = sum((amount for (source, _), amount in flows.items() if source in _HELD), ZERO)
    return entered - left
