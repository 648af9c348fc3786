"""specs/cash_desk.md: block and unblock by the transition table, which card is meant, what is recorded."""

import pytest

from cards import policies
from cards.models import BlockRecord, Card, CardStatus
from cards.policies import Outcome
from loyalty.core import actors
from loyalty.core.roles import Role
from loyalty.models import JournalEntry
from loyalty.services import merging
from tests.api.cash_desk.desk import rows
from tests.api.cash_desk.test_transitions import MAKE
from tests.factories import CardFactory, ContactFactory

pytestmark = pytest.mark.django_db

ISSUED, ACTIVE, BLOCKED = CardStatus.ISSUED, CardStatus.ACTIVE, CardStatus.BLOCKED
PREFIX = {"block": "Block", "unblock": "UnBlock"}

# The rows of the specification: State | block | unblock.
TABLE = {
    "New": ("StatusError", "StatusError"),
    "Issued, unbound": ("StatusError", "StatusError"),
    "Issued, bound, data insufficient": (BLOCKED, "StatusError"),
    "Issued, bound, data sufficient": (BLOCKED, "StatusError"),
    "Active": (BLOCKED, "StatusError"),
    "Blocked": ("StatusError", ACTIVE),
}


def send(desk, action, number="", phone="", reason=0, **more):
    body = {"Number": number, "ContactMobileNumber": phone, f"{PREFIX[action]}ReasonCode": reason}
    return desk.post(f"card/{action}", body | more)


def status_of(card):
    return Card.objects.get(pk=card.pk).status


@pytest.fixture
def root(desk):
    return desk("administrator")


@pytest.mark.parametrize("column", [0, 1], ids=["block", "unblock"])
@pytest.mark.parametrize("state", TABLE)
def test_the_table_of_the_specification(root, state, column):
    expected, card = TABLE[state][column], MAKE[state]()
    action, status, counted = ("block", "unblock")[column], card.status, rows()
    answer = send(root, action, card.number)
    if expected == "StatusError":
        assert (answer.http, answer.key, status_of(card), rows()) == (200, "StatusError", status, counted)
    else:
        assert (answer.key, status_of(card)) == ("OK", expected)


def test_the_table_of_the_code_is_that_of_the_specification():
    for state, row in policies.TRANSITIONS.items():
        assert len(row) == len(policies.METHODS)
        found = dict(zip(policies.METHODS, row, strict=True))
        for action, expected in zip(("block", "unblock"), TABLE[state.value], strict=True):
            assert found[action] is (Outcome.REFUSE if expected == "StatusError" else Outcome.CHANGE)


@pytest.mark.parametrize(
    ("contact", "status"), [({"insufficient": True}, ISSUED), ({}, ACTIVE)], ids=["insufficient", "sufficient"]
)
@pytest.mark.parametrize("before", ["issued", "active"])
def test_unblocking_goes_to_active_when_the_data_suffice_else_to_issued(root, before, contact, status):
    holder = ContactFactory(**contact)
    card = CardFactory(issued_bound=True, contact=holder) if before == "issued" else CardFactory(contact=holder)
    send(root, "block", card.number)
    assert send(root, "unblock", card.number).key == "OK"
    stored = Card.objects.get(pk=card.pk)
    assert (stored.status, stored.activated_at is not None) == (status, before == "active" or status == ACTIVE)


def test_a_repeated_block_and_a_repeated_unblock_are_wrong_statuses_and_leave_one_record_each(root):
    card = CardFactory()
    keys = [send(root, action, card.number).key for action in ("block", "block", "unblock", "unblock")]
    assert keys == ["OK", "StatusError", "OK", "StatusError"]
    assert [each.blocking for each in BlockRecord.objects.filter(card=card).order_by("id")] == [True, False]


def test_a_record_says_who_in_which_role_by_which_door_why_when_and_both_states(desk, story_clock):
    card, operator = CardFactory(issued_bound=True), desk("cc_operator")
    send(operator, "block", card.number, reason="3", BlockReasonName="Не хочет")
    record = BlockRecord.objects.get(card=card)
    assert (record.actor, record.role, record.channel) == (f"client:{operator.login}", "cc_operator", "cash_desk")
    assert (record.blocking, record.reason_code, record.reason_name) == (True, 3, "Не хочет")
    assert (record.status_before, record.status_after) == (ISSUED, BLOCKED)
    assert record.recorded_at == story_clock.moment
    entry = JournalEntry.objects.get(action="card.block")
    assert (entry.target, entry.contact_id, entry.reason) == (card.number, card.contact_id, "Не хочет")
    assert entry.details == {"reason_code": 3, "status": ["Issued", "Blocked"]}


def test_a_reason_without_words_takes_those_of_the_specification(root):
    card = CardFactory()
    send(root, "block", card.number, reason=2)
    send(root, "unblock", card.number, reason=2)
    names = BlockRecord.objects.filter(card=card).order_by("id").values_list("reason_name", flat=True)
    assert list(names) == ["Getting into the black list", "Exit from the black list"]


def test_only_the_last_block_decides(desk):
    card, root, operator = CardFactory(), desk("administrator"), desk("cc_operator")
    send(root, "block", card.number, reason=2)
    send(root, "unblock", card.number, reason=2)
    send(operator, "block", card.number, reason=3)
    assert send(operator, "unblock", card.number, reason=0).key == "UnBlockReasonError"
    assert send(operator, "unblock", card.number, reason=3).key == "OK"


def test_a_card_that_came_blocked_without_a_record_is_unblocked_by_an_administrator_only(desk):
    card = CardFactory(blocked=True)
    assert send(desk("director"), "unblock", card.number, reason=0).key == "UnBlockReasonError"
    assert send(desk("administrator"), "unblock", card.number, reason=0).key == "OK"


def test_a_phone_alone_blocks_the_card_that_is_not_blocked(root):
    contact = ContactFactory()
    old = CardFactory(contact=contact, for_good=True)
    card = CardFactory(contact=contact)
    assert send(root, "block", phone=contact.phone).key == "OK"
    assert (status_of(card), BlockRecord.objects.filter(card=old).count()) == (BLOCKED, 0)
    assert send(root, "block", phone=contact.phone).key == "StatusError"
    assert BlockRecord.objects.count() == 1


def test_a_phone_alone_unblocks_the_card_that_was_blocked_last(root):
    contact = ContactFactory()
    newer = CardFactory(contact=contact)
    send(root, "block", newer.number, reason=4)
    older_key = CardFactory(contact=contact)
    send(root, "block", older_key.number, reason=1)
    assert send(root, "unblock", phone=contact.phone, reason=0).key == "UnBlockReasonError"
    assert send(root, "unblock", phone=contact.phone, reason=1).key == "OK"
    assert (status_of(newer), status_of(older_key)) == (BLOCKED, ACTIVE)


def test_a_phone_alone_unblocks_what_can_be_though_another_card_was_given_up_later(root):
    """Two people with a lost card each turn out to be one: the merge gives the older card up after both were lost."""
    given_up, kept = CardFactory(), CardFactory()
    for card in (given_up, kept):
        send(root, "block", card.number)
    merging.merge_contacts(actors.staff("olga", "administrator"), Role.ADMINISTRATOR, kept.contact_id,
                           given_up.contact_id, "one person")  # fmt: skip
    assert send(root, "unblock", phone=kept.contact.phone).key == "OK"
    assert (status_of(kept), status_of(given_up)) == (ACTIVE, BLOCKED)


def test_a_phone_alone_whose_last_block_was_a_replacement_unblocks_nothing(root):
    card = CardFactory()
    send(root, "block", card.number, reason=4)
    counted = rows()
    assert send(root, "unblock", phone=card.contact.phone, reason=0).key == "UnBlockReasonError"
    assert rows() == counted


@pytest.mark.parametrize("action", ["block", "unblock"])
def test_a_contact_without_a_card_to_act_upon_is_a_wrong_status(root, action):
    counted = rows()
    assert send(root, action, phone=ContactFactory().phone).key == "StatusError"
    assert rows()["cards.BlockRecord"] == counted["cards.BlockRecord"]


def test_a_client_acts_on_its_own_card_when_it_shows_the_phone(desk):
    client, card = desk("client"), CardFactory()
    for number, phone in ((card.number, card.contact.phone), ("", card.contact.phone)):
        assert send(client, "block", number, phone).key == "OK"
        assert send(client, "unblock", number, phone).key == "OK"


@pytest.mark.parametrize("phone", ["none", "another"])
def test_a_client_without_the_phone_of_the_holder_is_refused_the_reason(desk, phone):
    client, card, stranger = desk("client"), CardFactory(), ContactFactory()
    sent = "" if phone == "none" else stranger.phone
    assert send(client, "block", card.number, sent).key == "BlockReasonError"
    assert send(client, "block", CardFactory(issued=True).number, sent).key == "BlockReasonError"
    send(desk("cc_operator"), "block", card.number)
    counted = rows()
    assert send(client, "unblock", card.number, sent).key == "UnBlockReasonError"
    assert rows() == counted


@pytest.mark.parametrize("path", ["card/block", "card/Block", "card/BLOCK/", "Card/block"])
def test_block_is_read_in_any_case(root, path):
    body = {"NUMBER": int(CardFactory().number), "blockreasoncode": "0", "BlockReasonname": "lost"}
    assert root.post(path, body).content == b'{"Status":true,"Key":"OK","Value":""}'


@pytest.mark.parametrize("path", ["card/unblock", "card/UnBlock", "card/unBlock/", "Card/UNBLOCK"])
def test_unblock_is_read_in_any_case(root, path):
    card = CardFactory()
    send(root, "block", phone=card.contact.phone)
    phone = f"8 ({card.contact.phone[2:5]}) {card.contact.phone[5:]}"
    assert root.post(path, {"contactmobilenumber": phone, "unblockreasoncode": 0}).key == "OK"
    assert status_of(card) == ACTIVE
