"""Getting a card for a made-up person, by whichever call the service offers; and finding it again."""

from loyalty.koshelek_check.calls import FIND, ISSUE, REGISTER, RESERVE
from loyalty.koshelek_check.people import Customer, Person
from loyalty.koshelek_check.play import Play
from loyalty.koshelek_check.shapes import number_of


def obtain(play: Play, person: Person) -> Customer | None:
    """Return the person with a card by call 8, else by calls 6 and 7; None when the service gives none."""
    answer = play.ask(ISSUE, body=person.body())
    if answer.done and (number := number_of(answer.value)):
        return play.customer(person, number)
    reserved = play.ask(RESERVE)
    number = number_of(reserved.value) if reserved.done else ""
    if number and play.ask(REGISTER, number, body=person.body()).done:
        return play.customer(person, number)
    return None


def is_found(play: Play, step: str, customer: Customer) -> bool:
    """Check that the customer's phone finds the card that was issued."""
    answer = play.ask(FIND, query={"msisdn": customer.person.phone})
    ok = answer.done and number_of(answer.value) == customer.number
    came = answer.came if not answer.done or answer.empty or ok else "another card"
    if not answer.judged:
        return False
    return play.check(step, "card.found_after_issue", ok, "200, the card", came, FIND)
