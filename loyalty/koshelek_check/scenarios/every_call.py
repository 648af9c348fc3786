"""Rules for every call: credentials, unreadable bodies, unknown addresses, methods and parameters.

Nothing here can change anything: a body that is no JSON cannot be carried out, and the card number is nobody's.
"""

from loyalty.koshelek_check.answers import UNSERVED, Answer
from loyalty.koshelek_check.calls import CHANNELS, FIND, ISSUE, PROMO_CODE, RECEIPT, UPDATE
from loyalty.koshelek_check.client import Request, RunEnded, is_loopback
from loyalty.koshelek_check.play import Play

NAME = "access and requests"
MALFORMED = b'{"phone": "79'


class NotReached(RunEnded):
    """The server could not be reached, or refused the credentials: nothing was checked."""


def play(play: Play) -> None:
    """Look at the way in."""
    answer = _first(play)
    _https(play)
    _credentials(play)
    _malformed(play)
    _outside(play)
    _unknown_parameter(play, answer)


def _first(play: Play) -> Answer:
    answer = play.ask(FIND, query={"msisdn": play.people.phone()})
    if answer.received.problem:
        raise NotReached(f"{play.options.base_url} cannot be reached: {answer.received.problem}")
    if answer.received.status in (401, 403, 429):
        raise NotReached(f"the credentials of {play.options.login} were refused: {answer.received.status}")
    play.check("phone of nobody", "find.nobody", answer.done and answer.empty, "200, empty body", answer)
    return answer


def _https(play: Play) -> None:
    base_url = play.options.base_url
    if not is_loopback(base_url):
        scheme = base_url.partition(":")[0]
        play.check("address", "transport.https", scheme == "https", "https", scheme, FIND)


def _credentials(play: Play) -> None:
    wrong = play.people.digits(24)
    # One wrong password for the real login, not more: the service may lock it.
    tries = {
        "no credentials": Request("GET", FIND.path, (("msisdn", play.people.phone()),), anonymous=True),
        "wrong password": _with(play, play.options.login, wrong),
        "unknown login": _with(play, f"koshelek-check-{wrong}", wrong),
    }
    for step, request in tries.items():
        received, problem = play.ask_outside(request, FIND)
        status = received.status
        if received.problem:
            continue
        if play.check(step, "access.required", not 200 <= status < 300, "a refusal", str(status), FIND):
            play.check(step, "access.status", status in (401, 429), "401", str(status), FIND)
            play.check(step, "access.error_body", not problem, "the error body", problem or "the error body", FIND)
        if status == 401:
            scheme = received.headers.get("www-authenticate", "").partition(" ")[0] or "no such header"
            play.check(step, "access.challenge", scheme.lower() == "basic", "WWW-Authenticate: Basic", scheme, FIND)


def _with(play: Play, login: str, password: str) -> Request:
    return Request("GET", FIND.path, (("msisdn", play.people.phone()),), credentials=(login, password))


def _malformed(play: Play) -> None:
    calls = [CHANNELS, UPDATE, RECEIPT, PROMO_CODE, *([ISSUE] if play.options.write else [])]
    for call in filter(play.options.serves, calls):
        answer = play.ask_unreadable(call, play.people.unknown_card(), MALFORMED)
        step, status = f"not JSON to {call.name}", answer.received.status
        if answer.refused:
            play.check(step, "request.malformed_json", True, "422", answer)
        elif status not in (0, 422, *UNSERVED):
            play.check(step, "request.malformed_json", False, "422", str(status), call)


def _outside(play: Play) -> None:
    nobody = play.people.unknown_card()
    for rule, status, request in (
        ("request.unknown_path", 404, Request("GET", "/v1/koshelek-check/nothing-here")),
        ("request.wrong_method", 405, Request("PATCH", f"/v1/card/{nobody}/purchases")),
    ):
        step = f"{request.method} {'nowhere' if status == 404 else 'purchases'}"
        received, problem = play.ask_outside(request, step)
        if not received.problem:
            problem = problem if received.status == status else str(received.status)
            expected = f"{status} with the error body"
            play.check(step, rule, not problem, expected, problem or expected, step)


def _unknown_parameter(play: Play, first: Answer) -> None:
    query = {"msisdn": play.people.phone(), "koshelekCheck": "1"}
    answer = play.ask(FIND, query=query)
    if first.judged:
        ok = (answer.state, answer.value) == (first.state, first.value)
        play.check("parameter of no meaning", "request.unknown_parameter", ok, first.came, answer)
