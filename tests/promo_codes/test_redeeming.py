"""What a code gives and to whom, what it refuses and why, what is written of it, and in how many statements."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from cards.models import Card
from customers.errors import ContactBlocked, ContactNotFound
from customers.models import Contact
from loyalty.core import clock
from loyalty.core.errors import LoyaltyError
from loyalty.ledger import balances, invariants
from loyalty.ledger.models import Lot, Operation, OperationKey
from loyalty.models import JournalEntry, Program
from loyalty.services import code_orders, promo_codes, promotions
from promos.models import Audience, CodeUse, CustomerGrant, PromoCode, Promotion, Segment, SegmentMember
from tests.factories import CardFactory, ContactFactory
from tests.ledger.books import MOSCOW
from tests.promo_codes.typing import APP, heard, spendable, use
from tests.promos.marketing import MARKETER, coded, draft, moscow, shared_code, single_codes
from tiers import selectors as tiers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("story_clock")]

BUDGET, FIRST = 19, 4
"""Statements of a use, and those more that the first one needs to make its rows of grants and balances."""


@pytest.fixture
def anna() -> Card:
    return CardFactory()


@pytest.fixture
def boris() -> Card:
    return CardFactory()


def promotion_of(code: str) -> Promotion:
    return PromoCode.objects.select_related("promotion").get(code=code).promotion


# What it gives


def test_a_code_without_escrow_gives_points_to_spend_at_once(anna: Card) -> None:
    assert use(anna, shared_code()) == 100
    read = balances.read(anna.contact_id, clock.now())
    assert (read.spendable, read.spendable_escrow, read.qualifying, read.qualifying_escrow) == (100, 0, 0, 0)
    assert [law for law in invariants.check() if law.broken] == []


def test_a_code_with_escrow_gives_points_that_mature_to_the_second(anna: Card, story_clock: object) -> None:
    use(anna, shared_code(escrow_days=14))
    with clock.at(clock.now() + timedelta(days=14, seconds=-1)):
        assert spendable(anna) == 0
    with clock.at(clock.now() + timedelta(days=14)):
        assert spendable(anna) == 100


def test_escrow_is_that_of_purchases_unless_the_promotion_says_otherwise(anna: Card) -> None:
    use(anna, shared_code(escrow_days=None))
    lot = Lot.objects.get()
    assert lot.matures_at == clock.now() + timedelta(days=Program.objects.get().escrow_days)
    assert lot.expires_at == moscow(2027, 5, 1), "twelve months after maturing, to the end of the month"


def test_points_count_for_the_tier_only_where_the_promotion_says_so(anna: Card, boris: Card) -> None:
    use(anna, shared_code("TIERS2026", qualifies=True, value=Decimal(2000)))
    use(boris, shared_code("PLAIN2026", value=Decimal(2000)))
    for card, points, tier in ((anna, 2000, "Silver"), (boris, 0, "Base")):
        assert balances.read(card.contact_id, clock.now()).qualifying == points
        standing = tiers.standing_at(card.contact_id, clock.now(), MOSCOW)
        assert standing is not None
        assert standing.tier.name == tier


def test_the_first_points_enter_a_new_contact() -> None:
    card = CardFactory(contact=ContactFactory(new=True), enrolled=False)
    use(card, shared_code())
    assert Contact.objects.get(pk=card.contact_id).status == "active"
    assert card.contact.standings.get().tier.name == "Base"


def test_what_is_written_of_a_use(anna: Card) -> None:
    [code] = single_codes()
    use(anna, code)
    stored, used = PromoCode.objects.get(code=code), CodeUse.objects.get()
    operation = Operation.objects.get(kind="accrual")
    assert (stored.used_by_id, stored.used_at) == (anna.contact_id, clock.now())
    assert (used.contact_id, used.points, used.operation_id, used.actor) == (
        anna.contact_id, 100, operation.pk, "client:wallet-app",
    )  # fmt: skip
    assert (operation.cause, operation.actor) == (f"promo_code:{stored.pk}", "client:wallet-app")
    assert OperationKey.objects.get(operation_id=operation.pk).key == f"promo_code:{stored.pk}"
    entry = JournalEntry.objects.get(action="promo_code.use")
    assert (entry.target, entry.contact_id, entry.details["points"]) == (code, anna.contact_id, "100.00")


def test_phone_and_card_name_the_same_customer(anna: Card, boris: Card) -> None:
    code = shared_code(customer_count=9)
    phone, number = anna.contact.phone, anna.number
    for given in ({"phone": phone, "number": ""}, {"phone": "", "number": number}, {"phone": phone, "number": number}):
        assert promo_codes.redeem(APP, code=code, **given).points == 100
    for stranger in (boris.contact.phone, "+79999999999"):
        with pytest.raises(ContactNotFound):
            promo_codes.redeem(APP, code=code, phone=stranger, number=number)


def test_a_replaced_card_still_names_its_holder(anna: Card) -> None:
    old = CardFactory(for_good=True, contact=anna.contact)
    assert heard(old, shared_code()) == "100.00"


# Whom it refuses


def test_customers_who_cannot_get_points(anna: Card) -> None:
    code = shared_code()
    assert heard(CardFactory(issued=True), code) == "CardUnbound"
    assert heard(CardFactory(blocked=True), code) == "OnlyBlockedCard"
    with pytest.raises(ContactBlocked):
        use(CardFactory(contact=ContactFactory(blocked=True)), code)
    for phone, refusal in ((ContactFactory().phone, "ContactWithoutCard"), ("+79990000000", "ContactNotFound")):
        with pytest.raises(LoyaltyError) as refused:
            promo_codes.redeem(APP, phone=phone, number="", code=code)
        assert refused.value.code == refusal
    assert not CodeUse.objects.exists()


# What it refuses


def test_unknown_and_misspelled_are_two_things(anna: Card) -> None:
    [code] = single_codes()
    wrong = code[:-1] + ("3" if code[-1] == "2" else "2")
    assert heard(anna, wrong) == "PromoCodeMisspelled"
    assert [heard(anna, each) for each in ("WINTER2026", "x", "2222-2222-2222")] == [
        "PromoCodeUnknown", "PromoCodeUnknown", "PromoCodeMisspelled",
    ]  # fmt: skip


def test_a_misspelled_code_asks_the_database_nothing(anna: Card) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert heard(anna, "2222-2222-2222") == "PromoCodeMisspelled"
    assert len(captured) == 0


def test_a_code_lives_as_its_promotion_does(anna: Card, story_clock: object) -> None:
    made = draft(trigger="code", kind="fixed", value=Decimal(100), starts_at=clock.now())
    code = code_orders.add_shared_code(MARKETER, made.pk, "SPRING2026", "poster").code
    assert heard(anna, code) == "PromoCodeUnknown", "nobody hears of a draft"
    promotions.go_live(MARKETER, made.pk, "spring")
    promotions.pause(MARKETER, made.pk, "till Monday")
    assert heard(anna, code) == "PromoCodeNotValidNow"
    promotions.go_live(MARKETER, made.pk, "Monday")
    assert heard(anna, code) == "100.00"
    promotions.end(MARKETER, made.pk, "over")
    assert heard(CardFactory(), code) == "PromoCodeExpired"
    assert heard(anna, code) == "PromoCodeAlreadyUsed", "who asks again hears what became of the first try"


@pytest.mark.parametrize(("terms", "cause"), [
    ({"starts_at": moscow(2026, 3, 3)}, "PromoCodeNotValidNow"),
    ({"ends_at": moscow(2026, 3, 2, 12, 1)}, "100.00"),
    ({"hour_from": 13}, "PromoCodeNotValidNow"),
    ({"hour_from": 12, "hour_until": 13}, "100.00"),
    ({"weekdays": [2]}, "PromoCodeNotValidNow"),
    ({"weekdays": [1]}, "100.00"),
    ({"birthday_days": 3}, "PromoCodeNotForCustomer"),
    ({"first_purchase": True}, "100.00"),
])  # fmt: skip
def test_conditions_of_the_promotion(terms: dict[str, object], cause: str, anna: Card) -> None:
    """It is Monday noon, her birthday is on 17 May, and she has bought nothing yet."""
    assert heard(anna, shared_code(**terms)) == cause


def test_a_birthday_code_on_the_birthday() -> None:
    card = CardFactory(contact=ContactFactory(birth_date=date(1990, 3, 2)))
    assert heard(card, shared_code(birthday_days=0)) == "100.00"


def test_a_code_is_over_at_its_last_moment(anna: Card) -> None:
    code = shared_code(ends_at=moscow(2026, 3, 9))
    with clock.at(moscow(2026, 3, 9)):
        assert heard(anna, code) == "PromoCodeExpired"


def test_a_code_for_an_audience_is_not_for_the_others(anna: Card, boris: Card) -> None:
    now = clock.now()
    regulars = Segment.objects.create(name="Regulars", created_at=now, updated_at=now)
    SegmentMember.objects.create(segment=regulars, contact=anna.contact, added_at=now)
    audience = Audience.objects.create(
        name="Regulars", conditions={"segments": [regulars.pk]}, created_at=now, updated_at=now
    )
    code = shared_code(audience=audience)
    assert [heard(each, code) for each in (anna, boris)] == ["100.00", "PromoCodeNotForCustomer"]


# How often


def test_a_shared_code_is_for_each_customer_once(anna: Card, boris: Card) -> None:
    code = shared_code()
    assert [heard(each, code) for each in (anna, anna, boris)] == ["100.00", "PromoCodeAlreadyUsed", "100.00"]
    assert spendable(anna) == 100


def test_two_shared_codes_of_one_promotion_count_together(anna: Card) -> None:
    first = shared_code()
    second = code_orders.add_shared_code(MARKETER, promotion_of(first).pk, "TVSPOT2026", "other poster").code
    assert [heard(anna, each) for each in (first, second)] == ["100.00", "PromoCodeAlreadyUsed"]


def test_a_customer_count_lets_a_code_be_used_again(anna: Card) -> None:
    code = shared_code(customer_count=3)
    assert [heard(anna, code) for _ in range(4)] == [*["100.00"] * 3, "PromoCodeAlreadyUsed"]
    assert CustomerGrant.objects.get().count == 3


def test_a_single_use_code_is_for_one_customer(anna: Card, boris: Card) -> None:
    [code] = single_codes()
    assert [heard(each, code) for each in (anna, anna, boris)] == [
        "100.00", "PromoCodeAlreadyUsed", "PromoCodeExhausted",
    ]  # fmt: skip


def test_single_use_codes_may_be_limited_for_a_customer_too(anna: Card, boris: Card) -> None:
    codes = single_codes(4, customer_count=2)
    assert [heard(anna, code) for code in codes[:3]] == ["100.00", "100.00", "PromoCodeAlreadyUsed"]
    assert heard(boris, codes[2]) == "100.00", "what she was refused is still free"


def test_without_a_limit_a_customer_may_use_every_single_use_code_it_has(anna: Card) -> None:
    assert [heard(anna, code) for code in single_codes(3)] == ["100.00"] * 3
    assert not CustomerGrant.objects.exists()


def test_a_total_count_ends_a_shared_code(anna: Card, boris: Card) -> None:
    code = shared_code(total_count=1)
    assert [heard(each, code) for each in (anna, boris, anna)] == [
        "100.00", "PromoCodeExhausted", "PromoCodeAlreadyUsed",
    ]  # fmt: skip
    assert promotion_of(code).used == 1


def test_the_last_customer_gets_what_is_left_of_the_budget() -> None:
    code = shared_code(budget=Decimal(250))
    assert [heard(CardFactory(), code) for _ in range(4)] == ["100.00", "100.00", "50.00", "PromoCodeExhausted"]
    assert promotion_of(code).granted == 250


def test_a_customer_gets_no_more_than_its_cap(anna: Card) -> None:
    codes = single_codes(3, customer_cap=Decimal(150))
    assert [heard(anna, code) for code in codes] == ["100.00", "50.00", "PromoCodeAlreadyUsed"]


def test_a_refusal_writes_nothing(anna: Card) -> None:
    code = shared_code(total_count=1)
    use(CardFactory(), code)
    written = Operation.objects.count(), JournalEntry.objects.count(), CodeUse.objects.count()
    for typed in (code, "WINTER2026", "x"):
        heard(anna, typed)
    assert (Operation.objects.count(), JournalEntry.objects.count(), CodeUse.objects.count()) == written


# What the database holds by itself


@pytest.mark.parametrize("change", [
    {"code": "OTHER2026"}, {"single_use": False}, {"used_at": None, "used_by": None}, {"used_at": moscow(2027, 1, 1)},
])  # fmt: skip
def test_a_used_code_stays_what_it_is(change: dict[str, object], anna: Card) -> None:
    [code] = single_codes()
    use(anna, code)
    with pytest.raises(IntegrityError), transaction.atomic():
        PromoCode.objects.filter(code=code).update(**change)


@pytest.mark.parametrize(("code", "single_use"), [("SUMMER2026", True), ("23456789", False), ("BUZZBUZZ", False)])
def test_a_code_of_one_kind_never_has_the_form_of_the_other(code: str, single_use: bool) -> None:
    made = coded()
    with pytest.raises(IntegrityError, match="promo_code_of_one_kind"), transaction.atomic():
        PromoCode.objects.create(promotion=made, code=code, single_use=single_use)


# What it costs


@pytest.mark.parametrize("limits", [{}, {"budget": Decimal(10**6), "total_count": 10**6, "customer_count": 9,
                                         "customer_cap": Decimal(10**6)}])  # fmt: skip
def test_a_use_keeps_its_length(limits: dict[str, object], anna: Card) -> None:
    """As many statements for the tenth code of a customer as for the second, whatever the limits."""
    codes = single_codes(8, **limits)
    lengths = []
    for code in codes:
        with CaptureQueriesContext(connection) as captured:
            use(anna, code)
        lengths.append(len([each for each in captured.captured_queries if "SAVEPOINT" not in each["sql"]]))
    assert len(set(lengths[1:])) == 1, lengths
    assert lengths[1] <= BUDGET, lengths
    assert lengths[0] <= BUDGET + FIRST, lengths
