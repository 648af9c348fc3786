"""The terms under which a basket earns: the one place that gathers them, for quote and purchase alike.

Serves specs/points_and_tiers.md, Earning. A quote and the add that follows ask here, so they give the same number.
"""

from collections.abc import Callable, Collection
from datetime import date, datetime
from decimal import Decimal
from functools import cache

from loyalty.models import Program
from loyalty.selectors import audiences, rewarded
from promos import selectors as promos
from promos.evaluation import Terms
from promos.models import Audience
from promos.occasion import Occasion


def terms_for(
    settings: Program,
    *,
    contact_id: int,
    birth_date: date | None,
    multiplier: Decimal,
    moment: datetime,
    store: str,
    first_purchase: Callable[[], bool],
    promotions_live: bool = True,
) -> Terms:
    """Return rate, tier multiplier, exclusions and the promotions live at the purchase's own moment.

    `multiplier` is the tier's on that day, and so is the rate; `store` the code; `first_purchase` tells whether the
    contact has no completed purchase before `moment`, and is asked at most once, when a promotion depends on nothing
    else.
    One statement, one more when a promotion has a cap per customer, one more when one is for an audience only, one more
    for each that is for the birthday which it is; none
    when the caller knows that none was live. Whether the contact is in an audience is asked now, when the purchase is
    recorded, not at its moment (docs/decisions/audiences.md).
    Ceilings are read without a lock: who writes locks them by `promos.services.lock_ceilings` and evaluates again.
    """
    occasion = Occasion(
        moment=moment.astimezone(settings.tzinfo),
        store=store,
        first_purchase=cache(first_purchase),
        birth_date=birth_date,
        birthday_taken=rewarded.birthday_taken(contact_id, birth_date, settings.tzinfo),
    )

    def which_include(asked: Collection[Audience]) -> Collection[int]:
        return audiences.which_include(asked, contact_id, settings.tzinfo)

    return Terms(
        earn_rate=settings.earn_rate_at(moment),
        multiplier=multiplier,
        excluded=frozenset(settings.excluded_categories),
        rules=promos.rules_for(occasion, contact_id, which_include) if promotions_live else (),
    )
