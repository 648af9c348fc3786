"""Several customers match: the app sends the user to support (call 1)."""

from loyalty.koshelek_check.calls import FIND
from loyalty.koshelek_check.people import Customer
from loyalty.koshelek_check.play import Play
from loyalty.koshelek_check.scenarios import issuing
from loyalty.koshelek_check.shapes import number_of
from loyalty.koshelek_check.verdicts import Verdict

NAME = "several customers"
ANOTHER_DAY = "1949-01-01"


def play(play: Play) -> None:
    """Make two customers who share an e-mail address, as a couple does, and look for them."""
    if not play.made:
        return
    first = issuing.obtain(play, play.people.new())
    second = (
        issuing.obtain(play, first.moved(phone=play.people.phone(), birth_date="1971-03-04").person) if first else None
    )
    if first is None or second is None:
        for rule in ("find.several", "find.birth_date_narrows", "find.phone_decides"):
            play.record.excuse(rule, "the service takes no second customer with the same e-mail address")
        return
    email = first.person.email
    answer = play.ask(FIND, query={"email": email})
    play.refusal("e-mail of two", "find.several", answer)
    if answer.refused:
        _chosen(
            play, "e-mail of two and a birth date", "find.birth_date_narrows", second, email, second.person.birth_date
        )
        none = play.ask(FIND, query={"email": email, "birthDate": ANOTHER_DAY})
        play.refusal("e-mail of two and the birth date of neither", "find.birth_date_narrows", none)
    if play.record.verdict("find.either") is not Verdict.PASS:
        return
    stranger = play.made[0].person.email
    _chosen(play, "phone of one, e-mail of another", "find.phone_decides", first, stranger, "", first.person.phone)


def _chosen(play: Play, step: str, rule: str, who: Customer, email: str, day: str, phone: str = "") -> None:
    given = {"msisdn": phone, "email": email, "birthDate": day}
    answer = play.ask(FIND, query={name: value for name, value in given.items() if value})
    ok = answer.done and number_of(answer.value) == who.number
    play.check(step, rule, ok, "200, this customer's card", answer)
