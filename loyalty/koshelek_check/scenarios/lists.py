"""The two lists of users under special conditions, both optional."""

from typing import Any

from loyalty.koshelek_check.answers import Answer, describe
from loyalty.koshelek_check.calls import USERS, USERS_EXTENDED
from loyalty.koshelek_check.play import Play
from loyalty.koshelek_check.shapes import is_phone, missing

NAME = "lists"


def play(play: Play) -> None:
    """Look at the form of both lists."""
    for call, rule, problem_of in (
        (USERS, "lists.phones", _problem_of_phone),
        (USERS_EXTENDED, "lists.extended", _problem_of_user),
    ):
        answer = play.ask(call)
        if answer.received.too_large:
            play.record.excuse(rule, "the list is longer than 1 MiB")
        elif answer.done:
            problem = _problem(answer, problem_of)
            play.check("list", rule, not problem, "an array of users", problem or describe(answer.value), call)
        elif answer.refused:
            # The call is optional, and a partner who serves it may have chosen nobody to list.
            play.record.excuse(rule, f"no list is given: {answer.came}")


def _problem(answer: Answer, problem_of: Any) -> str:
    if not isinstance(answer.value, list):
        return answer.came
    return next(filter(None, map(problem_of, answer.value)), "")


def _problem_of_phone(value: Any) -> str:
    if isinstance(value, dict | list):
        return f"{describe(value)} for a phone"
    return "" if is_phone(value) else "not the digits of a phone"


def _problem_of_user(value: Any) -> str:
    absent = missing(value, ("phone", "params"))
    if absent:
        return f"no {', no '.join(absent)}"
    if not isinstance(value["params"], list):
        return "params is no array"
    if any(missing(each, ("name", "value")) for each in value["params"]):
        return "a parameter without name or value"
    return _problem_of_phone(value["phone"])
