"""Erased for good: nobody finds the person, every call answers as of a stranger, and the books stay whole."""

import json
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection

from cards.models import Card
from customers import identifiers
from customers import selectors as customers
from customers.errors import ContactErased, ContactMerged, ContactNotFound
from customers.models import Consent, Contact
from customers.services import PersonalData
from loyalty.core import actors, clock
from loyalty.core.roles import Role
from loyalty.ledger import balances, history, invariants
from loyalty.ledger.accounts import Account
from loyalty.models import AdjustmentRequest, Interaction, JournalEntry, Merge, Purchase
from loyalty.selectors import card_balances, loyalty_data
from loyalty.services import (
    adjustments,
    blocking,
    cards,
    contacts,
    erasure,
    membership,
    merging,
    purchases,
    refunds,
    replacement,
    unmerging,
    wallet,
)
from loyalty.services.adjustments import Wanted
from loyalty.services.errors import NotConfirmed
from loyalty.services.purchases import Sale
from promos import segment_lines, segments
from promos.models import Segment, SegmentMember
from tests.factories import CardFactory, ConsentFactory, ContactFactory
from tests.people.conftest import BOSS, TILL, buy, merge

APP = actors.client("app", "", "koshelek")
UNKNOWN_PHONE, UNKNOWN_NUMBER = "+79009999999", "2990000099990"
MARKS = (
    "Zamoskvoretskaya",
    "+79005551234",
    "79005551234",
    "zamo@example.com",
    "EXT-ZAMO",
    "Preobrazhensky",
    "1977-07-07",
)
"""What is known of nobody else: after the erasure no table holds any of it."""


@pytest.fixture
def card(story_clock) -> Card:
    person = ContactFactory(
        phone="+79005551234", email="zamo@example.com", external_id="EXT-ZAMO", surname="Zamoskvoretskaya",
        patronymic="Preobrazhensky", birth_date=date(1977, 7, 7), attributes={"pet": "Preobrazhensky"},
    )  # fmt: skip
    card = CardFactory(contact=person)
    ConsentFactory(contact=person, channel="sms", allowed=True)
    buy(card, "R-1", "500.00")
    story_clock.forward(days=31)
    buy(card, "R-2", "100.00", paid="40.00")
    return card


def erase(contact_id: int, actor: actors.Actor = BOSS) -> Contact:
    code = Contact.objects.get(pk=contact_id).code
    erased = erasure.erase_contact(actor, Role(actor.role), contact_id, "a written request", confirmed=code.lower())
    assert invariants.broken() == []
    return erased


def tables_holding(mark: str) -> list[str]:
    """Every table of the platform in which some row, written out as text, holds the mark."""
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        found = []
        for name in names:
            cursor.execute(f'SELECT EXISTS (SELECT FROM "{name}" AS row WHERE position(%s IN row::text) > 0)', [mark])
            if cursor.fetchone()[0]:
                found.append(name)
    return found


def test_no_table_holds_anything_of_the_person_any_more(card):
    gone = CardFactory(contact__phone="+79005550002", contact__surname="Zamoskvoretskaya").contact
    bare = CardFactory(contact__surname="", contact__phone=None).contact
    merge(bare.pk, gone.pk)
    merge(bare.pk, card.contact_id)
    assert "customers_contact" in tables_holding("Zamoskvoretskaya")
    assert "loyalty_merge" in tables_holding("Zamoskvoretskaya")
    erase(bare.pk)
    assert {mark: found for mark in (*MARKS, "+79005550002") if (found := tables_holding(mark))} == {}
    assert set(Contact.objects.filter(erased_at=None)) == set()


def test_the_books_stay_whole_and_the_past_is_told_as_before(card, story_clock):
    before = balances.read(card.contact_id, clock.now())
    moment = clock.now()
    story_clock.forward(days=1)
    erase(card.contact_id)
    now = balances.read(card.contact_id, clock.now())
    assert (now.spendable, now.spendable_escrow) == (0, 0)
    assert now.burned == before.spendable + before.spendable_escrow == 520
    assert history.as_of(card.contact_id, moment).spendable == before.spendable
    assert Purchase.objects.filter(contact=card.contact_id).count() == 2
    assert Consent.objects.filter(contact=card.contact_id).exists()
    entry = JournalEntry.objects.get(action="contact.erase")
    assert entry.details == {"points_given_up": "520.00", "debt_written_off": "0.00", "records": 1}


def test_a_debt_is_written_off_and_goods_still_come_back(card, story_clock):
    refunds.cancel(TILL, "R-1")
    assert balances.read(card.contact_id, clock.now()).spendable == -40
    erase(card.contact_id)
    assert balances.read(card.contact_id, clock.now()).spendable == 0
    assert refunds.cancel(TILL, "R-2").restored == 40
    assert balances.read(card.contact_id, clock.now()).spendable == 0
    assert invariants.broken() == []


def answers(phone: str, number: str, email: str, code: str, public_id: str, external_id: str) -> list[object]:
    """What doors answer to somebody who names a person in every way there is."""
    sale = Sale("N-1", number, "", clock.now(), "0001", Decimal(10))
    calls = (
        lambda: customers.by_phone(phone), lambda: customers.by_email(email), lambda: customers.by_code(code),
        lambda: card_balances.by_number(number), lambda: card_balances.by_phone(phone),
        lambda: card_balances.by_code(code),
        lambda: loyalty_data.find(loyalty_data.Key.PHONE, phone, incentives=False),
        lambda: loyalty_data.find(loyalty_data.Key.ID, public_id, incentives=False),
        lambda: loyalty_data.find(loyalty_data.Key.EXTERNAL_ID, external_id, incentives=False),
        lambda: loyalty_data.find(loyalty_data.Key.EMAIL, email, incentives=False),
        lambda: purchases.add_purchase(TILL, sale),
        lambda: purchases.quote_purchase(sale),
        lambda: cards.bind_card(TILL, number, phone),
        lambda: cards.issue_card(TILL, number), lambda: cards.activate_card(TILL, number),
        lambda: blocking.block_card(BOSS, Role.ADMINISTRATOR, number=number, reason_code=0),
        lambda: blocking.unblock_card(BOSS, Role.ADMINISTRATOR, number=number, reason_code=3),
        lambda: replacement.replace_card(
            BOSS, Role.ADMINISTRATOR, number=number, new_number=CardFactory(new=True).number
        ),
        lambda: wallet.update_person(APP, number, PersonalData(first_name="Eve")),
        lambda: wallet.set_channels(APP, number, allow=["sms"], deny=[]),
        lambda: wallet.register_on_number(APP, number, PersonalData(phone="+79001112233")),
    )  # fmt: skip
    return [_answer(call) for call in calls]


def _answer(call) -> object:
    try:
        return call()
    except Exception as error:  # what a door would tell
        return type(error).__name__, str(error)


def test_every_call_answers_as_of_somebody_who_was_never_here(card):
    person = Contact.objects.get(pk=card.contact_id)
    names = (person.email, person.code, str(person.public_id), person.external_id)
    erase(person.pk)
    of_nobody = (
        UNKNOWN_PHONE, UNKNOWN_NUMBER, "nobody@example.com", identifiers.make_code(987654),
        "00000000-0000-4000-8000-000000000000", "X",
    )  # fmt: skip
    assert answers("+79005551234", card.number, *names) == answers(*of_nobody)


def test_a_wallet_call_with_the_old_phone_makes_a_stranger(card):
    old = card.contact_id
    erase(old)
    new = wallet.issue_virtual(APP, PersonalData(phone="+79005551234", email="zamo@example.com"))
    assert new.contact_id != old
    assert balances.read(new.contact_id or 0, clock.now()).spendable == 0
    erased = Contact.objects.get(pk=old)
    assert (erased.phone, erased.email, erased.status) == (None, "", "blocked")


def test_the_log_of_calls_and_the_segments_forget_the_person(card):
    other = CardFactory()
    for number in (card.number, other.number):
        Interaction.objects.create(
            recorded_at=clock.now(), method="GET", path="/", status=200, failed=False, duration_ms=1,
            card_number=number, correlation_id="c",
        )  # fmt: skip
    segment = Segment.objects.create(name="vip", created_at=clock.now(), updated_at=clock.now())
    for each in (card, other):
        SegmentMember.objects.create(segment=segment, contact=each.contact, added_at=clock.now())
    erase(card.contact_id)
    assert set(Interaction.objects.values_list("card_number", flat=True)) == {other.number}
    assert set(SegmentMember.objects.values_list("contact", flat=True)) == {other.contact_id}
    code = Contact.objects.get(pk=card.contact_id).code
    table = f"{code}\n{card.number}\n{other.number}\n".encode()
    found = segments.find(list(segment_lines.read(table)))
    assert found.contacts == [other.contact_id]


def test_nothing_brings_the_person_back(card):
    other = CardFactory()
    merged = merge(card.contact_id, other.contact_id)
    waiting = adjustments.ask(
        actors.staff("vera", "cc_operator"), Wanted("k-1", card.contact_id, Account.SPENDABLE, Decimal(90000), "gift")
    )
    erase(card.contact_id)
    for each in (card.contact_id, other.contact_id):
        assert json.loads(json.dumps(Merge.objects.get().personal)) == {}
        with pytest.raises((ContactErased, ContactMerged)):
            contacts.edit_contact(BOSS, each, PersonalData(first_name="Anna"), "again")
        with pytest.raises((ContactErased, ContactMerged)):
            erase(each)
        with pytest.raises((ContactErased, ContactMerged)):
            membership.enrol_contact(BOSS, Role.ADMINISTRATOR, each, "again")
        with pytest.raises((ContactErased, ContactMerged)):
            merging.merge_contacts(BOSS, Role.ADMINISTRATOR, CardFactory().contact_id, each, "again")
        with pytest.raises((ContactErased, ContactMerged)):
            adjustments.ask(BOSS, Wanted(f"k-{each}", each, Account.SPENDABLE, Decimal(1), "again"))
    with pytest.raises(ContactErased):
        unmerging.unmerge_contacts(BOSS, Role.ADMINISTRATOR, merged.pk, "again")
    assert AdjustmentRequest.objects.get(pk=waiting.pk).status == "withdrawn"


def test_an_erasure_asks_for_the_code_and_for_the_one_who_stayed(card):
    with pytest.raises(NotConfirmed):
        erasure.erase_contact(BOSS, Role.ADMINISTRATOR, card.contact_id, "a request", confirmed="C1")
    assert Contact.objects.get(pk=card.contact_id).phone == "+79005551234"
    with pytest.raises(ContactNotFound):
        erasure.erase_contact(BOSS, Role.ADMINISTRATOR, 0, "a request", confirmed="")
    merge(CardFactory().contact_id, card.contact_id)
    with pytest.raises(ContactMerged):
        erase(card.contact_id)
