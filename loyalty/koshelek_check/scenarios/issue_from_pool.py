"""Issue from the pool: a person is registered on the number reserved before (call 7)."""

from loyalty.koshelek_check.calls import REGISTER
from loyalty.koshelek_check.people import Customer
from loyalty.koshelek_check.play import Play
from loyalty.koshelek_check.scenarios import issuing

NAME = "issue from a pool"


def play(play: Play) -> None:
    """Register a customer on a reserved number; then try everything that has to be refused."""
    if not play.reserved:
        return
    _phone_required(play)
    customer = _register(play)
    if customer is not None:
        _refusals(play, customer)


def _phone_required(play: Play) -> None:
    body = play.people.new().body()
    del body["phone"]
    answer = play.ask(REGISTER, play.reserved[-1], body=body)
    play.refusal("no phone", "register.phone_required", answer)
    if answer.done:
        play.reserved.pop()


def _register(play: Play) -> Customer | None:
    if not play.reserved:
        return None
    person, number = play.people.new(), play.reserved.pop(0)
    answer = play.ask(REGISTER, number, body=person.body())
    if not play.check("reserved number", "register.accepted", answer.done, "200", answer):
        return None
    play.check("reserved number", "register.empty_body", answer.empty, "empty body", answer)
    customer = play.customer(person, number)
    if customer is None or not issuing.is_found(play, "reserved number", customer):
        return None
    again = play.ask(REGISTER, number, body=person.body())
    play.check("same call again", "register.repeat", again.done, "200", again)
    return customer


def _refusals(play: Play, customer: Customer) -> None:
    unknown = play.ask(REGISTER, play.people.unknown_card(), body=play.people.new().body())
    play.refusal("number never reserved", "register.not_reserved", unknown)
    second = None
    if play.reserved:
        second = play.ask(REGISTER, play.reserved[0], body=customer.person.body())
        play.refusal("a second number", "register.has_card", second)
    taken = play.ask(REGISTER, customer.number, body=play.people.new().body())
    play.refusal("number of another", "register.taken", taken)
    # A customer whose card was given away, or who has two now, is of no use to the other scenarios.
    if not taken.done and not (second and second.done):
        play.made.append(customer)
