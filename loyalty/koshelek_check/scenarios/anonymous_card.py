"""Anonymous card: a number of the pool is reserved before anybody is known (call 6)."""

from loyalty.koshelek_check.answers import Answer
from loyalty.koshelek_check.calls import RESERVE
from loyalty.koshelek_check.play import Play, Question
from loyalty.koshelek_check.shapes import card_of, card_problem, number_of

NAME = "anonymous card"


def play(play: Play) -> None:
    """Reserve three numbers, two of them at once."""
    if not play.options.write:
        return
    first = play.ask(RESERVE)
    if first.refused:
        play.record.excuse("reserve.answer", f"no number was reserved: {first.came}")
        play.record.excuse("reserve.distinct", f"no number was reserved: {first.came}")
    if not first.done:
        return
    problem = _problem(first)
    play.check("first", "reserve.answer", not problem, "card, inactive", problem or "card, inactive", RESERVE)
    together = play.ask_together(Question(RESERVE), Question(RESERVE))
    numbers = [number for each in (first, *together) if each.done and (number := number_of(each.value))]
    if len(numbers) > 1:
        came = f"{len(set(numbers))} of {len(numbers)} differ"
        ok = len(set(numbers)) == len(numbers)
        play.check("one call, then two at once", "reserve.distinct", ok, "different numbers", came, RESERVE)
    play.reserved = list(dict.fromkeys(numbers))


def _problem(answer: Answer) -> str:
    if problem := card_problem(answer.value):
        return f"{answer.came}: {problem}"
    return "" if card_of(answer.value)["cardState"] == "inactive" else "cardState is not inactive"
