"""specs/cash_desk.md, Transitions: the columns issue, bindto and active, row by row, through HTTP."""

import pytest

from cards.models import Card, CardCategory, CardStatus
from loyalty.core import actors
from loyalty.models import JournalEntry
from loyalty.services import wallet
from tests.api.cash_desk.desk import rows
from tests.factories import CardFactory, ContactFactory

pytestmark = pytest.mark.django_db
APP = actors.client("wallet-app", "", "koshelek")

NEW, ISSUED, ACTIVE, BLOCKED = CardStatus.NEW, CardStatus.ISSUED, CardStatus.ACTIVE, CardStatus.BLOCKED
NO_CHANGE = "OK, no change"

# The rows of the specification: State | issue | bindto (the same contact) | active.
TABLE = {
    "New": ("Issued", "StatusError", "StatusError"),
    "Issued, unbound": (NO_CHANGE, "bound; Active", "StatusError"),
    "Issued, bound, data insufficient": (NO_CHANGE, NO_CHANGE, "StatusError"),
    "Issued, bound, data sufficient": (NO_CHANGE, NO_CHANGE, "Active"),
    "Active": ("StatusError", NO_CHANGE, NO_CHANGE),
    "Blocked": ("StatusError", "StatusError", "StatusError"),
}
MAKE = {
    "New": lambda: CardFactory(new=True),
    "Issued, unbound": lambda: CardFactory(issued=True),
    "Issued, bound, data insufficient": lambda: CardFactory(issued_bound=True),
    "Issued, bound, data sufficient": lambda: CardFactory(issued_bound=True, contact=ContactFactory()),
    "Active": CardFactory,
    "Blocked": lambda: CardFactory(blocked=True),
}
AFTER = {"Issued": ISSUED, "Active": ACTIVE, "bound; Active": ACTIVE}


def call(desk, method, card, contact=None):
    if method == "bindto":
        owner = contact or card.contact or ContactFactory()
        return desk.post("card/bindto", {"Number": card.number, "MobileNumber": owner.phone})
    return desk.get(f"card/{method}", Number=card.number)


@pytest.mark.parametrize("method", ["issue", "bindto", "active"])
@pytest.mark.parametrize("state", TABLE)
def test_the_table_of_the_specification(till, state, method):
    expected = dict(zip(("issue", "bindto", "active"), TABLE[state], strict=True))[method]
    card = MAKE[state]()
    contact = card.contact or ContactFactory()
    status, counted = card.status, rows()
    answer = call(till, method, card, contact)
    stored = Card.objects.get(pk=card.pk)
    if expected in AFTER:
        assert (answer.key, stored.status) == ("OK", AFTER[expected])
        return
    assert answer.key == ("OK" if expected == NO_CHANGE else expected)
    assert (stored.status, stored.contact_id, rows()) == (status, card.contact_id, counted)


@pytest.mark.parametrize("method", ["issue", "bindto", "active"])
def test_a_change_of_state_is_repeated_without_a_second_effect(till, method):
    card = MAKE[{"issue": "New", "bindto": "Issued, unbound", "active": "Issued, bound, data sufficient"}[method]]()
    contact = ContactFactory()
    assert call(till, method, card, contact).key == "OK"
    counted = rows()
    assert call(till, method, card, contact).key == "OK"
    assert rows() == counted


@pytest.mark.parametrize(
    "state", ["Issued, bound, data insufficient", "Issued, bound, data sufficient", "Active", "Blocked"]
)
def test_a_card_of_another_contact_is_a_binding_conflict_before_it_is_a_wrong_status(till, state):
    card, stranger = MAKE[state](), ContactFactory()
    counted = rows()
    assert call(till, "bindto", card, stranger).key == "CardNumberBindToAnotherContact"
    assert rows() == counted
    assert Card.objects.get(pk=card.pk).contact_id == card.contact_id


@pytest.mark.parametrize(
    ("old", "key"),
    [
        ({}, "ContactBindToAnotherCardNumber"),
        ({"issued_bound": True}, "ContactBindToAnotherCardNumber"),
        ({"blocked": True}, "ContactBindToAnotherCardNumber"),
        ({"for_good": True}, "OK"),
    ],
)
def test_a_contact_takes_another_card_only_when_the_old_one_is_blocked_for_good(till, old, key):
    contact = CardFactory(**old, contact=ContactFactory()).contact
    card = CardFactory(issued=True)
    assert call(till, "bindto", card, contact).key == key
    assert Card.objects.get(pk=card.pk).contact_id == (contact.pk if key == "OK" else None)


def test_the_holder_of_another_card_is_a_conflict_before_a_new_card_is_a_wrong_status(till):
    assert call(till, "bindto", CardFactory(new=True), CardFactory().contact).key == "ContactBindToAnotherCardNumber"


def test_binding_leaves_a_card_issued_when_the_data_do_not_suffice(till):
    card = CardFactory(issued=True)
    assert call(till, "bindto", card, ContactFactory(insufficient=True)).key == "OK"
    stored = Card.objects.get(pk=card.pk)
    assert (stored.status, stored.activated_at) == (ISSUED, None)


def test_binding_enters_the_contact_into_the_programme(till):
    contact = ContactFactory(new=True)
    call(till, "bindto", CardFactory(issued=True), contact)
    contact = type(contact).objects.get(pk=contact.pk)
    assert contact.status == "active"
    assert contact.standings.get().tier.name == "Base"


def test_binding_activates_at_once_only_when_the_retailer_says_so(till, settings_of_retailer):
    settings_of_retailer(activate_on_bind=False)
    card, contact = CardFactory(issued=True), ContactFactory()
    call(till, "bindto", card, contact)
    assert Card.objects.get(pk=card.pk).status == ISSUED
    assert call(till, "active", card).key == "OK"
    assert Card.objects.get(pk=card.pk).status == ACTIVE


def test_the_retailer_chooses_which_data_suffice(till, settings_of_retailer):
    card = CardFactory(issued_bound=True)
    assert call(till, "active", card).key == "StatusError"
    settings_of_retailer(sufficiency=["phone"])
    assert call(till, "active", card).key == "OK"
    settings_of_retailer(sufficiency=["phone", "email"])
    other = CardFactory(issued=True)
    call(till, "bindto", other, ContactFactory())
    assert Card.objects.get(pk=other.pk).status == ISSUED


def test_every_change_is_in_the_journal_with_who_did_it(desk):
    card, contact, marketer = CardFactory(new=True), ContactFactory(), desk("marketer")
    call(marketer, "issue", card)
    call(marketer, "bindto", card, contact)
    entries = JournalEntry.objects.filter(target=card.number).order_by("id")
    assert [entry.action for entry in entries] == ["card.issue", "card.bind", "card.activate"]
    assert {(entry.actor, entry.role, entry.channel) for entry in entries} == {
        (f"client:{marketer.login}", "marketer", "cash_desk")
    }


def test_a_number_that_is_reserved_for_somebody_is_not_issued_until_the_clock_frees_it(till, story_clock):
    card = CardFactory(new=True, category=CardCategory.VIRTUAL)
    assert wallet.reserve_number(APP) == card
    counted = rows()
    assert call(till, "issue", card).key == "StatusError"
    assert (Card.objects.get(pk=card.pk).status, rows()) == (NEW, counted)
    story_clock.forward(minutes=60)
    assert call(till, "issue", card).key == "OK"
