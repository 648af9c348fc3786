"""New card: a new customer takes a card and tells the channels allowed; then the card is there (calls 8, 2, 1)."""

from loyalty.koshelek_check.calls import CHANNELS
from loyalty.koshelek_check.people import Customer
from loyalty.koshelek_check.play import Play
from loyalty.koshelek_check.scenarios import issuing

NAME = "new card"
ENOUGH_CUSTOMERS = 2


def play(play: Play) -> None:
    """Play it once, and again until there are two customers for the scenarios that follow."""
    if not play.options.write:
        return
    for step in ("first", "second"):
        customer = issuing.obtain(play, play.people.new())
        if customer is not None:
            _take(play, f"{step} customer", customer)
        if len(play.made) >= ENOUGH_CUSTOMERS:
            return


def _take(play: Play, step: str, customer: Customer) -> None:
    allowed = play.ask(CHANNELS, customer.number, body={"allow": ["sms", "email", "push"], "deny": ["call"]})
    play.check(step, "channels.accepted", allowed.done, "200", allowed)
    if issuing.is_found(play, step, customer):
        play.made.append(customer)
