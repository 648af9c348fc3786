"""View balance (call 3)."""

from typing import Any

from loyalty.koshelek_check.answers import Answer
from loyalty.koshelek_check.calls import BALANCE
from loyalty.koshelek_check.play import Play
from loyalty.koshelek_check.shapes import card_of, card_problem, decimal, form, is_day, is_decimal, missing, number_of

NAME = "balance"


def play(play: Play) -> None:
    """Look at a card with its balance, and for a card that nobody has."""
    for step, customer in play.readable():
        answer = play.ask(BALANCE, customer.number)
        if answer.judged:
            problem = _card_problem(answer, customer.number)
            ok = play.check(step, "balance.card", not problem, "200, the card", problem or "the card", BALANCE)
            if ok:
                _bonus(play, step, card_of(answer.value).get("bonus"))
    unknown = play.ask(BALANCE, play.people.unknown_card())
    play.refusal("unknown card", "card.unknown", unknown)


def _card_problem(answer: Answer, number: str) -> str:
    if not answer.done:
        return answer.came
    return card_problem(answer.value) or ("" if number_of(answer.value) == number else "another card")


def _bonus(play: Play, step: str, bonus: Any) -> None:
    absent = missing(bonus, ("total", "available", "bonuses"))
    rows = bonus["bonuses"] if not absent else []
    if not absent and not isinstance(rows, list):
        absent = ["bonuses as an array"]
    came = f"no {', no '.join(absent)}" if absent else "all three"
    if not play.check(step, "balance.keys", not absent, "total, available, bonuses", came, BALANCE):
        return
    rows = [row for row in rows if isinstance(row, dict)]
    amounts = [bonus["total"], bonus["available"], *(row["amount"] for row in rows if "amount" in row)]
    odd = [form(amount) for amount in amounts if not is_decimal(amount)]
    play.check(step, "balance.numbers", not odd, "decimal numbers", ", ".join(odd[:2]) or "decimal numbers", BALANCE)
    days = [row["validUntil"] for row in rows if row.get("validUntil") is not None]
    odd = [form(day) for day in days if not is_day(day)]
    if days:
        play.check(step, "balance.valid_until", not odd, "YYYY-MM-DD", ", ".join(odd[:2]) or "dates", BALANCE)
    else:
        play.record.excuse(
            "balance.valid_until", "the card has no dated points; give --card or --phone of one that has"
        )
    total, available = decimal(bonus["total"]), decimal(bonus["available"])
    if total is not None and available is not None:
        came = "not more" if available <= total else "more than total"
        play.check(step, "balance.available", available <= total, "not more than total", came, BALANCE)
