"""Anna loses her card. The call centre gives her another one, and nothing that is hers stays behind."""

import pytest

from cards.errors import BlockReasonForbidden, CardBoundToAnother, CardNotFound, CardNumberInvalid, CardStatusRefused
from cards.models import BlockRecord, Card, CardCategory, CardStatus
from customers.models import Consent
from loyalty.core import actors
from loyalty.core.errors import RequiredParameterMissing
from loyalty.core.roles import Role
from loyalty.ledger.models import Operation
from loyalty.models import JournalEntry, Purchase
from loyalty.services import wallet
from loyalty.services.blocking import block_card, unblock_card
from loyalty.services.replacement import replace_card
from tests.api.cash_desk.desk import rows
from tests.factories import CardFactory, ConsentFactory, ContactFactory
from tests.stories.shop import Shop

pytestmark = pytest.mark.django_db

VERA = actors.staff("vera", "cc_operator")
ANNA = {"surname": "Petrova", "firstName": "Anna", "birthdayDate": "1990-05-17"}


@pytest.fixture
def shop(story_clock):
    return Shop()


def replace(**given):
    return replace_card(VERA, given.pop("role", Role.CC_OPERATOR), **given)


def test_everything_stays_with_the_person_and_the_new_card_works(shop, story_clock):
    old = CardFactory(contact=ContactFactory(phone="+79001112233")).number
    contact = Card.objects.get(number=old).contact
    ConsentFactory(contact=contact)
    shop.sell(old, "R-1", "500.00")
    story_clock.forward(days=31)
    shop.sell(old, "R-2", "40.00")
    before, tier = shop.balances(old), shop.tier(old)
    history = list(Operation.objects.filter(contact_id=contact.pk).values()), list(Purchase.objects.values())
    consents = list(Consent.objects.filter(contact=contact).values())

    new = CardFactory(new=True).number
    replaced = replace(phone="8 900 111 22 33", new_number=new, reason_name="Lost in the bus")

    assert (replaced.old.number, replaced.new.number) == (old, new)
    gone, taken = Card.objects.get(number=old), Card.objects.get(number=new)
    assert (gone.status, gone.blocked_for_good, gone.contact_id) == (CardStatus.BLOCKED, True, contact.pk)
    assert (taken.status, taken.blocked_for_good, taken.contact_id) == (CardStatus.ACTIVE, False, contact.pk)
    assert (shop.balances(new), shop.tier(new)) == (before, tier)
    assert (
        list(Operation.objects.filter(contact_id=contact.pk).values()),
        list(Purchase.objects.values()),
    ) == history
    assert list(Consent.objects.filter(contact=contact).values()) == consents

    assert shop.sell(old, "R-3", "100.00")["Key"] == "StatusError"
    paid = shop.sell(new, "R-4", "100.00", BonusesToPay="50.00")
    assert (paid["Key"], paid["Balance"]) == ("OK", 450)
    by_phone = shop.till.get("/api/card/balance/by/phone/+79001112233")
    assert (by_phone["Number"], by_phone["StatusName"]) == (new, "Active")


def test_the_books_of_the_replacement_say_who_did_it_and_why():
    old, new = CardFactory(), CardFactory(new=True)
    replace(number=old.number, new_number=new.number, reason_name="Broken chip")
    record = BlockRecord.objects.get()
    assert (record.card, record.reason_code, record.reason_name, record.role) == (old, 4, "Broken chip", "cc_operator")
    entries = JournalEntry.objects.filter(contact_id=old.contact_id).order_by("id")
    assert [(each.action, each.target) for each in entries] == [
        ("card.replace", old.number),
        ("card.issue", new.number),
        ("card.bind", new.number),
        ("card.activate", new.number),
    ]
    assert (entries[0].reason, entries[0].details["replaced_by"]) == ("Broken chip", new.number)


def test_a_replaced_card_is_never_unblocked_by_anybody():
    old, new = CardFactory(), CardFactory(issued=True)
    replace(number=old.number, new_number=new.number)
    for reason in range(4):
        with pytest.raises(Exception, match="may not unblock"):
            unblock_card(VERA, Role.ADMINISTRATOR, number=old.number, reason_code=reason)


def test_the_new_card_waits_as_issued_while_the_data_do_not_suffice():
    old, new = CardFactory(issued_bound=True), CardFactory(new=True)
    assert replace(number=old.number, new_number=new.number).new.status == CardStatus.ISSUED


def test_a_lost_card_that_is_blocked_already_is_replaced():
    old, new = CardFactory(), CardFactory(issued=True)
    block_card(VERA, Role.CC_OPERATOR, number=old.number, reason_code=0)
    replace(phone=old.contact.phone, new_number=new.number)
    assert Card.objects.get(pk=old.pk).blocked_for_good
    last = BlockRecord.objects.latest("id")
    assert (last.reason_code, last.status_before, last.status_after) == (4, CardStatus.BLOCKED, CardStatus.BLOCKED)


def test_a_number_that_the_wallet_has_reserved_replaces_no_card():
    old, new = CardFactory(), CardFactory(new=True, category=CardCategory.VIRTUAL)
    assert wallet.reserve_number(VERA) == new
    counted = rows()
    with pytest.raises(CardStatusRefused, match="reserved"):
        replace(number=old.number, new_number=new.number)
    assert (rows(), Card.objects.get(pk=old.pk).status) == (counted, CardStatus.ACTIVE)


@pytest.mark.parametrize(("role", "reason"), [(Role.DIRECTOR, 2), (Role.SENIOR_EMPLOYEE, 1), (Role.ADMINISTRATOR, 0)])
def test_a_replacement_is_no_way_round_a_block_that_the_role_may_not_lift(role, reason):
    old, new = CardFactory(), CardFactory(issued=True)
    block_card(VERA, role, number=old.number, reason_code=reason)
    counted = rows()
    with pytest.raises(BlockReasonForbidden):
        replace(number=old.number, new_number=new.number)
    assert rows() == counted
    assert replace(number=old.number, new_number=new.number, role=role).new.status == CardStatus.ACTIVE


@pytest.mark.parametrize(
    ("role", "given", "error"),
    [
        (Role.TILL, {"new_number": ""}, RequiredParameterMissing),
        (Role.TILL, {"number": ""}, RequiredParameterMissing),
        (Role.TILL, {"phone": "rubbish", "number": "rubbish", "new_number": "rubbish"}, Exception),
        (Role.TILL, {"number": "rubbish", "new_number": "rubbish"}, CardNumberInvalid),
        (Role.TILL, {"new_number": "rubbish"}, CardNumberInvalid),
        (Role.TILL, {"new_number": "2990999999998"}, CardNotFound),
        (Role.TILL, {}, BlockReasonForbidden),
        (Role.CLIENT, {}, BlockReasonForbidden),
        (Role.CC_OPERATOR, {"number": "unbound"}, CardStatusRefused),
        (Role.CC_OPERATOR, {"number": "replaced"}, CardStatusRefused),
        (Role.CC_OPERATOR, {"new_number": "itself"}, CardStatusRefused),
        (Role.CC_OPERATOR, {"new_number": "of another"}, CardBoundToAnother),
        (Role.CC_OPERATOR, {"new_number": "own"}, CardStatusRefused),
    ],
)
def test_each_refusal_comes_in_its_turn_and_changes_nothing(role, given, error):
    card = CardFactory()
    cards = {
        "unbound": CardFactory(issued=True).number,
        "replaced": CardFactory(for_good=True).number,
        "itself": card.number,
        "of another": CardFactory().number,
        "own": CardFactory(contact=card.contact, for_good=True).number,
    }
    call = {"number": card.number, "new_number": CardFactory(new=True).number} | {
        name: cards.get(value, value) for name, value in given.items()
    }
    counted, before = rows(), list(Card.objects.order_by("id").values())
    with pytest.raises(error):
        replace(role=role, **call)
    assert (rows(), list(Card.objects.order_by("id").values())) == (counted, before)
