"""The vendor's scenarios, one a module, in the order in which they play: each may use what those before it made."""

from collections.abc import Callable

from loyalty.koshelek_check.play import Play
from loyalty.koshelek_check.scenarios import (
    anonymous_card,
    balance,
    channels,
    every_call,
    existing_card,
    history,
    issue_by_phone,
    issue_from_pool,
    lists,
    new_card,
    number_assigned,
    personal_data,
    promo_code,
    promotions,
    receipt,
    several_customers,
)

# Personal data come last: they change what the other scenarios look for.
SCENARIOS: tuple[tuple[str, Callable[[Play], None]], ...] = (
    (every_call.NAME, every_call.play),
    (lists.NAME, lists.play),
    (anonymous_card.NAME, anonymous_card.play),
    (issue_from_pool.NAME, issue_from_pool.play),
    (issue_by_phone.NAME, issue_by_phone.play),
    (number_assigned.NAME, number_assigned.play),
    (new_card.NAME, new_card.play),
    (existing_card.NAME, existing_card.play),
    (several_customers.NAME, several_customers.play),
    (channels.NAME, channels.play),
    (balance.NAME, balance.play),
    (history.NAME, history.play),
    (promotions.NAME, promotions.play),
    (receipt.NAME, receipt.play),
    (promo_code.NAME, promo_code.play),
    (personal_data.NAME, personal_data.play),
)
