"""Personal data update: the user changes the profile in the app (call 4)."""

from loyalty.koshelek_check.calls import FIND, UPDATE
from loyalty.koshelek_check.people import Customer
from loyalty.koshelek_check.play import Play
from loyalty.koshelek_check.shapes import number_of

NAME = "personal data update"
RUSSIAN = {"firstname": "Мария-Юлия", "surname": "Ёжикова", "patronymic": "Щукинична", "locality": "Йошкар-Ола"}


def play(play: Play) -> None:
    """Change everything about a customer, the phone last."""
    if not play.made:
        return
    unknown = play.ask(UPDATE, play.people.unknown_card(), body={"surname": "Check"})
    play.refusal("unknown card, update", "card.unknown", unknown)
    customer = play.made[0]
    body = customer.person.body() | {"surname": "Check-Check"}
    answer = play.ask(UPDATE, customer.number, body=body)
    if not play.check("all keys", "update.accepted", answer.done, "200", answer):
        return
    play.check("all keys", "update.empty_body", answer.empty, "empty body", answer)
    again = play.ask(UPDATE, customer.number, body=body)
    play.check("same call again", "update.accepted", again.done, "200", again)
    _forms(play, customer)
    customer = _identifiers(play, customer)
    if len(play.made) > 1:
        _phone_of_another(play, customer, play.made[1])


def _forms(play: Play, customer: Customer) -> None:
    forms: list[tuple[str, str, dict[str, object]]] = [
        ("Russian letters", "request.utf8", dict(RUSSIAN)),
        ("firstName and birthdate", "update.aliases", {"firstName": "Koshelek", "birthdate": "1988-08-08"}),
        ("keys of no meaning", "request.unknown_key", {"locality": "Kazan", "koshelekCheck": {"a": ["1"]}}),
    ]
    forms += [(f"sex {letter}", "update.sex", {"sex": letter}) for letter in ("m", "f", "м", "ж")]
    for step, rule, body in forms:
        answer = play.ask(UPDATE, customer.number, body=body)
        play.check(step, rule, answer.done, "200", answer)


def _identifiers(play: Play, customer: Customer) -> Customer:
    """Give the customer another e-mail address, nothing, and another phone; return the customer as it is then."""
    new = play.people.new()
    if play.ask(UPDATE, customer.number, body={"email": new.email}).done:
        customer = customer.moved(email=new.email)
        found = _finds(play, "new e-mail address", "update.takes_effect", customer, {"email": new.email})
        if found and play.ask(UPDATE, customer.number, body={"email": "", "firstname": ""}).done:
            _finds(play, "empty e-mail address", "update.empty_keeps", customer, {"email": new.email})
    if play.ask(UPDATE, customer.number, body={"phone": new.phone}).done:
        customer = customer.moved(phone=new.phone)
        _finds(play, "new phone", "update.takes_effect", customer, {"msisdn": new.phone})
    return customer


def _finds(play: Play, step: str, rule: str, customer: Customer, query: dict[str, str]) -> bool:
    answer = play.ask(FIND, query=query)
    ok = answer.done and number_of(answer.value) == customer.number
    return play.check(step, rule, ok, "200, this customer's card", answer)


def _phone_of_another(play: Play, customer: Customer, other: Customer) -> None:
    rule = "update.phone_of_another"
    answer = play.ask(UPDATE, customer.number, body={"phone": other.person.phone})
    play.refusal("phone of another", rule, answer)
    if answer.refused:
        _finds(play, "phone of another, afterwards", rule, other, {"msisdn": other.person.phone})
