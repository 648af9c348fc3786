"""View promotions list (call 9)."""

from typing import Any

from loyalty.koshelek_check.calls import PROMOTIONS
from loyalty.koshelek_check.play import Play
from loyalty.koshelek_check.shapes import form, is_day, missing

NAME = "promotions"


def play(play: Play) -> None:
    """Look at the offers for a card."""
    for step, customer in play.readable():
        answer = play.ask(PROMOTIONS, customer.number)
        if not answer.done:
            play.check(step, "promotions.shape", False, "200, promotions", answer)
            continue
        problem = _problem(answer.value)
        came = problem or answer.came
        if play.check(step, "promotions.shape", not problem, "promotions", came, PROMOTIONS):
            _dates(play, step, answer.value["promotions"])


def _problem(value: Any) -> str:
    offers = value.get("promotions") if isinstance(value, dict) else None
    if not isinstance(offers, list):
        return "no list promotions"
    absent = sorted({name for offer in offers for name in missing(offer, ("promotionId", "title"))})
    return f"an offer without {', '.join(absent)}" if absent else ""


def _dates(play: Play, step: str, offers: list[dict[str, Any]]) -> None:
    days = [offer[name] for offer in offers for name in ("validFrom", "validUntil") if offer.get(name) is not None]
    odd = next((form(day) for day in days if not is_day(day)), "")
    if days:
        play.check(step, "promotions.dates", not odd, "YYYY-MM-DD", odd or "dates", PROMOTIONS)
    else:
        play.record.excuse("promotions.dates", "there is no dated offer for the card")
