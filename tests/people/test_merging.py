"""What a merge does to cards, names, consents, promotions and segments, and that undoing it leaves no trace."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from cards import selectors as card_selectors
from cards.errors import BlockReasonForbidden
from cards.models import Card, CardStatus
from customers import selectors as customers
from customers.errors import ContactMerged, ContactNotFound, PhoneBelongsToAnother
from customers.models import Contact, ContactStatus
from customers.services import PersonalData
from loyalty.core import actors, clock
from loyalty.core.errors import InvalidParameter
from loyalty.core.roles import Role
from loyalty.ledger import balances
from loyalty.models import JournalEntry, Merge, Purchase
from loyalty.selectors import loyalty_data, purchases
from loyalty.services import blocking, contacts, holding, merging, refunds, replacement, unmerging, wallet
from loyalty.services.errors import BonusesOnHold, MergeNotFound, MergeNotLast, MergeUndone, MergeWithItself
from loyalty.services.holding import HoldCall
from promos.models import CustomerGrant, Segment, SegmentMember
from tests.factories import CardFactory, ConsentFactory, ContactFactory, StandingFactory, tier_named
from tests.people.conftest import BOSS, MOSCOW, SENIOR, TILL, buy, merge, unmerge
from tests.promos.marketing import live
from tiers import selectors as tiers
from tiers.models import Standing, StandingReason

APP = actors.client("app", "", "koshelek")


def as_stored(*contacts):
    """Everything of these contacts that a merge touches, but for the moment of the last change."""
    rows = [Contact.objects.filter(pk__in=contacts).order_by("pk"), Card.objects.order_by("pk"),
            Standing.objects.order_by("pk"), CustomerGrant.objects.order_by("pk"), Purchase.objects.order_by("pk"),
            SegmentMember.objects.order_by("contact_id", "segment_id")]  # fmt: skip
    left_out = {"updated_at"}
    values = [[{k: v for k, v in row.items() if k not in left_out} for row in each.values()] for each in rows]
    values[5] = [(row["contact_id"], row["segment_id"], row["added_at"]) for row in values[5]]
    return values


def test_who_stays_takes_what_it_lacks_and_keeps_its_own():
    stays = ContactFactory(phone=None, surname="", attributes={"shoe": 38})
    goes = ContactFactory(
        phone="+79005550001", email="b@example.com", external_id="X-1", surname="Ivanova", first_name="Boris",
        birth_date=date(1980, 1, 1), attributes={"shoe": 44, "pet": "cat"},
    )  # fmt: skip
    before = as_stored(stays.pk, goes.pk)
    merged = merge(stays.pk, goes.pk)
    now = Contact.objects.get(pk=stays.pk)
    assert (now.phone, now.email, now.external_id, now.surname) == ("+79005550001", "b@example.com", "X-1", "Ivanova")
    assert (now.first_name, now.birth_date) == ("Anna", date(1990, 5, 17))
    assert now.attributes == {"shoe": 38, "pet": "cat"}
    gone = Contact.objects.get(pk=goes.pk)
    assert (gone.phone, gone.external_id, gone.email, gone.status) == (None, None, "b@example.com", "merged")
    unmerge(merged)
    assert as_stored(stays.pk, goes.pk) == before
    assert Merge.objects.get().personal == {}


def test_every_name_of_who_went_leads_to_who_stayed():
    stays, goes = CardFactory().contact, CardFactory(contact__email="Old@example.com", contact__external_id="X-9")
    gone = goes.contact
    merge(stays.pk, gone.pk)
    assert customers.by_phone(gone.phone) == stays
    assert customers.by_code(gone.code) == stays
    assert customers.by_email("old@EXAMPLE.com") == [stays]
    for key, value in ((loyalty_data.Key.PHONE, gone.phone), (loyalty_data.Key.EMAIL, "old@example.com"),
                       (loyalty_data.Key.ID, str(gone.public_id)), (loyalty_data.Key.EXTERNAL_ID, "X-9")):  # fmt: skip
        assert loyalty_data.find(key, value, incentives=True).contact_id == stays.pk


def test_the_old_number_may_become_the_number(story_clock):
    stays, goes = ContactFactory(), ContactFactory()
    merged = merge(stays.pk, goes.pk)
    contacts.edit_contact(BOSS, stays.pk, PersonalData(phone=goes.phone), "she said so")
    assert Contact.objects.get(phone=goes.phone) == stays
    unmerge(merged)
    assert Contact.objects.get(phone=goes.phone) == goes
    assert Contact.objects.get(pk=stays.pk).phone is None


def test_what_was_changed_since_stays_with_who_stayed():
    stays, goes = ContactFactory(phone=None), ContactFactory(email="b@example.com")
    merged = merge(stays.pk, goes.pk)
    contacts.edit_contact(BOSS, stays.pk, PersonalData(email="new@example.com", phone="+79005550009"), "new ones")
    unmerge(merged)
    assert Contact.objects.get(pk=stays.pk).email == "new@example.com"
    assert Contact.objects.get(pk=stays.pk).phone == "+79005550009"
    assert Contact.objects.get(pk=goes.pk).phone == goes.phone


def test_a_phone_that_somebody_else_got_meanwhile_keeps_the_merge():
    stays, goes = ContactFactory(phone=None), ContactFactory()
    merged = merge(stays.pk, goes.pk)
    contacts.edit_contact(BOSS, stays.pk, PersonalData(phone="+79005550009"), "a new number")
    ContactFactory(phone=goes.phone)
    with pytest.raises(PhoneBelongsToAnother):
        unmerge(merged)


def test_blocked_outlives_a_merge_and_its_undoing_lifts_it():
    stays, goes = ContactFactory(), ContactFactory(blocked=True)
    merged = merge(stays.pk, goes.pk)
    assert Contact.objects.get(pk=stays.pk).status == ContactStatus.BLOCKED
    unmerge(merged)
    assert Contact.objects.get(pk=stays.pk).status == ContactStatus.ACTIVE
    assert Contact.objects.get(pk=goes.pk).status == ContactStatus.BLOCKED


def test_a_new_contact_becomes_active_and_new_again_unless_it_has_bought():
    stays, goes = ContactFactory(new=True), ContactFactory()
    merged = merge(stays.pk, goes.pk)
    assert Contact.objects.get(pk=stays.pk).status == ContactStatus.ACTIVE
    unmerge(merged)
    assert Contact.objects.get(pk=stays.pk).status == ContactStatus.NEW
    card = CardFactory(contact=stays, enrolled=False)
    again = merge(stays.pk, goes.pk)
    buy(card, "R-1")
    unmerge(again)
    assert Contact.objects.get(pk=stays.pk).status == ContactStatus.ACTIVE
    assert tiers.standing_at(stays.pk, clock.now(), MOSCOW).tier.rank == 1


@pytest.mark.parametrize(
    ("own", "other", "kept"),
    [
        ({"issued_bound": True}, {}, "other"),
        ({}, {"issued_bound": True}, "own"),
        ({"blocked": True}, {"issued_bound": True}, "other"),
        ({}, {}, "other"),
        ({"for_good": True}, {}, "other"),
        ({}, {"for_good": True}, "own"),
    ],
)
def test_the_better_card_is_kept_and_the_other_is_replaced_until_it_is_undone(own, other, kept):
    mine, theirs = CardFactory(**own), CardFactory(**other)
    before = as_stored(mine.contact_id, theirs.contact_id)
    merged = merge(mine.contact_id, theirs.contact_id)
    found = {"own": mine.pk, "other": theirs.pk}
    assert {card.contact_id for card in Card.objects.all()} == {mine.contact_id}
    assert [card.pk for card in Card.objects.filter(blocked_for_good=False)] == [found[kept]]
    unmerge(merged)
    assert as_stored(mine.contact_id, theirs.contact_id) == before


def test_a_merge_is_no_way_round_the_black_list():
    listed, other = CardFactory(), CardFactory()
    blocking.block_card(BOSS, Role.DIRECTOR, number=listed.number, reason_code=2)
    with pytest.raises(BlockReasonForbidden):
        merge(other.contact_id, listed.contact_id, SENIOR)
    merged = merge(other.contact_id, listed.contact_id)
    unmerge(merged)
    again = Card.objects.get(pk=listed.pk)
    assert again.status == CardStatus.BLOCKED
    record = card_selectors.last_block(listed.pk)
    assert (record.reason_code, record.role) == (2, "director")
    assert blocking.unblock_card(BOSS, Role.DIRECTOR, number=listed.number, reason_code=2).status == CardStatus.ACTIVE


def test_a_card_that_replaced_the_kept_one_goes_where_that_one_belongs():
    mine, theirs = CardFactory(issued_bound=True), CardFactory()
    merged = merge(mine.contact_id, theirs.contact_id)
    new = CardFactory(new=True)
    replacement.replace_card(BOSS, Role.ADMINISTRATOR, number=theirs.number, new_number=new.number)
    # It was bound in the very moment of the merge on this clock: a second later it is newer.
    Card.objects.filter(pk=new.pk).update(bound_at=clock.now().replace(second=1))
    unmerge(merged)
    owners = dict(Card.objects.values_list("pk", "contact_id"))
    assert owners == {mine.pk: mine.contact_id, theirs.pk: theirs.contact_id, new.pk: theirs.contact_id}
    assert Card.objects.get(pk=mine.pk).status == CardStatus.ISSUED


def test_the_newest_word_on_a_channel_counts_and_nobody_s_is_lost(story_clock):
    stays, goes = ContactFactory(), ContactFactory()
    ConsentFactory(contact=goes, channel="sms", allowed=False)
    story_clock.forward(days=1)
    ConsentFactory(contact=stays, channel="sms", allowed=True)
    ConsentFactory(contact=stays, channel="email", allowed=True)
    story_clock.forward(days=1)
    ConsentFactory(contact=goes, channel="email", allowed=False)
    ConsentFactory(contact=goes, channel="push", allowed=True)
    merged = merge(stays.pk, goes.pk)
    assert customers.current_consents(stays.pk) == {"sms": True, "email": False, "push": True}
    told = loyalty_data.find(loyalty_data.Key.PHONE, stays.phone, incentives=False)
    assert told.consents == {"sms": True, "email": False, "push": True}
    unmerge(merged)
    assert customers.current_consents(stays.pk) == {"sms": True, "email": True}
    assert customers.current_consents(goes.pk) == {"sms": False, "email": False, "push": True}


@pytest.mark.parametrize(("own", "other", "best"), [(2, 3, 3), (3, 2, 3), (None, 2, 2), (2, None, 2), (1, 1, 1)])
def test_the_better_tier_counts_for_both(own, other, best):
    stays, goes = ContactFactory(), ContactFactory()
    names = {1: "Base", 2: "Silver", 3: "Gold"}
    for contact, rank in ((stays, own), (goes, other)):
        if rank:
            StandingFactory(contact=contact, tier=tier_named(names[rank]))
    before = as_stored(stays.pk, goes.pk)
    merged = merge(stays.pk, goes.pk)
    standing = tiers.standing_at(stays.pk, clock.now(), MOSCOW)
    assert standing.tier.rank == best
    assert (standing.reason == StandingReason.MERGED) == (best == other and own != other)
    assert tiers.standing_at(goes.pk, clock.now(), MOSCOW) is None
    unmerge(merged)
    assert as_stored(stays.pk, goes.pk) == before


def test_together_they_reach_a_tier_that_neither_had(story_clock):
    mine, theirs = CardFactory(), CardFactory()
    buy(mine, "R-1", "1500.00")
    buy(theirs, "R-2", "1500.00")
    story_clock.forward(days=31)
    merged = merge(mine.contact_id, theirs.contact_id)
    assert tiers.standing_at(mine.contact_id, clock.now(), MOSCOW).tier.name == "Silver"
    story_clock.forward(days=1)
    unmerge(merged)
    for card in (mine, theirs):
        standing = tiers.standing_at(card.contact_id, clock.now(), MOSCOW)
        assert (standing.tier.name, standing.reason) == ("Base", StandingReason.ENROLLED)


def test_what_a_promotion_gave_to_both_counts_against_one_cap():
    promotion = live(kind="percent", value=Decimal(100), customer_cap=Decimal(80))
    mine, theirs = CardFactory(), CardFactory()
    buy(mine, "R-1", "60.00")
    buy(theirs, "R-2", "70.00")
    before = as_stored(mine.contact_id, theirs.contact_id)
    merged = merge(mine.contact_id, theirs.contact_id)
    grant = CustomerGrant.objects.get(contact=mine.contact_id, promotion=promotion)
    assert (grant.granted, grant.cap) == (130, 130)
    kept = Card.objects.get(contact=mine.contact_id, blocked_for_good=False)
    assert buy(kept, "R-3", "10.00").accrued == 10
    unmerge(merged)
    assert as_stored(mine.contact_id, theirs.contact_id)[3] == before[3]

    again = merge(mine.contact_id, theirs.contact_id)
    assert refunds.cancel(TILL, "R-2").taken_back == 140
    assert CustomerGrant.objects.get(contact=mine.contact_id).granted == 60
    unmerge(again)
    granted = dict(CustomerGrant.objects.values_list("contact_id", "granted"))
    assert granted == {mine.contact_id: 60, theirs.contact_id: 0}


def test_segments_are_shared_and_parted():
    stays, goes = ContactFactory(), ContactFactory()
    now = clock.now()
    both, only = (Segment.objects.create(name=name, created_at=now, updated_at=now) for name in ("both", "only"))
    for segment, contact in ((both, stays), (both, goes), (only, goes)):
        SegmentMember.objects.create(segment=segment, contact=contact, added_at=now)
    before = as_stored(stays.pk, goes.pk)
    merged = merge(stays.pk, goes.pk)
    assert set(SegmentMember.objects.values_list("contact", "segment")) == {(stays.pk, both.pk), (stays.pk, only.pk)}
    unmerge(merged)
    assert as_stored(stays.pk, goes.pk) == before


def test_purchases_are_shown_with_who_stayed_and_keep_their_bonuses(story_clock):
    mine, theirs = CardFactory(), CardFactory()
    buy(theirs, "R-1", "500.00")
    story_clock.forward(days=31)
    buy(theirs, "R-2", "100.00", paid="40.00")
    merge(mine.contact_id, theirs.contact_id)
    shown = purchases.by_id("R-2")
    assert shown.purchase.contact_id == mine.contact_id
    assert [each.amount for each in shown.redeemed] == [40]


def test_a_chain_is_undone_from_its_end():
    one, two, three = (CardFactory() for _ in range(3))
    people = [each.contact_id for each in (one, two, three)]
    before = as_stored(*people)
    first = merge(people[1], people[0])
    second = merge(people[2], people[1])
    assert customers.by_phone(one.contact.phone).pk == people[2]
    with pytest.raises(MergeNotLast) as refused:
        unmerge(first)
    assert refused.value.data["later"] == str(second.public_id)
    unmerge(second)
    assert customers.by_phone(one.contact.phone).pk == people[1]
    unmerge(first)
    assert as_stored(*people) == before


def test_two_merges_into_one_are_undone_the_last_one_first():
    stays, one, two = (ContactFactory() for _ in range(3))
    first, second = merge(stays.pk, one.pk), merge(stays.pk, two.pk)
    with pytest.raises(MergeNotLast):
        unmerge(first)
    unmerge(second)
    unmerge(first)
    with pytest.raises(MergeUndone):
        unmerge(first)


def test_a_repeat_answers_the_first_merge():
    stays, goes = ContactFactory(), ContactFactory()
    assert merge(stays.pk, goes.pk) == merge(stays.pk, goes.pk)
    assert Merge.objects.count() == 1


def test_no_merge_while_a_till_holds_bonuses_or_waits_with_a_receipt(story_clock):
    mine, theirs = CardFactory(), CardFactory()
    buy(theirs, "R-1", "500.00")
    story_clock.forward(days=31)
    held = holding.hold(TILL, HoldCall("R-2", theirs.number, "", Decimal(100), Decimal(50)))
    with pytest.raises(BonusesOnHold):
        merge(mine.contact_id, theirs.contact_id)
    holding.capture(TILL, held["hold_id"], None)
    with pytest.raises(BonusesOnHold):
        merge(mine.contact_id, theirs.contact_id)
    story_clock.forward(hours=25)
    merge(mine.contact_id, theirs.contact_id)


def test_refusals():
    stays, goes = ContactFactory(), ContactFactory()
    role = Role.ADMINISTRATOR
    for survivor, absorbed, reason, error in (
        (stays.pk, stays.pk, "x", MergeWithItself),
        (stays.pk, goes.pk, "  ", InvalidParameter),
        (stays.pk, 987654321, "x", ContactNotFound),
    ):
        with pytest.raises(error):
            merging.merge_contacts(BOSS, role, survivor, absorbed, reason)
    with pytest.raises(MergeNotFound):
        unmerging.unmerge_contacts(BOSS, role, 987654321, "x")
    merge(stays.pk, goes.pk)
    with pytest.raises(ContactMerged) as refused:
        contacts.edit_contact(BOSS, goes.pk, PersonalData(surname="X"), "x")
    assert refused.value.data == {"code": stays.code}


def test_the_wallet_knows_the_person_by_both_phones():
    mine, theirs = CardFactory(), CardFactory()
    merge(mine.contact_id, theirs.contact_id)
    kept = Card.objects.get(contact=mine.contact_id, blocked_for_good=False)
    again = wallet.issue_virtual(APP, PersonalData(phone=theirs.contact.phone))
    assert again.number == kept.number
    assert Contact.objects.count() == 2


def test_the_journal_tells_both_and_names_no_third():
    stays, goes = ContactFactory(), ContactFactory()
    unmerge(merge(stays.pk, goes.pk))
    told = JournalEntry.objects.filter(action__startswith="contact.").order_by("id")
    assert [(each.action, each.contact_id, each.target) for each in told] == [
        ("contact.merge", stays.pk, stays.code),
        ("contact.merged", goes.pk, goes.code),
        ("contact.unmerge", stays.pk, stays.code),
        ("contact.unmerge", goes.pk, goes.code),
    ]


def test_the_database_knows_no_half_merged_contact():
    one, two = ContactFactory(), ContactFactory()
    for change in ({"status": "merged"}, {"merged_into": two.pk}, {"status": "merged", "merged_into": one.pk}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Contact.objects.filter(pk=one.pk).update(**change)


def test_points_of_both_are_spent_as_one(story_clock):
    mine, theirs = CardFactory(), CardFactory()
    buy(mine, "R-1", "100.00")
    buy(theirs, "R-2", "200.00")
    story_clock.forward(days=31)
    merge(mine.contact_id, theirs.contact_id)
    kept = Card.objects.get(contact=mine.contact_id, blocked_for_good=False)
    assert buy(kept, "R-3", "600.00", paid="300.00").balance == 0
    assert balances.read(theirs.contact_id, clock.now()).spendable == 0
