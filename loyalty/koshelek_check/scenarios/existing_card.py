"""Existing card: a customer known to the shop is found by phone or e-mail (call 1)."""

from loyalty.koshelek_check.calls import FIND
from loyalty.koshelek_check.people import Customer
from loyalty.koshelek_check.play import GIVEN, MADE, Play
from loyalty.koshelek_check.shapes import BARCODE_TYPES, STATES, card_of, card_problem, form, number_of

NAME = "existing card"
FOUND = "200, a card"


def play(play: Play) -> None:
    """Look for nobody, for the customer given by the user, and for one of our own."""
    _nobody(play)
    given = play.given()
    if given is not None:
        _somebody(play, GIVEN, given)
    if play.made:
        _somebody(play, MADE, play.made[0])
    _without_identifier(play)
    if play.options.blocked_phone:
        answer = play.ask(FIND, query={"msisdn": play.options.blocked_phone})
        play.refusal("only a blocked card", "find.only_blocked", answer)


def _nobody(play: Play) -> None:
    answer = play.ask(FIND, query={"email": play.people.new().email})
    play.check("e-mail of nobody", "find.nobody", answer.done and answer.empty, "200, empty body", answer)


def _somebody(play: Play, step: str, customer: Customer) -> None:
    phone, email = customer.person.phone, customer.person.email
    by_phone = bool(phone) and _by_phone(play, step, phone)
    by_email = bool(email) and _by_email(play, step, customer)
    if by_email:
        query = {"msisdn": play.people.phone(), "email": email}
        _is_found(play, f"{step}, e-mail and the phone of nobody", "find.either", query)
    if by_phone:
        query = {"msisdn": phone, "email": play.people.new().email}
        _is_found(play, f"{step}, phone and the e-mail of nobody", "find.either", query)


def _is_found(play: Play, step: str, rule: str, query: dict[str, str]) -> bool:
    answer = play.ask(FIND, query=query)
    return play.check(step, rule, answer.done and not answer.empty, FOUND, answer)


def _by_phone(play: Play, step: str, phone: str) -> bool:
    answer = play.ask(FIND, query={"msisdn": phone})
    if not play.check(f"{step}, phone", "find.by_phone", answer.done and not answer.empty, FOUND, answer):
        return False
    problem = card_problem(answer.value)
    play.check(step, "card.shape", not problem, "card", problem or "card", FIND)
    card = card_of(answer.value)
    state, barcode = card.get("cardState"), card.get("barcode")
    if isinstance(state, str):
        came = state if state in STATES else form(state)
        play.check(step, "card.state", state in STATES, "active or inactive", came, FIND)
    kind = barcode.get("barcodeType") if isinstance(barcode, dict) else None
    if isinstance(kind, str):
        came = kind if kind in BARCODE_TYPES else form(kind)
        play.check(step, "card.barcode_type", kind in BARCODE_TYPES, "one of five types", came, FIND)
    if step == GIVEN:
        play.given_number = number_of(answer.value)
    return True


def _by_email(play: Play, step: str, customer: Customer) -> bool:
    answer = play.ask(FIND, query={"email": customer.person.email})
    if answer.refused and not customer.made:
        play.record.excuse("find.by_email", "several customers may share the address given: 422")
        return False
    if answer.done and not answer.empty and step == GIVEN and not play.given_number:
        play.given_number = number_of(answer.value)
    return play.check(f"{step}, e-mail", "find.by_email", answer.done and not answer.empty, FOUND, answer)


def _without_identifier(play: Play) -> None:
    answer = play.ask(FIND)
    play.refusal("no parameter", "find.no_parameter", answer)
    days = {GIVEN: play.options.birth_date, MADE: play.made[0].person.birth_date if play.made else ""}
    if not any(days.values()):
        days["nobody"] = "1985-05-17"
    for step, day in days.items():
        if day:
            answer = play.ask(FIND, query={"birthDate": day})
            play.refusal(f"{step}, birth date alone", "find.birth_date_alone", answer)
