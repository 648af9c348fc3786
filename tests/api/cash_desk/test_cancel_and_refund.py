"""specs/cash_desk.md, cancel and refund; specs/points_and_tiers.md, Returns. Every figure is worked out by hand."""

from datetime import timedelta
from decimal import Decimal

import pytest

from loyalty.core import clock
from loyalty.ledger import balances
from tests.api.cash_desk.desk import rows
from tests.api.cash_desk.test_show_purchase import show
from tests.factories import CardFactory
from tiers.models import Standing

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("laws_hold")]

LINES = [{"Sku": "A", "Quantity": 3, "Amount": 60}, {"Sku": "B", "Amount": 40}]


def three(answer):
    assert answer.key == "OK", answer.value
    return answer["TakenBack"], answer["Restored"], answer["Balance"]


def refund(till, refund_id, purchase_id="R-1", **fields):
    return till.post("purchase/refund", {"PurchaseId": purchase_id, "RefundId": refund_id, **fields})


def cancel(till, purchase_id="R-1"):
    return till.post("purchase/cancel", {"PurchaseId": purchase_id})


def held(card):
    read = balances.read(card.contact_id, clock.now())
    return read.spendable, read.spendable_escrow, read.qualifying, read.qualifying_escrow


def test_partial_refunds_by_line_and_then_a_cancel_give_back_everything(till, receipt, rich_card, story_clock):
    """100.00 in two lines, 30 paid with bonuses (18 and 12): 70 points (42 and 28)."""
    before = held(rich_card)
    till.post("purchase/add", receipt(rich_card.number, Lines=LINES, BonusesToPay=30))
    assert three(refund(till, "F-1", Lines=[{"Sku": "B", "Quantity": 1}])) == (28, 12, 82)
    assert three(refund(till, "F-2", Lines=[{"Sku": "A", "Quantity": "1.000"}])) == (14, 6, 88)
    assert show(till, "R-1")["PurchaseStatus"] == "Completed"
    assert three(cancel(till)) == (28, 12, 100)
    shown = show(till, "R-1")
    assert shown["PurchaseStatus"] == "Cancelled"
    assert [(each["Kind"], each["RefundId"], each["Amount"]) for each in shown["Returns"]] == [
        ("Refund", "F-1", 40), ("Refund", "F-2", 20), ("Cancelled", "", 40)
    ]  # fmt: skip
    assert shown["Returns"][1] == {
        "Kind": "Refund",
        "RefundId": "F-2",
        "Date": "2026-03-02T12:00:00+03:00",
        "Amount": 20,
        "TakenBack": 14,
        "Restored": 6,
        "Lines": [{"Sku": "A", "Quantity": 1, "Amount": 20}],
    }
    assert held(rich_card) == before


def test_restored_bonuses_round_down_each_time_and_the_last_return_gives_the_rest(till, receipt, rich_card):
    """60.00, 10 paid, 50 earned. 10 x 10 / 60 = 1.66 each time; the rest of five returns is 1.70."""
    till.post("purchase/add", receipt(rich_card.number, Amount=60, BonusesToPay=10))
    parts = [three(refund(till, f"F-{number}", Amount=10))[:2] for number in range(6)]
    assert parts == [(Decimal("8.34"), Decimal("1.66"))] * 5 + [(Decimal("8.30"), Decimal("1.70"))]
    assert show(till, "R-1")["PurchaseStatus"] == "Refunded in full"
    assert held(rich_card)[:2] == (100, 0)


def test_points_round_down_for_each_line_and_nothing_is_left_behind(till, receipt, settings_of_retailer):
    """0.0333 a rouble: 10.99 earns 0.36, 5.00 earns 0.16; after 4.99 come back 6.00 of the first earns 0.19."""
    settings_of_retailer(earn_rate=Decimal("0.0333"))
    card = CardFactory()
    lines = [{"Sku": "A", "Amount": "10.99"}, {"Sku": "B", "Amount": "5.00"}]
    till.post("purchase/add", receipt(card.number, Amount="15.99", Lines=lines))
    assert three(refund(till, "F-1", Lines=[{"Sku": "A", "Amount": "4.99"}])) == (Decimal("0.17"), 0, 0)
    assert three(refund(till, "F-2", Lines=[{"Sku": "B", "Quantity": 1}], Amount="5.00")) == (Decimal("0.16"), 0, 0)
    assert three(refund(till, "F-3", Amount="6.00")) == (Decimal("0.19"), 0, 0)
    assert held(card) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("policy", "taken", "left", "qualifying"),
    [("only_pending", 0, 20, 100), ("within_balance", 20, 0, 0), ("allow_negative", 100, -80, 0)],
)
def test_after_the_rollover_the_policy_decides(
    till, receipt, rich_card, settings_of_retailer, policy, taken, left, qualifying
):
    """100 points have landed, 80 are spent on 160.00, which earn 80 in escrow. Then the first purchase comes back."""
    settings_of_retailer(return_policy=policy)
    till.post("purchase/add", receipt(rich_card.number, "R-1", Amount=160, BonusesToPay=80))
    assert three(refund(till, "F-1", "R-0", Amount=100)) == (taken, 0, max(left, 0))
    assert held(rich_card) == (left, 80, qualifying, 80)


@pytest.mark.parametrize("policy", ["only_pending", "within_balance", "allow_negative"])
def test_in_escrow_every_policy_takes_the_points_back(till, receipt, rich_card, settings_of_retailer, policy):
    settings_of_retailer(return_policy=policy)
    till.post("purchase/add", receipt(rich_card.number, Amount=160, BonusesToPay=80))
    assert three(refund(till, "F-1", Amount=40)) == (20, 20, 40)
    assert three(refund(till, "F-2", Amount=120)) == (60, 60, 100)


@pytest.mark.parametrize(("policy", "taken"), [("only_pending", 0), ("within_balance", 50), ("allow_negative", 50)])
def test_partial_refunds_before_and_after_the_rollover(till, receipt, settings_of_retailer, story_clock, policy, taken):
    settings_of_retailer(return_policy=policy)
    card = CardFactory()
    till.post("purchase/add", receipt(card.number))
    assert three(refund(till, "F-1", Amount=30)) == (30, 0, 0)
    story_clock.forward(days=30)
    assert three(refund(till, "F-2", Amount=50)) == (taken, 0, 70 - taken)
    assert held(card)[2] == 70 - taken


def test_a_debt_is_absorbed_by_what_matures_next(till, receipt, rich_card, story_clock):
    till.post("purchase/add", receipt(rich_card.number, "R-1", Amount=200, BonusesToPay=100))
    cancel(till, "R-0")
    assert held(rich_card)[0] == -100
    till.post("purchase/add", receipt(rich_card.number, "R-2", Amount=30))
    story_clock.forward(days=30)
    assert till.cash(rich_card.number)["0"] == "30.00"


@pytest.mark.parametrize(("grace", "balance", "later"), [(0, 0, 0), (10, 50, 0)])
def test_a_lot_that_expired_comes_back_expired_unless_there_is_a_grace(
    till, receipt, rich_card, settings_of_retailer, story_clock, grace, balance, later
):
    """50 of the 100 paid for R-1, which earned 50. On 2 April 2027 the other 50 have burned, those of R-1 not yet."""
    settings_of_retailer(restore_grace_days=grace)
    till.post("purchase/add", receipt(rich_card.number, BonusesToPay=50))
    story_clock.forward(days=396)
    assert till.cash(rich_card.number)["0"] == "50.00"
    assert three(cancel(till)) == (50, 50, balance)
    story_clock.forward(days=10)
    assert till.cash(rich_card.number)["0"] == f"{later}.00"


def test_expired_bonuses_that_come_back_beside_a_debt_burn_first(till, receipt, rich_card, story_clock):
    """The 50 that R-1 earned are spent: its cancel leaves a debt of 50, though 50 expired ones came back."""
    till.post("purchase/add", receipt(rich_card.number, BonusesToPay=50))
    story_clock.forward(days=396)
    till.post("purchase/add", receipt(rich_card.number, "R-2", BonusesToPay=50))
    assert three(cancel(till)) == (50, 50, 0)
    assert held(rich_card)[0] == -50


def test_the_tier_is_kept(till, receipt, story_clock):
    card = CardFactory(created_at=story_clock.moment - timedelta(days=60))
    till.post("purchase/add", receipt(card.number, Amount=2000, at=story_clock.moment - timedelta(days=31)))
    assert three(cancel(till)) == (2000, 0, 0)
    assert Standing.objects.get(contact=card.contact, left_at=None).tier.name == "Silver"
    assert held(card) == (0, 0, 0, 0)


def test_repeats_answer_byte_for_byte_and_other_content_is_a_conflict(till, desk, receipt, rich_card, story_clock):
    till.post("purchase/add", receipt(rich_card.number, Lines=LINES, BonusesToPay=30))
    till.post("purchase/add", receipt(rich_card.number, "R-2"))
    first = refund(till, "F-1", Lines=[{"Sku": "A", "Quantity": 1}])
    cancelled = cancel(till)
    story_clock.forward(days=40)
    director = desk("director")
    counted = rows()
    again = refund(director, "F-1", lines=[{"SKU": "A", "quantity": "1.000"}])
    assert (again.content, cancel(till).content) == (first.content, cancelled.content)
    for other in ({"Amount": 20}, {"Lines": [{"Sku": "A", "Quantity": 2}]}, {"Lines": [{"Sku": "B", "Quantity": 1}]}):
        assert refund(till, "F-1", **other).key == "OperationConflict"
    assert refund(till, "F-1", "R-2", Lines=[{"Sku": "A", "Quantity": 1}]).key == "OperationConflict"
    assert refund(till, "F-9", Amount=1).key == "StatusError"
    assert rows() == counted


def test_a_blocked_card_takes_a_refund(till, receipt, rich_card):
    till.post("purchase/add", receipt(rich_card.number, BonusesToPay=50))
    rich_card.block()
    rich_card.save()
    assert three(refund(till, "F-1", Amount=50))[:2] == (25, 25)
    assert cancel(till).key == "OK"


def test_an_amount_and_then_pieces_of_the_same_sku(till, receipt, story_clock):
    """10 of 100.00 for two pieces come back as money: each piece is then worth 45."""
    lines = [{"Sku": "A", "Quantity": 2, "Amount": 100}]
    till.post("purchase/add", receipt(CardFactory().number, Lines=lines))
    assert three(refund(till, "F-1", Lines=[{"Sku": "A", "Amount": 10}]))[0] == 10
    assert three(refund(till, "F-2", Lines=[{"Sku": "A", "Quantity": 1}]))[0] == 45
    assert refund(till, "F-3", Lines=[{"Sku": "A", "Quantity": 2}]).key == "RefundExceedsPurchase"
    assert three(refund(till, "F-3", Lines=[{"Sku": "A", "Quantity": 1}]))[0] == 45
    assert refund(till, "F-4", Lines=[{"Sku": "A", "Quantity": 1}]).key == "RefundExceedsPurchase"
    assert cancel(till).key == "StatusError"


def test_one_sku_on_several_lines_comes_back_line_by_line(till, receipt, story_clock):
    lines = [{"Sku": "A", "Amount": 60}, {"Sku": "A", "Amount": 40}]
    till.post("purchase/add", receipt(CardFactory().number, Lines=lines))
    assert three(refund(till, "F-1", Lines=[{"Sku": "A", "Quantity": 1, "Amount": 40}]))[0] == 40
    assert three(refund(till, "F-2", Lines=[{"Sku": "A", "Quantity": 1}]))[0] == 40
    assert three(refund(till, "F-3", Amount=20))[0] == 20


@pytest.mark.parametrize("gift", ["A", "G"])
@pytest.mark.parametrize("first", [0, 1])
def test_goods_given_away_come_back_with_those_paid_for_as_the_till_sold_them(till, receipt, story_clock, gift, first):
    paid, given = {"Sku": "A", "Quantity": 1, "Amount": "100.00"}, {"Sku": gift, "Quantity": 1, "Amount": "0.00"}
    lines = [paid, given] if first == 0 else [given, paid]
    till.post("purchase/add", receipt(CardFactory().number, Lines=lines))
    assert three(refund(till, "F-1", Lines=lines, Amount=100)) == (100, 0, 0)
    assert [each["Quantity"] for each in show(till, "R-1")["Returns"][0]["Lines"]] == [1, 1]


def test_goods_given_away_come_back_alone_and_nothing_else_for_nothing(till, receipt, story_clock):
    lines = [{"Sku": "A", "Amount": 100}, {"Sku": "G", "Quantity": 2, "Amount": 0}]
    till.post("purchase/add", receipt(CardFactory().number, Lines=lines))
    back = {"Sku": "G", "Quantity": 1, "Amount": 0}
    assert three(refund(till, "F-1", Lines=[back], Amount=0)) == (0, 0, 0)
    assert refund(till, "F-2", Lines=[back | {"Quantity": 2}]).key == "RefundExceedsPurchase"
    refused = refund(till, "F-2", Lines=[back | {"Sku": "A"}])
    assert (refused.key, refused.value.split(":")[0]) == ("InvalidParameter", "Amount")
    assert three(refund(till, "F-2", Lines=[back, {"Sku": "A", "Quantity": 1}])) == (100, 0, 0)


def test_a_purchase_returned_as_money_has_no_pieces_left(till, receipt, story_clock):
    till.post("purchase/add", receipt(CardFactory().number, Lines=LINES))
    refund(till, "F-1", Amount=100)
    assert refund(till, "F-2", Lines=[{"Sku": "A", "Quantity": 1}]).key == "RefundExceedsPurchase"


REQUIRED, INVALID = "RequiredParameterNotSpecified", "InvalidParameter"


@pytest.mark.parametrize(
    ("fields", "key", "value"),
    [
        ({"PurchaseId": None, "RefundId": " ", "Amount": None}, REQUIRED, "PurchaseId, RefundId, Lines"),
        ({"Lines": [{}, {"Sku": "A"}]}, REQUIRED, "Lines[0].Sku, Lines[0].Quantity, Lines[1].Quantity"),
        ({"PurchaseId": "nothing"}, "CannotFindPurchase", ""),
        ({"PurchaseId": 1}, INVALID, "PurchaseId: "),
        ({"PurchaseId": "a\x00"}, INVALID, "PurchaseId: "),
        ({"RefundId": "x" * 81}, INVALID, "RefundId: "),
        ({"RefundId": "a\u2028b"}, INVALID, "RefundId: "),
        ({"RefundId": []}, INVALID, "RefundId: "),
        *(({"Amount": each}, INVALID, "Amount: ") for each in
          (0, -1, "0.00", 1.001, 1e308, "1e308", "NaN", True, [], {}, "1,0", 10**10, "٣")),
        ({"Amount": "100.01"}, "RefundExceedsPurchase", ""),
        ({"Lines": {}}, INVALID, "Lines: "),
        ({"Lines": ["A"]}, INVALID, "Lines: "),
        ({"Lines": [{"Sku": "A", "Quantity": 1}] * 1001}, INVALID, "Lines: "),
        ({"Amount": None, "Lines": [{"Sku": "C", "Quantity": 1}]}, INVALID, "Sku: "),
        ({"Lines": [{"Sku": "A", "Quantity": 1}], "Amount": 21}, INVALID, "Amount: "),
        *(({"Lines": [{"Sku": "A", "Quantity": each}]}, INVALID, "Lines[0].Quantity: ") for each in
          (0, -1, "0.0001", 1e300, "x", True, [])),
        *(({"Lines": [{"Sku": "A", "Amount": each}]}, INVALID, "Lines[0].Amount: ") for each in (0, -1, 0.001, {})),
        ({"Lines": [{"Sku": 5, "Quantity": 1}]}, INVALID, "Lines[0].Sku: "),
        ({"Amount": None, "Lines": [{"Sku": "A", "Quantity": 4}]}, "RefundExceedsPurchase", ""),
        ({"Amount": None, "Lines": [{"Sku": "A", "Amount": "60.01"}]}, "RefundExceedsPurchase", ""),
    ],
)  # fmt: skip
def test_a_wrong_refund_is_named_and_nothing_is_written(till, receipt, story_clock, fields, key, value):
    till.post("purchase/add", receipt(CardFactory().number, Lines=LINES))
    counted = rows()
    answer = till.post("purchase/refund", {"PurchaseId": "R-1", "RefundId": "F-1", "Amount": 1} | fields)
    assert (answer.http, answer.key) == (200, key)
    assert answer.value == value if key == REQUIRED else answer.value.startswith(value)
    assert rows() == counted


@pytest.mark.parametrize(
    ("purchase_id", "key"),
    [(None, REQUIRED), ("", REQUIRED), (5, INVALID), ("?", "CannotFindPurchase")],
)  # fmt: skip
def test_a_wrong_cancel_is_named(till, purchase_id, key):
    counted = rows()
    assert cancel(till, purchase_id).key == key
    assert rows() == counted
