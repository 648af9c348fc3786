"""The export tells everything that is held about a person: every table, every column, as data and as a page."""

import json
import uuid
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.db.models import Model

from cards.models import Card, CardCategory, CardImportFault, CardSeries, ImportMode, Reservation
from customers.models import Contact
from loyalty.admin.personal_data import ONLY_DATA, page
from loyalty.admin.personal_words import HEADERS, SECTIONS
from loyalty.core import clock
from loyalty.ledger.accounts import Account
from loyalty.models import Interaction, JournalEntry, Limit, LimitUse, Merge, Program, Purchase, PurchaseReturn
from loyalty.selectors import personal_data, personal_sections
from loyalty.services import adjustments, card_imports, holding, refunds
from loyalty.services.adjustments import Wanted
from loyalty.services.holding import HoldCall
from loyalty.services.refunds import RefundRequest
from promos.models import Segment, SegmentMember
from tests.factories import CardFactory, ConsentFactory, ContactFactory
from tests.people.conftest import BOSS, MOSCOW, TILL, buy, merge
from tests.people.test_erased_words import MARK, Words, life
from tests.promo_codes.typing import use
from tests.promos.marketing import shared_code, single_codes
from tests.receipts.scanning import campaign, decided

pytestmark = pytest.mark.django_db

BESIDE = {"loyalty.purchaseline", "loyalty.purchasereturn", "loyalty.limituse", "loyalty.interaction",
          "cards.reservation", "cards.blockrecord", "cards.cardimportfault"}  # fmt: skip
"""Tables that hold data of a person and name it by something else than its id."""

NOT_TOLD = {
    "ledger.move": "Which operation of one side of a merge belongs to which of the other: both operations are told.",
}
UNTOLD_COLUMNS = {
    "id": "the row's own number; what refers to it is told",
    "contact_id": "the person itself", "contact": "the person itself", "used_by": "the person itself",
    "fingerprint": "a digest of what is told",
    "subject": "the card's number in the database",
    "survivor": "told by its code", "absorbed": "told by its code",
    "move_id": "its operations are told", "undone_move_id": "its operations are told",
    "former": "numbers of rows that are told; what it says of tiers is told, of the other customer it is not theirs",
    "address": "the machine of a till, a partner or an employee: theirs, not the person's",
    "card_import": "told by the name of the file",
    "to_match": "work that waits: what came of it stands with the scanned receipt",
}  # fmt: skip
INSTEAD = {"card": "card__number", "series": "series__name", "tier": "tier__name", "segment": "segment__name",
           "promotion": "promotion__name", "store": "store__code", "purchase": "purchase__purchase_id",
           "code": "code__code", "merged_into": "merged_into__code"}  # fmt: skip
ELSEWHERE = {("promos.promocode", "batch"): "the promotion's", ("customers.contact", "id"): "the row's own number"}


def sections() -> list[personal_sections.Section]:
    kin = [0]
    found = [personal_sections.of_person(kin), personal_sections.of_points(kin), personal_sections.of_acts(kin)]
    return [each for part in [*found, personal_data._calls_and_journal(kin)] for each in part]


def about_people() -> set[type[Model]]:
    """Every table that names a contact, and those that hold data of one by another name."""
    own = ("customers", "cards", "ledger", "tiers", "promos", "loyalty")
    found = {model for model in apps.get_models() if model._meta.app_label in own}
    return {
        model
        for model in found
        if model is Contact or model._meta.label_lower in BESIDE or any(
            field.related_model is Contact or "contact" in field.name for field in model._meta.concrete_fields
        )
    }  # fmt: skip


def test_every_table_about_people_is_told_or_known_to_say_nothing_of_its_own() -> None:
    told = {each.found.model._meta.label_lower for each in sections()}
    assert told | set(NOT_TOLD) == {model._meta.label_lower for model in about_people()}


def test_every_column_about_people_is_told_or_known_to_say_nothing_of_its_own() -> None:
    told: dict[str, set[str]] = {}
    for each in sections():
        told.setdefault(each.found.model._meta.label_lower, set()).update([*each.columns, *each.named.values()])
    missing = [
        f"{label}.{field.name}"
        for label, columns in told.items()
        for field in apps.get_model(label)._meta.concrete_fields
        if not {field.name, field.attname, INSTEAD.get(field.name, "")} & columns
        and field.name not in UNTOLD_COLUMNS
        and (label, field.name) not in ELSEWHERE
    ]
    assert missing == []


def test_every_section_and_column_has_words_for_the_page() -> None:
    assert {each.name for each in sections()} | {"balances"} == set(SECTIONS)
    columns = {name for each in sections() for name in (*each.columns, *each.named)}
    assert columns - set(HEADERS) - ONLY_DATA == set()


def everything(story_clock: Any, why: Words) -> int:
    """A customer of whom every table knows something."""
    Program.objects.update(limits_on=True)
    Limit.objects.filter(scope="card").update(soft=1, hard=1000)
    campaign(customer_cap=Decimal(500))
    [flyer] = single_codes()
    shared_code("TWICE2026")
    contact_id = life(CardFactory(new=True).number, why)
    person = Contact.objects.get(pk=contact_id)
    Contact.objects.filter(pk=contact_id).update(
        phone="+79005557777", email="whole@example.com", external_id="EXT-WHOLE", locality="Locality W",
        attributes={"pet": "Hamster W"},
    )  # fmt: skip
    card = Card.objects.get(contact=contact_id, blocked_for_good=False)
    gone = CardFactory(contact__surname="Surname W").contact_id
    buy(Card.objects.get(contact=gone), "W-0", "300.00")
    ConsentFactory(contact=person, channel="sms", allowed=True)
    merge(contact_id, gone)
    card = Card.objects.get(contact=contact_id, blocked_for_good=False)
    buy(card, "W-1", "500.00")
    refunds.refund(TILL, RefundRequest("W-1", "W-BACK", amount=Decimal(100)))
    story_clock.forward(days=31)
    held = holding.hold(TILL, HoldCall("W-2", card.number, "", Decimal(100), Decimal(10)))
    holding.void(TILL, uuid.UUID(str(held["hold_id"])))
    use(card, flyer)
    decided(card, "1000.00")
    adjustments.ask(BOSS, Wanted("W-KEY", contact_id, Account.QUALIFYING, Decimal(5), why()))
    segment = Segment.objects.create(name="Segment W", created_at=clock.now(), updated_at=clock.now())
    SegmentMember.objects.create(segment=segment, contact=person, added_at=clock.now())
    until = clock.now() + timedelta(hours=1)
    Reservation.objects.create(card=card, reserved_at=clock.now(), reserved_until=until, actor="client:wallet-w")
    Interaction.objects.create(
        recorded_at=clock.now(), method="POST", path="/w", status=200, failed=False, duration_ms=1,
        card_number=card.number, correlation_id="corr-w", till="till-w", request_body='{"w": 1}',
    )  # fmt: skip
    card_imports.start(
        BOSS, series_id=CardSeries.objects.get(issuing=True).pk, category=CardCategory.PLASTIC,
        mode=ImportMode.SKIP_BAD, file_name="wrong-w.csv", content=b"number\n8 (900) 555-77-77 W\n+79005558888\n",
        reason="new cards",
    )  # fmt: skip
    card_imports.run_waiting()
    return contact_id


def test_whatever_any_table_holds_of_the_person_stands_in_the_data_and_on_the_page(story_clock: Any) -> None:
    why = Words(MARK)
    contact_id = everything(story_clock, why)
    stranger = life(CardFactory(new=True).number, Words("Somebody else"))
    held = personal_data.of(Contact.objects.get(pk=contact_id), ZoneInfo("Europe/Moscow"))
    data, shown = json.dumps(personal_data.as_json(held, MOSCOW), ensure_ascii=False), unescape(page(held))
    assert [name for name, rows in held.sections.items() if not rows] == []
    marks = [
        "+79005557777", "whole@example.com", "EXT-WHOLE", "Locality W", "Hamster W", "Surname W", "W-0", "W-1",
        "W-BACK", "hold:W-2", "W-KEY", "Segment W", "wallet-w", "corr-w", "till-w", "wrong-w.csv",
        "8 (900) 555-77-77 W", *(f"text {number}: {MARK} asked" for number in range(1, why.typed + 1)),
    ]  # fmt: skip
    assert [mark for mark in marks if mark not in data] == []
    assert [mark for mark in marks if mark not in shown] == []
    # And nothing of anybody else.
    code = Contact.objects.get(pk=stranger).code
    assert [each for each in ("Somebody else", "79005558888", code) if each in data or each in shown] == []
    assert CardImportFault.objects.count() == 2


def test_the_export_tells_as_many_rows_as_there_are(story_clock: Any) -> None:
    contact_id = everything(story_clock, Words(MARK))
    sections = personal_data.of(Contact.objects.get(pk=contact_id), MOSCOW).sections
    kin = [contact_id, *Contact.objects.filter(merged_into=contact_id).values_list("pk", flat=True)]
    assert len(sections["person"]) == len(kin) == 2
    assert len(sections["purchases"]) == Purchase.objects.filter(contact__in=kin).count() == 2
    assert len(sections["returns"]) == PurchaseReturn.objects.count() == 1
    assert len(sections["limits"]) == LimitUse.objects.filter(scope="card").count()
    assert len(sections["merges"]) == Merge.objects.count()
    own = JournalEntry.objects.filter(contact_id__in=kin).count()
    assert len(sections["journal"]) >= own
    [merged] = sections["merges"]
    assert merged["tier_changes"]["together"] == "Base"
    assert ContactFactory().pk not in kin
