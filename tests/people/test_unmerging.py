"""Two who were taken for one are two again: whose receipts, codes, requests and tiers are whose."""

from decimal import Decimal
from importlib import import_module
from typing import Any

from django.apps import apps

from cards.models import Card
from customers.models import Contact
from loyalty.core import clock
from loyalty.core.roles import Role
from loyalty.ledger import balances
from loyalty.ledger.accounts import Account
from loyalty.models import AdjustmentRequest, AdjustmentStatus, JournalEntry, Merge
from loyalty.services import adjustments, belongings, fiscal_receipts, membership, refunds
from loyalty.services.adjustments import Wanted
from promos.models import CodeUse, CustomerGrant, FiscalReceipt, FiscalReceiptStatus, PromoCode
from tests.conftest import MovingClock
from tests.factories import CardFactory
from tests.people.conftest import BOSS, SENIOR, TILL, buy, holder, jobs, kept, merge, past, unmerge
from tests.promo_codes.typing import heard, use
from tests.promos.marketing import live, moscow, shared_code, single_codes
from tests.receipts.scanning import WORKER, add, campaign, decided, scan, sell
from tiers.models import Standing

STAYS_AS_WRITTEN = {
    # The books: a merge is written there by operations of its own.
    "ledger.Move", "ledger.MovedLot", "ledger.CarriedLifetime", "ledger.BonusBalance", "ledger.Operation",
    "ledger.OperationKey", "ledger.Transfer", "ledger.Lot", "ledger.Draw",
    # A merge waits for holds that are open; those that are over are history.
    "ledger.Hold",
    # Append-only, and read for both.
    "customers.Consent", "loyalty.JournalEntry", "loyalty.TillAnswer",
    # The merge itself.
    "customers.Contact", "loyalty.Merge",
}  # fmt: skip
BY_A_MODULE_OF_ITS_OWN = {"cards.Card", "tiers.Standing", "promos.SegmentMember", "promos.CustomerGrant"}


def test_no_table_that_names_a_customer_is_forgotten() -> None:
    naming = {
        model._meta.label
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.related_model is Contact or "contact" in field.name
    }
    handed_over = {model._meta.label for model, _ in belongings.GOES_OVER}
    assert naming == handed_over | STAYS_AS_WRITTEN | BY_A_MODULE_OF_ITS_OWN


def stored() -> dict[str, Any]:
    """Every row that a merge may touch."""
    tables = [*(model for model, _ in belongings.GOES_OVER), CustomerGrant, Standing, Card]
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in tables}


def owner(model: type[Any], **which: Any) -> int:
    return int(model.objects.values_list("contact_id", flat=True).get(**which))


def spendable(contact_id: int) -> Decimal:
    return balances.read(contact_id, clock.now()).spendable


# Receipts, codes and requests


def test_receipts_and_codes_are_read_with_who_stayed_and_go_back_as_they_were(story_clock: MovingClock) -> None:
    campaign(customer_cap=Decimal(500))
    [flyer] = single_codes()
    poster = shared_code("TWICE2026", customer_count=2)
    mine, theirs = CardFactory(), CardFactory()
    credited, refused = decided(theirs, "1000.00"), decided(theirs, "0.05")
    assert (credited.status, refused.status) == ("credited", "rejected")
    assert (use(theirs, flyer), use(theirs, poster), use(mine, poster)) == (100, 100, 100)
    before = stored()

    merged = merge(holder(mine), holder(theirs))
    assert set(FiscalReceipt.objects.values_list("contact", flat=True)) == {mine.contact_id}
    assert set(CodeUse.objects.values_list("contact", flat=True)) == {mine.contact_id}
    assert PromoCode.objects.get(code=flyer).used_by_id == mine.contact_id
    # Together they have typed the poster's word as often as one customer may.
    assert heard(kept(mine), poster) == "PromoCodeAlreadyUsed"
    story_clock.forward(days=40)
    unmerge(merged)
    assert stored() == before
    assert use(kept(mine), poster) == 100


def test_a_word_used_together_may_be_used_again_as_often_as_one_s_own_uses_leave() -> None:
    poster = shared_code("THRICE2026", customer_count=3)
    mine, theirs = CardFactory(), CardFactory()
    use(mine, poster)
    use(theirs, poster)
    merged = merge(holder(mine), holder(theirs))
    use(kept(mine), poster)
    unmerge(merged)
    counts = CustomerGrant.objects.order_by("contact_id").values_list("contact_id", "count", "most", "cap")
    assert set(counts) == {(mine.contact_id, 2, 3, None), (theirs.contact_id, 1, 3, None)}
    assert use(mine, poster) == 100
    assert heard(mine, poster) == "PromoCodeAlreadyUsed"
    assert (spendable(holder(mine)), spendable(holder(theirs))) == (300, 100)


def test_who_had_used_no_word_may_still_use_it_after_the_undoing() -> None:
    poster = shared_code("ONCE2026")
    mine, theirs = CardFactory(), CardFactory()
    use(theirs, poster)
    merged = merge(holder(mine), holder(theirs))
    assert heard(kept(mine), poster) == "PromoCodeAlreadyUsed"
    unmerge(merged)
    assert not CustomerGrant.objects.filter(contact=mine.contact_id).exists()
    assert use(kept(mine), poster) == 100
    assert heard(kept(theirs), poster) == "PromoCodeAlreadyUsed"


def test_a_receipt_that_gave_points_meanwhile_stays_with_the_points() -> None:
    campaign()
    mine, theirs = CardFactory(), CardFactory()
    waiting, useless = scan(theirs, "1000.00"), scan(theirs, "0.05")
    merged = merge(holder(mine), holder(theirs))
    assert fiscal_receipts.decide_waiting(WORKER) == 2
    unmerge(merged)
    assert owner(FiscalReceipt, pk=waiting.pk) == mine.contact_id
    assert balances.read(holder(mine), clock.now()).spendable_escrow == 100
    assert FiscalReceipt.objects.get(pk=useless.pk).contact_id == theirs.contact_id


def test_a_receipt_taken_back_meanwhile_frees_its_owner_s_share_of_the_promotion() -> None:
    promotion = campaign(customer_cap=Decimal(500), customer_count=5)
    mine, theirs = CardFactory(), CardFactory()
    decided(mine, "700.00")
    receipt = decided(theirs, "1000.00")
    merged = merge(holder(mine), holder(theirs))
    assert CustomerGrant.objects.get(contact=mine.contact_id, promotion=promotion).granted == 170
    # The till sends the same sale late: the receipt's points are taken back.
    add(sell(kept(mine), "1000.00"))
    assert FiscalReceipt.objects.get(pk=receipt.pk).status == FiscalReceiptStatus.REVERSED
    assert CustomerGrant.objects.get(contact=mine.contact_id, promotion=promotion).granted == 70
    unmerge(merged)
    granted = set(CustomerGrant.objects.values_list("contact_id", "granted", "count"))
    assert granted == {(mine.contact_id, Decimal(70), 1), (theirs.contact_id, Decimal(0), 0)}


def test_a_request_approved_meanwhile_stays_with_the_points_and_a_refused_one_goes_back() -> None:
    mine, theirs = CardFactory(), CardFactory()
    given, not_given = (
        adjustments.ask(SENIOR, Wanted(key, holder(theirs), Account.SPENDABLE, Decimal(5000), "a big gift"))
        for key in ("k-1", "k-2")
    )
    assert set(AdjustmentRequest.objects.values_list("status", flat=True)) == {AdjustmentStatus.REQUESTED}
    merged = merge(holder(mine), holder(theirs))
    adjustments.approve(BOSS, given.pk)
    adjustments.refuse(BOSS, not_given.pk, "too much")
    unmerge(merged)
    assert owner(AdjustmentRequest, pk=given.pk) == mine.contact_id
    assert owner(AdjustmentRequest, pk=not_given.pk) == theirs.contact_id
    assert (spendable(holder(mine)), spendable(holder(theirs))) == (5000, 0)


def test_what_a_third_one_settled_stays_there_when_the_chain_comes_apart() -> None:
    campaign()
    one, two, three = (CardFactory() for _ in range(3))
    waiting = scan(one, "1000.00")
    first = merge(holder(two), holder(one))
    second = merge(holder(three), holder(two))
    fiscal_receipts.decide_waiting(WORKER)
    unmerge(second)
    unmerge(first)
    assert owner(FiscalReceipt, pk=waiting.pk) == three.contact_id


# Tiers


def gold_and(story_clock: MovingClock, own: str) -> tuple[Card, Card, Merge]:
    """On 10 April 2026 somebody in Gold is merged into somebody who has bought for `own`."""
    mine, theirs = CardFactory(), CardFactory()
    buy(theirs, "G-1", "12000.00")
    buy(mine, "M-1", own)
    story_clock.forward(days=31)
    jobs()
    story_clock.set(moscow(2026, 4, 10))
    return mine, theirs, merge(holder(mine), holder(theirs))


def test_what_one_s_own_points_reached_meanwhile_is_told_also_when_the_year_has_closed_them(
    story_clock: MovingClock,
) -> None:
    mine, theirs, merged = gold_and(story_clock, "100.00")
    buy(kept(mine), "M-2", "1950.00")
    story_clock.set(moscow(2027, 3, 1))
    jobs()
    assert past(holder(mine))[-1][:2] == ("Gold", "merged")
    unmerge(merged)
    assert past(holder(mine)) == [
        ("Base", "enrolled", "2026-03-02", ""),
        ("Silver", "upgraded", "2026-05-10", "2028-01-01"),
    ]
    assert past(holder(theirs))[-1] == ("Gold", "upgraded", "2026-04-01", "2028-01-01")
    entry = JournalEntry.objects.get(action="contact.unmerge", contact_id=mine.contact_id)
    assert [tier for tier, _ in entry.details["tiers_undone"]] == ["Gold"]


def test_a_tier_that_ended_while_they_were_one_ends_for_each_by_its_own_points(story_clock: MovingClock) -> None:
    mine, theirs, merged = gold_and(story_clock, "2500.00")
    # In 2027 only the other one's receipt counts for the tier: it is refunded, for its points, when they are two again.
    story_clock.set(moscow(2027, 6, 1))
    buy(kept(mine), "M-2", "3000.00")
    story_clock.set(moscow(2028, 2, 1))
    jobs()
    assert past(holder(mine))[-1] == ("Silver", "assessed", "2028-01-01", "2029-01-01")
    refunds.cancel(TILL, "M-2")
    unmerge(merged)
    # Silver of 2026 was crossed again in 2027, before that purchase came back: it lasts a year longer.
    assert past(holder(mine)) == [
        ("Base", "enrolled", "2026-03-02", ""),
        ("Silver", "upgraded", "2026-04-01", "2028-01-01"),
        ("Silver", "extended", "2027-07-01", "2029-01-01"),
    ]
    assert past(holder(theirs))[-2:] == [
        ("Gold", "upgraded", "2026-04-01", "2028-01-01"),
        ("Base", "assessed", "2028-01-01", ""),
    ]


def test_who_lost_the_tier_alone_loses_it_although_the_other_one_kept_it(story_clock: MovingClock) -> None:
    mine, theirs = CardFactory(), CardFactory()
    buy(mine, "M-1", "2500.00")
    story_clock.set(moscow(2027, 11, 1))
    buy(theirs, "T-1", "2500.00")
    story_clock.set(moscow(2027, 12, 15))
    merged = merge(holder(mine), holder(theirs))
    story_clock.set(moscow(2028, 2, 1))
    jobs()
    assert past(holder(mine))[-1][0] == "Silver"
    unmerge(merged)
    assert past(holder(mine)) == [
        ("Base", "enrolled", "2026-03-02", ""),
        ("Silver", "upgraded", "2026-04-01", "2028-01-01"),
        ("Base", "assessed", "2028-01-01", ""),
    ]
    assert past(holder(theirs))[-1] == ("Silver", "upgraded", "2027-12-01", "2029-01-01")


def test_who_left_and_came_again_meanwhile_did_so(story_clock: MovingClock) -> None:
    mine, theirs, merged = gold_and(story_clock, "2500.00")
    story_clock.set(moscow(2026, 6, 1))
    membership.leave_programme(BOSS, Role.ADMINISTRATOR, holder(mine), "enough")
    story_clock.set(moscow(2026, 7, 1))
    membership.enrol_contact(BOSS, Role.ADMINISTRATOR, holder(mine), "back")
    assert past(holder(mine))[-1][0] == "Gold"
    story_clock.set(moscow(2026, 8, 1))
    unmerge(merged)
    assert past(holder(mine)) == [
        ("Base", "enrolled", "2026-03-02", ""),
        ("Silver", "upgraded", "2026-04-01", "2028-01-01"),
        ("Unenrolled", "left", "2026-06-01", ""),
        ("Base", "enrolled", "2026-07-01", ""),
        ("Silver", "upgraded", "2026-07-01", "2028-01-01"),
    ]
    assert past(holder(theirs))[-1] == ("Gold", "upgraded", "2026-04-01", "2028-01-01")
    entry = JournalEntry.objects.get(action="contact.unmerge", contact_id=mine.contact_id)
    assert [tier for tier, _ in entry.details["tiers_undone"]] == ["Gold", "Gold"]
    # What was given up then was the own part of it: the other one has all that was his.
    assert (spendable(holder(mine)), spendable(holder(theirs))) == (0, 12000)


def test_of_a_tier_that_is_the_own_one_nothing_is_undone(story_clock: MovingClock) -> None:
    mine, theirs = CardFactory(), CardFactory()
    merged = merge(holder(mine), holder(theirs))
    buy(kept(mine), "M-1", "2500.00")
    story_clock.forward(days=31)
    jobs()
    before = past(holder(mine))
    assert before[-1][0] == "Silver"
    unmerge(merged)
    assert past(holder(mine)) == before
    entry = JournalEntry.objects.get(action="contact.unmerge", contact_id=mine.contact_id)
    assert "tiers_undone" not in entry.details


def test_who_was_in_no_tier_is_enrolled_by_the_first_purchase_of_its_own(story_clock: MovingClock) -> None:
    mine, theirs = CardFactory(enrolled=False), CardFactory()
    merged = merge(holder(mine), holder(theirs))
    story_clock.set(moscow(2026, 5, 1))
    buy(kept(mine), "M-1", "10.00")
    story_clock.set(moscow(2026, 8, 1))
    unmerge(merged)
    assert past(holder(mine)) == [("Base", "enrolled", "2026-05-01", "")]


def test_a_promotion_s_cap_is_parted_between_purchases_and_receipts() -> None:
    promotion = live(kind="percent", value=Decimal(100), customer_cap=Decimal(300))
    mine, theirs = CardFactory(), CardFactory()
    buy(theirs, "T-1", "120.00")
    merged = merge(holder(mine), holder(theirs))
    buy(kept(mine), "M-1", "50.00")
    unmerge(merged)
    granted = dict(CustomerGrant.objects.filter(promotion=promotion).values_list("contact_id", "granted"))
    assert granted == {mine.contact_id: 50, theirs.contact_id: 120}


def test_a_merge_that_an_older_version_made_is_undone_as_well() -> None:
    promotion = live(kind="percent", value=Decimal(100), customer_cap=Decimal(300))
    mine, theirs = CardFactory(), CardFactory()
    buy(mine, "M-1", "50.00")
    buy(theirs, "T-1", "120.00")
    merged = merge(holder(mine), holder(theirs))
    told = merged.former["promotions"]
    for name in ("granted", "awarded"):
        told[name] = {each: points for each, (points, _times) in told[name].items()}
    del told["own_most"]
    merged.save(update_fields=["former"])
    for _ in range(2):
        import_module("loyalty.migrations.0012_shares_of_merges").add_times(apps, None)
    merged.refresh_from_db()
    unmerge(merged)
    granted = dict(CustomerGrant.objects.filter(promotion=promotion).values_list("contact_id", "granted"))
    assert granted == {mine.contact_id: 50, theirs.contact_id: 120}
