"""A marketer's campaign with codes: a poster with one word for everybody, and flyers with a code each."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from loyalty.core import actors, clock
from loyalty.models import JournalEntry
from loyalty.services import code_orders, promotions
from promos.models import CodeUse, Promotion
from tests.conftest import MovingClock
from tests.stories.shop import Shop, points_of

OLGA = actors.staff("olga", "marketer")
ANNA = {"firstname": "Anna", "surname": "Orlova", "birthDate": "1990-05-17"}
BORIS = {"firstname": "Boris", "surname": "Orlov", "birthDate": "1988-01-30"}
VERA = {"firstname": "Vera", "surname": "Lis", "birthDate": "1979-11-02"}


def campaign(name: str, **terms: Any) -> Promotion:
    values = {"name": name, "trigger": "code", "kind": "fixed", "starts_at": clock.now()}
    made = promotions.create_promotion(OLGA, values | terms, "spring campaign")
    return promotions.go_live(OLGA, made.pk, "spring campaign")


def type_code(shop: Shop, number: str, code: str) -> str:
    """A customer types a code in the app; the error code, or "" when it gave points."""
    answer = shop.wallet.post("/v1/promo/code", {"cardNumber": number, "code": code})
    return "" if answer is None else str(answer["code"])


def test_a_word_on_a_poster_and_a_code_on_each_flyer(story_clock: MovingClock, db: None) -> None:
    shop = Shop()
    anna = shop.give_card("79001234567", **ANNA)
    boris = shop.give_card("79001234568", **BORIS)
    vera = shop.give_card("79001234569", **VERA)

    # Olga puts a word on posters: 150 points for each customer, once, until the 400 points of the budget are gone.
    poster = campaign("Spring poster", value=Decimal(150), budget=Decimal(400), escrow_days=0)
    code_orders.add_shared_code(OLGA, poster.pk, "SPRING2026", "printed on posters")

    # Anna types it with a Russian keyboard and a blank. She can spend the points at once.
    assert type_code(shop, anna, "spring 2026") == ""
    assert shop.balances(anna) == points_of("150", "0", "0", "0")
    answer = shop.sell(anna, "R-1", "200.00", BonusesToPay="100.00")
    assert (answer["Paid"], answer["Balance"]) == (Decimal("100.00"), Decimal("50.00"))

    # Her phone lost the connection and the app sends the code again: used already, and nothing is doubled.
    assert type_code(shop, anna, "SPRING2026") == "5006"
    assert shop.balances(anna) == points_of("50", "100", "0", "100")

    # Boris gets his 150, Vera what is left of the budget. Whoever comes later comes too late.
    assert type_code(shop, boris, "SPRING2026") == ""
    assert type_code(shop, vera, "SPRING2026") == ""
    assert shop.balances(boris) == points_of("150", "0", "0", "0")
    assert shop.balances(vera) == points_of("100", "0", "0", "0")
    late = shop.give_card("79001234570", **VERA)
    assert type_code(shop, late, "SPRING2026") == "5005"

    # For flyers she orders three codes that count for the tier, with two weeks of escrow; a worker makes them.
    flyer = campaign("Spring flyer", value=Decimal(2000), qualifies=True, escrow_days=14, customer_count=1,
                     ends_at=clock.now() + timedelta(days=30))  # fmt: skip
    batch = code_orders.order_codes(OLGA, flyer.pk, count=3, prefix="CMHP", length=12, reason="flyers")
    code_orders.make_codes(actors.system("beat"))
    first, second, third = (code for code, _ in code_orders.export_codes(OLGA, batch.pk, "for the printing house").rows)
    assert first.startswith("CMHP-")

    # Anna mistypes the last character, then types it right. A second flyer does her no good, but Boris takes it.
    wrong = first[:-1] + ("X" if first[-1] != "X" else "Y")
    assert type_code(shop, anna, wrong) == "5001"
    assert type_code(shop, anna, first.lower().replace("-", " ")) == ""
    assert shop.balances(anna) == points_of("50", "2100", "0", "2100")
    assert type_code(shop, anna, second) == "5006"
    assert type_code(shop, boris, second) == ""
    assert type_code(shop, vera, first) == "5005"

    # After two weeks the points land, and with them Anna's tier.
    story_clock.forward(days=14)
    assert shop.balances(anna) == points_of("2050", "100", "2000", "100")
    shop.nightly_job()
    assert shop.tier(anna) == "Silver"

    # The campaign is over by its date. The last flyer gives nothing; nothing that was given is lost.
    story_clock.forward(days=16)
    assert type_code(shop, vera, third) == "5004"
    assert shop.balances(vera) == points_of("100", "0", "0", "0")
    assert sum(use.points for use in CodeUse.objects.all()) == 150 + 150 + 100 + 2000 + 2000
    told = JournalEntry.objects.filter(actor="staff:olga").order_by("id").values_list("action", flat=True)
    assert list(told) == [
        "promotion.create", "promotion.go_live", "promo_code.add",
        "promotion.create", "promotion.go_live", "code_batch.order", "code_batch.export",
    ]  # fmt: skip
