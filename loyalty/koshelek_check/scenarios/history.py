"""View purchase history (call 5)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from loyalty.koshelek_check.answers import Answer
from loyalty.koshelek_check.calls import HISTORY
from loyalty.koshelek_check.play import Play
from loyalty.koshelek_check.shapes import form, is_day, is_whole, missing

NAME = "purchase history"
DAYS = 365
KEYS = ("date", "amount", "quantity", "location", "bonuses")
LONG_AGO = {"startDate": "1990-01-01", "endDate": "1990-01-02"}


def play(play: Play) -> None:
    """Look at the purchases of a year, of one day, and of days before there were any."""
    start = (play.options.today - timedelta(days=DAYS)).isoformat()
    for step, customer in play.readable():
        answer = play.ask(HISTORY, customer.number, {"startDate": start})
        if play.check(step, "history.end_optional", answer.done, "200", answer) and _is_list(play, step, answer):
            _lines(play, step, answer.value)
            _one_day(play, step, customer.number, answer.value)
        _none(play, step, customer.number)
        refused = play.ask(HISTORY, customer.number)
        play.refusal(f"{step}, no startDate", "history.start_required", refused)
    unknown = play.ask(HISTORY, play.people.unknown_card(), {"startDate": start})
    play.refusal("unknown card, purchases", "card.unknown", unknown)


def _is_list(play: Play, step: str, answer: Answer) -> bool:
    # An empty body where nothing was bought breaks the rule for that, and is looked at there.
    return not answer.empty and play.check(step, "history.list", isinstance(answer.value, list), "an array", answer)


def _none(play: Play, step: str, number: str) -> None:
    answer = play.ask(HISTORY, number, LONG_AGO)
    step = f"{step}, long ago"
    if answer.empty or answer.value == []:
        play.check(step, "history.none", not answer.empty, "[]", answer)
    elif isinstance(answer.value, list):
        play.check(step, "history.period", False, "no lines", answer)
    else:
        play.check(step, "history.list", False, "an array", answer)


def _lines(play: Play, step: str, lines: list[Any]) -> None:
    if not lines:
        for rule in ("history.keys", "history.kopecks", "history.date", "history.period"):
            play.record.excuse(rule, "no purchases in a year; give --card or --phone of a customer who has bought")
        return
    absent = sorted({name for line in lines for name in missing(line, KEYS)})
    came = f"some without {', '.join(absent)}" if absent else f"{len(lines)} lines"
    play.check(step, "history.keys", not absent, ", ".join(KEYS), came, HISTORY)
    _values(play, step, "history.kopecks", lines, "amount", is_whole, "a whole number")
    _values(play, step, "history.date", lines, "date", is_day, "YYYY-MM-DD")


def _values(
    play: Play, step: str, rule: str, lines: list[Any], name: str, fits: Callable[[Any], bool], expected: str
) -> None:
    values = [line[name] for line in lines if isinstance(line, dict) and name in line]
    odd = next((form(value) for value in values if not fits(value)), "")
    play.check(step, rule, not odd, expected, odd or expected, HISTORY)


def _one_day(play: Play, step: str, number: str, lines: list[Any]) -> None:
    days = [line.get("date") for line in lines if isinstance(line, dict)]
    day = days[0] if days else None
    if not isinstance(day, str) or not is_day(day):
        return
    answer = play.ask(HISTORY, number, {"startDate": day, "endDate": day})
    if not answer.done or not isinstance(answer.value, list):
        return
    strays = [line for line in answer.value if isinstance(line, dict) and line.get("date") != day]
    ok = not strays and len(answer.value) == days.count(day)
    came = f"{len(answer.value)} lines, {len(strays)} of other days"
    play.check(f"{step}, one day", "history.period", ok, f"{days.count(day)} lines of the day", came, HISTORY)
