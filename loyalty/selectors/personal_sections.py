"""What stands in which table about one person: the sections of the export, each a table and its columns.

A test compares them with the tables themselves: what names a person and is not told is named there, with the reason.
Columns that say something to another system only, the ids of rows, are told in the JSON file (personal_data.ONLY_DATA).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import CharField, F, Q, QuerySet
from django.db.models.functions import Cast

from cards import selectors as cards_held
from cards.models import BlockRecord, Card, Reservation
from customers.models import Consent, Contact
from loyalty.ledger.models import (
    BonusBalance,
    CarriedLifetime,
    Draw,
    Hold,
    Lot,
    MovedLot,
    Operation,
    OperationKey,
    Transfer,
)
from loyalty.models import (
    AdjustmentRequest,
    LimitScope,
    LimitUse,
    Merge,
    Purchase,
    PurchaseLine,
    PurchaseReturn,
    TillAnswer,
)
from promos.models import CodeUse, CustomerGrant, FiscalReceipt, PromoCode, SegmentMember
from tiers.models import Standing

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of one table: `columns` of its own, and `named` ones under another name or from a table beside it."""

    name: str
    found: QuerySet[Any]
    columns: tuple[str, ...]
    named: Mapping[str, str] = field(default_factory=dict)

    def rows(self) -> list[Row]:
        """Return the rows with the words of fixed lists in place of their codes (1 statement)."""
        meta = self.found.model._meta
        sources = {**{name: name for name in self.columns}, **self.named}
        labels = {
            name: dict(getattr(meta.get_field(source), "flatchoices", ()) or ())
            for name, source in sources.items()
            if "__" not in source
        }
        rows = self.found.values(*self.columns, **{name: F(source) for name, source in self.named.items()})
        return [{name: _word(labels.get(name), value) for name, value in row.items()} for row in rows]


def _word(labels: Mapping[Any, Any] | None, value: Any) -> Any:
    return str(labels.get(value, value)) if labels and value is not None else value


def merges_of(kin: Collection[int]) -> QuerySet[Merge]:
    """Return the merges of people with others, on either side, undone ones too."""
    return Merge.objects.filter(Q(survivor_id__in=kin) | Q(absorbed_id__in=kin))


def of_person(kin: list[int]) -> list[Section]:
    """Return who the person is, what it holds and what it has allowed."""
    people = Contact.objects.filter(pk__in=kin)
    cards = Card.objects.filter(contact_id__in=kin)
    return [
        # Who the others have become comes first.
        Section("person", people.order_by(F("merged_into").asc(nulls_first=True), "id"), (
            "code", "public_id", "external_id", "status", "phone", "email", "surname", "first_name", "patronymic",
            "sex", "birth_date", "country_code", "locality", "attributes", "created_at", "updated_at", "erased_at",
        ), {"became": "merged_into__code"}),
        Section("cards", cards.order_by("id"), (
            "number", "status", "category", "card_type", "created_at", "issued_at", "bound_at", "activated_at",
            "blocked_for_good",
        ), {"series_name": "series__name"}),
        Section("reservations", Reservation.objects.filter(card__in=cards).order_by("card_id"), (
            "reserved_at", "reserved_until", "actor",
        ), {"card_number": "card__number"}),
        Section("card_blocks", BlockRecord.objects.filter(card__in=cards).order_by("id"), (
            "blocking", "reason_code", "reason_name", "actor", "role", "channel", "status_before", "status_after",
            "recorded_at",
        ), {"card_number": "card__number"}),
        Section("wrong_lines", cards_held.lines_naming(people), ("line", "first_line"), {
            "reason_word": "cause", "wrong_text": "number", "file_name": "card_import__file_name",
        }),
        Section("consents", Consent.objects.filter(contact_id__in=kin).order_by("given_at", "id"), (
            "channel", "allowed", "given_at", "actor",
        ), {"said_through": "source"}),
        Section("tiers", Standing.objects.filter(contact_id__in=kin).order_by("entered_at", "id"), (
            "entered_at", "left_at", "ends_at", "joined_at", "public_id",
        ), {"tier_name": "tier__name", "reason_word": "reason"}),
        Section("segments", SegmentMember.objects.filter(contact_id__in=kin).order_by("segment__name"), (
            "added_at",
        ), {"segment_name": "segment__name"}),
        Section("promotions", CustomerGrant.objects.filter(contact_id__in=kin).order_by("promotion__name"), (
            "granted", "count", "cap", "most",
        ), {"promotion_name": "promotion__name"}),
    ]  # fmt: skip


def of_points(kin: list[int]) -> list[Section]:
    """Return the books of the person."""

    def own(model: type[Any], order: str = "id") -> QuerySet[Any]:
        return model._default_manager.filter(contact_id__in=kin).order_by(*order.split())

    return [
        Section("accounts", own(BonusBalance, "account id"), ("account", "amount", "lifetime", "public_id")),
        Section("operations", own(Operation, "effective_at id"), (
            "id", "kind", "effective_at", "recorded_at", "actor", "cause", "reason", "corrects_id",
        )),
        Section("operation_keys", own(OperationKey, "operation_id key"), ("key", "operation_id")),
        Section("transfers", own(Transfer), ("operation_id", "source", "target", "amount")),
        Section("lots", own(Lot, "matures_at id"), (
            "id", "operation_id", "account", "earned", "remaining", "matures_at", "expires_at", "landed", "expired",
        )),
        Section("draws", own(Draw), ("lot_id", "operation_id", "amount")),
        Section("moved_lots", own(MovedLot), ("lot_id", "from_lot_id", "root_id", "accrual_id", "amount")),
        Section("carried", own(CarriedLifetime), ("operation_id", "account", "amount")),
        Section("holds", own(Hold), (
            "public_id", "key", "amount", "made_at", "ends_at", "resolved_at", "captured", "actor", "cause",
            "operation_id",
        )),
        Section("till_answers", own(TillAnswer, "recorded_at key"), ("key", "answer", "recorded_at")),
        Section("adjustments", own(AdjustmentRequest), (
            "account", "amount", "may_owe", "reason", "maker", "requested_at", "status", "checker", "decided_at",
            "note", "key", "operation_id",
        )),
    ]  # fmt: skip


def of_acts(kin: list[int]) -> list[Section]:
    """Return what the person has bought, brought back, scanned and typed, and what was merged with it."""
    purchases = Purchase.objects.filter(contact_id__in=kin)
    cards = Card.objects.filter(contact_id__in=kin).annotate(subject=Cast("id", CharField())).values("subject")
    counted = LimitUse.objects.filter(scope=LimitScope.CARD, subject__in=cards)
    typed = PromoCode.objects.filter(used_by_id__in=kin).order_by("id")
    return [
        Section("purchases", purchases.order_by("purchased_at", "id"), (
            "purchase_id", "purchased_at", "recorded_at", "amount", "paid", "accrued", "qualifying", "returned",
            "unearned", "unqualified", "restored", "status", "till", "cashier", "offline", "actor", "terms", "answer",
            "accrual_id", "redemption_id",
        ), {"card_number": "card__number", "store_code": "store__code"}),
        Section("purchase_lines", PurchaseLine.objects.filter(purchase__in=purchases).order_by(
            "purchase__purchased_at", "purchase_id", "position"
        ), (
            "position", "sku", "name", "category", "quantity", "price", "amount", "paid", "accrued", "returned",
            "returned_quantity",
        ), {"receipt": "purchase__purchase_id"}),
        Section("returns", PurchaseReturn.objects.filter(purchase__in=purchases).order_by("id"), (
            "kind", "return_id", "amount", "lines", "taken_back", "qualifying_taken_back", "restored", "balance",
            "recorded_at", "actor", "take_back_id", "restoration_id",
        ), {"receipt": "purchase__purchase_id"}),
        Section("scanned_receipts", FiscalReceipt.objects.filter(contact_id__in=kin).order_by("id"), (
            "fiscal_drive", "document_number", "fiscal_sign", "purchased_at", "amount", "received_at", "decided_at",
            "status", "points", "taken_back", "awards", "store", "actor", "operation_id", "purchase_id",
        ), {"reason_word": "reason", "card_number": "card__number"}),
        Section("promo_codes", CodeUse.objects.filter(contact_id__in=kin).order_by("id"), (
            "points", "used_at", "actor", "operation_id",
        ), {"promotion_name": "promotion__name", "code_text": "code__code"}),
        Section("single_codes", typed, ("used_at", "single_use"), {
            "promotion_name": "promotion__name", "code_text": "code",
        }),
        Section("limits", counted.order_by("day", "what"), (
            "scope", "what", "day", "count", "amount", "count_alerted", "amount_alerted",
        )),
        Section("merges", merges_of(kin).order_by("id"), (
            "public_id", "merged_at", "actor", "reason", "undone_at", "undone_by", "undone_reason", "personal",
        ), {"tier_changes": "former__tiers", "stayed": "survivor__code", "went": "absorbed__code"}),
    ]  # fmt: skip
