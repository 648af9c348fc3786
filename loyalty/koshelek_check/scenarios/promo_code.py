"""A promo code typed by the user (call 13)."""

from loyalty.koshelek_check.calls import PROMO_CODE
from loyalty.koshelek_check.play import Play

NAME = "promo code"


def play(play: Play) -> None:
    """Type a code that does not exist, and one given by the user twice."""
    if play.options.promo_code and not play.options.write:
        play.record.excuse("promo.once", "needs --write")
    if not play.made or play.is_absent(PROMO_CODE):
        return
    body = {"msisdn": play.made[0].person.phone, "cardNumber": play.made[0].number}
    unknown = play.ask(PROMO_CODE, body=body | {"code": f"KC{play.people.digits(10)}"})
    play.refusal("unknown code", "promo.unknown", unknown)
    if play.options.promo_code:
        first = play.ask(PROMO_CODE, body=body | {"code": play.options.promo_code})
        if play.check("code given", "promo.once", first.done, "200", first):
            again = play.ask(PROMO_CODE, body=body | {"code": play.options.promo_code})
            play.refusal("code given, again", "promo.once", again)
