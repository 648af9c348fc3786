"""Batches of purchases from a till that was offline: item by item, each in a transaction of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from loyalty.core.actors import Actor
from loyalty.core.errors import LoyaltyError
from loyalty.services import purchases
from loyalty.services.sales import Credited, Sale

LARGEST_BATCH = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item: `credited`, or the `error` that refused it."""

    purchase_id: str
    credited: Credited | None
    error: LoyaltyError | None


def add_batch(actor: Actor, items: Sequence[tuple[str, Sale | LoyaltyError]]) -> Iterator[Outcome]:
    """Add each purchase of a batch in its order; yield its outcome. An item that could not be read brings its error.

    One that is refused stops none of the others; the whole batch may be sent again.
    """
    for purchase_id, item in items:
        if isinstance(item, LoyaltyError):
            yield Outcome(purchase_id, None, item)
            continue
        try:
            yield Outcome(purchase_id, purchases.add_purchase(actor, item), None)
        except LoyaltyError as error:
            yield Outcome(purchase_id, None, error)
