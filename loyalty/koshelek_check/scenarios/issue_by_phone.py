"""Issue by phone number: a phone alone, without a number, is enough for a card (call 8)."""

from loyalty.koshelek_check.calls import ISSUE
from loyalty.koshelek_check.people import Person
from loyalty.koshelek_check.play import Play
from loyalty.koshelek_check.scenarios import issuing
from loyalty.koshelek_check.shapes import number_of

NAME = "issue by phone number"


def play(play: Play) -> None:
    """Issue a card to a phone, then repeat the call as a wallet app does that heard no answer."""
    if not (play.options.write and play.options.serves(ISSUE)):
        return
    body = {"phone": play.people.phone()}
    answer = play.ask(ISSUE, body=body)
    play.check("phone alone", "issue.by_phone", answer.done, "200", answer)
    number = number_of(answer.value) if answer.done else ""
    customer = play.customer(Person(body["phone"], "", ""), number) if number else None
    if customer is None or not issuing.is_found(play, "phone alone", customer):
        return
    again = play.ask(ISSUE, body=body)
    if play.check("same call again", "issue.retry", again.done, "200", again):
        ok = number_of(again.value) == number
        came = "the same card" if ok else "another card number"
        play.check("same call again", "card.one_per_user", ok, "the same card", came, ISSUE)
