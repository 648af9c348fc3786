"""What a customer has been rewarded for already, where a promotion asks (promos/occasion.py). No writes, no locks."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from promos.models import Promotion, PromotionKind
from promos.occasion import birthday_in, days_around

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


# What came back of a purchase or a receipt frees the gift: what is left of its award says so.
_BIRTHDAY_TAKEN = """
WITH given (moment) AS (
    SELECT purchased_at FROM loyalty_purchase
    WHERE contact_id = %(contact)s AND purchased_at >= %(since)s AND purchased_at < %(until)s
      AND (terms -> 'awarded' ->> %(promotion)s::text)::numeric > 0
    UNION ALL
    SELECT purchased_at FROM promos_fiscalreceipt
    WHERE contact_id = %(contact)s AND purchased_at >= %(since)s AND purchased_at < %(until)s
      AND status = 'credited' AND (awards ->> %(promotion)s::text)::numeric > 0
    UNION ALL
    SELECT used_at FROM promos_codeuse
    WHERE contact_id = %(contact)s AND used_at >= %(since)s AND used_at < %(until)s
      AND promotion_id = %(promotion)s::bigint
)
SELECT EXISTS (
    SELECT FROM given, LATERAL (SELECT (moment AT TIME ZONE %(zone)s)::date AS day) AS gift
    WHERE (%(once)s AND day BETWEEN %(first)s AND %(last)s) OR NOT EXISTS (
        SELECT FROM unnest(%(firsts)s::date[], %(lasts)s::date[]) AS around (first, last)
        WHERE day BETWEEN first AND last)
)
"""


def birthday_taken(contact_id: int, birth_date: date | None, zone: ZoneInfo) -> Callable[[Promotion, date], bool]:
    """Return the question whether a promotion gave to a contact what it gives around a birthday (1 statement a time).

    Around another birthday of that year: the birth date was changed since. Fixed points also around the same one,
    unless a cap or a count of the promotion says how often (docs/decisions/birthdays.md).
    """

    def taken(promotion: Promotion, birthday: date) -> bool:
        before, after = (timedelta(days=each) for each in days_around(promotion) or (0, 0))
        own = [birthday_in(birth_date or birthday, birthday.year + each) for each in (-1, 0, 1)]
        parameters: dict[str, Any] = {
            "contact": contact_id,
            "promotion": promotion.pk,
            "zone": zone.key,
            "since": _midnight(date(birthday.year, 1, 1) - before, zone),
            "until": _midnight(date(birthday.year + 1, 1, 1) + after, zone),
            "once": _gives_once(promotion),
            "first": birthday - before,
            "last": birthday + after,
            "firsts": [each - before for each in own],
            "lasts": [each + after for each in own],
        }
        with connection.cursor() as cursor:
            cursor.execute(_BIRTHDAY_TAKEN, parameters)
            return bool(cursor.fetchone()[0])

    return taken


def _gives_once(promotion: Promotion) -> bool:
    limited = promotion.customer_cap is not None or promotion.customer_count is not None
    return promotion.kind == PromotionKind.FIXED and not limited


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)
