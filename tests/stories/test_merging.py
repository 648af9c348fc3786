"""Anna has two cards: one from the shop, one from the app. The call centre makes her one customer, and may undo it."""

from decimal import Decimal

import pytest

from cards.models import Card, CardStatus
from customers.models import Contact
from loyalty.core import actors
from loyalty.core.roles import Role
from loyalty.models import Purchase
from loyalty.services.merging import merge_contacts
from loyalty.services.unmerging import unmerge_contacts
from tests.conftest import MovingClock
from tests.stories.shop import Shop, points_of

pytestmark = pytest.mark.django_db

OLGA = actors.staff("olga", "senior_employee")
ANNA = {"firstname": "Anna", "surname": "Orlova", "birthDate": "1990-05-17"}
OLD, NEW = "79001234567", "79007654321"


def merge(shop: Shop, stays: str, goes: str) -> int:
    survivor, absorbed = (Card.objects.get(number=each).contact_id for each in (stays, goes))
    assert survivor is not None
    assert absorbed is not None
    return merge_contacts(OLGA, Role.SENIOR_EMPLOYEE, survivor, absorbed, "One person, two cards").pk


def test_two_cards_become_one_customer_and_two_again(story_clock: MovingClock) -> None:
    shop = Shop()
    old, new = shop.give_card(OLD, **ANNA), shop.give_card(NEW, **ANNA)
    shop.wallet.post(f"/v1/card/{old}", {"email": "anna@example.com"})

    # 2 March: 2,500.00 with the old card, 300.00 with the new one. 1 April: the points are hers to spend.
    shop.sell(old, "R-1", "2500.00")
    shop.sell(new, "R-2", "300.00")
    story_clock.forward(days=30)
    shop.nightly_job()
    assert (shop.balances(old), shop.tier(old)) == (points_of("2500", "0", "2500", "0"), "Silver")
    assert (shop.balances(new), shop.tier(new)) == (points_of("300", "0", "300", "0"), "Base")
    shop.sell(old, "R-3", "400.00", BonusesToPay="100.00")

    # The new card stays. Points, tier, the unpaid e-mail address: all of it is with the new card now.
    merged = merge(shop, stays=new, goes=old)
    assert shop.balances(new) == points_of("2700", "300", "2800", "300")
    assert shop.tier(new) == "Silver"
    assert Card.objects.get(number=new).contact.email == "anna@example.com"  # type: ignore[union-attr]

    # The old card is replaced for good; the old phone still finds her at the till and in the app.
    assert shop.sell(old, "R-4", "10.00")["Key"] == "StatusError"
    by_old_phone = shop.till.get(f"/api/card/balance/by/phone/+{OLD}")
    assert (by_old_phone["Number"], by_old_phone["MobileNumber"]) == (new, f"+{NEW}")
    assert shop.wallet.get("/v1/card", msisdn=OLD)["card"]["cardNumber"] == new
    assert shop.sell("", "R-5", "100.00", MobileNumber=f"+{OLD}")["Balance"] == Decimal("2700.00")
    bought = shop.wallet.get(f"/v1/card/{new}/purchases", startDate="2026-01-01")
    assert sorted(each["amount"] for each in bought) == ["10000", "250000", "30000", "40000"]

    # She brings back what she bought with the old card: its bonuses and its points are found.
    refunded = shop.till.post("/api/purchase/cancel", {"PurchaseId": "R-3"})
    assert (refunded["TakenBack"], refunded["Restored"]) == (Decimal("300.00"), Decimal("100.00"))
    assert shop.balances(new) == points_of("2800", "100", "2800", "100")

    # She spends 1,000.00 of the points that came with the old card.
    assert shop.sell(new, "R-6", "2000.00", BonusesToPay="1000.00")["Balance"] == Decimal("1800.00")

    # They were two people after all. Each gets its own back; who spent, owes.
    unmerge_contacts(OLGA, Role.SENIOR_EMPLOYEE, merged, "Mother and daughter")
    assert (shop.balances(old), shop.tier(old)) == (points_of("2500", "0", "2500", "0"), "Silver")
    assert (shop.balances(new), shop.tier(new)) == (points_of("-700", "1100", "300", "1100"), "Base")
    assert Card.objects.get(number=old).status == CardStatus.ACTIVE
    by_old_phone = shop.till.get(f"/api/card/balance/by/phone/+{OLD}")
    assert by_old_phone["Number"] == old
    bought_by = {each.purchase_id: each.contact.phone for each in Purchase.objects.select_related("contact")}
    assert bought_by == {
        "R-1": f"+{OLD}", "R-3": f"+{OLD}", "R-2": f"+{NEW}", "R-5": f"+{NEW}", "R-6": f"+{NEW}",
    }  # fmt: skip
    assert Contact.objects.get(phone=f"+{NEW}").email == ""
    assert shop.sell(old, "R-7", "500.00", BonusesToPay="100.00")["Key"] == "OK"
