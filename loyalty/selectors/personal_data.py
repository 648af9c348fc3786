"""Everything that is held about one person, for that person: as data, and as a page (docs/decisions/erasure.md).

Sections of plain rows, so that JSON and page tell the same. Who was merged into the contact is told with it.
Reads only.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet

from cards.models import BlockRecord, Card
from customers import selectors as customers
from customers.models import Consent, Contact
from loyalty.core import clock
from loyalty.ledger import balances
from loyalty.ledger.accounts import HELD
from loyalty.ledger.models import Hold, Lot, Operation, Transfer
from loyalty.models import (
    AdjustmentRequest,
    Interaction,
    JournalEntry,
    Merge,
    Purchase,
    PurchaseLine,
    PurchaseReturn,
    Surface,
)
from promos.models import CodeUse, CustomerGrant, FiscalReceipt, SegmentMember
from tiers import rules
from tiers.models import Standing

Row = dict[str, Any]

_PERSON = (
    "code", "public_id", "external_id", "status", "phone", "email", "surname", "first_name", "patronymic", "sex",
    "birth_date", "country_code", "locality", "attributes", "created_at", "updated_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Held:
    """What is held about a person at `told_at`: rows of plain values by the name of their section."""

    code: str
    told_at: datetime
    sections: dict[str, list[Row]]


def of(contact: Contact, zone: ZoneInfo) -> Held:
    """Return everything held about a contact and those who were merged into it (27 statements at any history)."""
    kin = customers.kin_of(contact.pk)
    numbers = list(Card.objects.filter(contact_id__in=kin).values_list("number", flat=True))
    sections = {
        "person": _person(kin),
        "balances": _balances(contact.pk, zone),
        **_cards_and_tiers(kin),
        **_purchases(kin),
        **_points(kin),
        **_marketing(kin),
        **_acts(kin, numbers),
    }
    return Held(contact.code, clock.now(), sections)


def merges_of(kin: Collection[int]) -> QuerySet[Merge]:
    """Return the merges of people with others, on either side, undone ones too."""
    return Merge.objects.filter(Q(survivor_id__in=kin) | Q(absorbed_id__in=kin))


def journal_about(kin: Collection[int], numbers: Collection[str]) -> QuerySet[JournalEntry]:
    """Return the entries of people, of their cards before these were bound, and of their requests, whose journal may
    stand with somebody they were one with for a time (1 statement before).
    """
    requests = AdjustmentRequest.objects.filter(contact_id__in=kin).values_list("pk", flat=True)
    targets = [*numbers, *(f"adjustment {pk}" for pk in requests)]
    return JournalEntry.objects.filter(Q(contact_id__in=kin) | Q(target__in=targets))


def journal_of_merges(kin: Collection[int]) -> QuerySet[JournalEntry]:
    """Return what the journal says of the merges of people, on both sides: the same reason stands with each of the two
    (1 statement before). What it says of the other side is not for these people to read.
    """
    merges = list(merges_of(kin).values_list("public_id", "survivor_id", "absorbed_id"))
    both = {each for _, *pair in merges for each in pair}
    return JournalEntry.objects.filter(contact_id__in=both, details__merge__in=[str(each) for each, *_ in merges])


def calls_about(people: Iterable[Contact], numbers: Collection[str]) -> QuerySet[Interaction]:
    """Return the logged calls about cards, and those of partners who read loyalty data, which name no card."""
    named = "|".join(_names(people))
    told = Q(surface=Surface.LOYALTY_DATA) & (Q(path__regex=named) | Q(response_body__regex=named))
    return Interaction.objects.filter(Q(card_number__in=numbers) | told)


def _names(people: Iterable[Contact]) -> Iterator[str]:
    """Yield patterns of what an address or an answer of loyalty data names a person by."""
    for person in people:
        yield str(person.public_id)
        yield rf"\m{person.code}\M"
        if person.external_id:
            yield rf'(external_id=|/external/users/|"external_id":"){re.escape(person.external_id)}([&"/?]|$)'


def as_json(held: Held, zone: ZoneInfo) -> dict[str, Any]:
    """Return it as JSON values: decimals as texts, moments in ISO 8601 with the retailer's offset."""
    sections = {name: [_plain_row(row, zone) for row in rows] for name, rows in held.sections.items()}
    return {"contact": held.code, "told_at": _plain(held.told_at, zone), **sections}


def _plain_row(row: Mapping[str, Any], zone: ZoneInfo) -> Row:
    return {name: _plain(value, zone) for name, value in row.items()}


def _plain(value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    return value if value is None or isinstance(value, (bool, int, str, dict, list)) else str(value)


def _rows(found: QuerySet[Any], *names: str, **named: Any) -> list[Row]:
    """Return rows with the words of fixed lists in place of their codes."""
    labels = {name: dict(getattr(found.model._meta.get_field(name), "flatchoices", ())) for name in names}
    return [
        {name: str(labels[name].get(value, value)) if labels.get(name) else value for name, value in row.items()}
        for row in found.values(*names, **named)
    ]


def _person(kin: list[int]) -> list[Row]:
    order = {pk: place for place, pk in enumerate(kin)}
    rows = _rows(Contact.objects.filter(pk__in=kin), "id", *_PERSON)
    return [{name: row[name] for name in _PERSON} for row in sorted(rows, key=lambda row: order[row["id"]])]


def _balances(contact_id: int, zone: ZoneInfo) -> list[Row]:
    now = clock.now()
    read = balances.read(contact_id, now, since=rules.year_began(now, zone))
    amounts = (read.spendable, read.spendable_escrow, read.qualifying, read.qualifying_escrow)
    rows: list[Row] = [
        {"account": account.label, "amount": amount, "expires_first": None, "expires_at": None}
        for account, amount in zip(HELD, amounts, strict=True)
    ]
    if read.expiring:
        rows[0] |= {"expires_first": read.expiring.amount, "expires_at": read.expiring.expires_at}
    return [*rows, {"account": "Burned", "amount": read.burned, "expires_first": None, "expires_at": None}]


def _cards_and_tiers(kin: list[int]) -> dict[str, list[Row]]:
    cards = Card.objects.filter(contact_id__in=kin).order_by("id")
    blocks = BlockRecord.objects.filter(card__contact_id__in=kin).order_by("id")
    standings = Standing.objects.filter(contact_id__in=kin).order_by("entered_at", "id")
    tiers = _rows(standings, "entered_at", "left_at", "ends_at", "reason", tier_name=F("tier__name"))
    return {
        "cards": _rows(
            cards, "number", "status", "category", "card_type", "bound_at", "activated_at", "blocked_for_good"
        ),
        "card_blocks": _rows(blocks, "blocking", "reason_name", "actor", "recorded_at", card_number=F("card__number")),
        "tiers": [{"reason_word": row.pop("reason"), **row} for row in tiers],
    }


def _purchases(kin: list[int]) -> dict[str, list[Row]]:
    purchases = Purchase.objects.filter(contact_id__in=kin).order_by("purchased_at", "id")
    lines = PurchaseLine.objects.filter(purchase__contact_id__in=kin)
    returns = PurchaseReturn.objects.filter(purchase__contact_id__in=kin).order_by("id")
    receipts = FiscalReceipt.objects.filter(contact_id__in=kin).order_by("id")
    scanned = _rows(
        receipts,
        "fiscal_drive",
        "document_number",
        "fiscal_sign",
        "purchased_at",
        "amount",
        "received_at",
        "status",
        "points",
        "taken_back",
        "store",
        "reason",
    )
    return {
        "purchases": _rows(
            purchases, "purchase_id", "purchased_at", "amount", "paid", "accrued", "status", "till", "terms",
            card_number=F("card__number"), store_code=F("store__code"),
        ),
        "purchase_lines": _rows(
            lines.order_by("purchase__purchased_at", "purchase_id", "position"),
            "position", "sku", "name", "quantity", "price", "amount", "accrued", receipt=F("purchase__purchase_id"),
        ),
        "returns": _rows(
            returns, "kind", "return_id", "amount", "taken_back", "restored", "recorded_at",
            receipt=F("purchase__purchase_id"),
        ),
        "scanned_receipts": [{"reason_word": row.pop("reason"), **row} for row in scanned],
    }  # fmt: skip


def _points(kin: list[int]) -> dict[str, list[Row]]:
    operations = Operation.objects.filter(contact_id__in=kin).order_by("effective_at", "id")
    transfers = Transfer.objects.filter(contact_id__in=kin).order_by("id")
    lots = Lot.objects.filter(contact_id__in=kin, remaining__gt=0).order_by("matures_at", "id")
    holds = Hold.objects.filter(contact_id__in=kin).order_by("id")
    requests = AdjustmentRequest.objects.filter(contact_id__in=kin).order_by("id")
    return {
        "operations": _rows(operations, "id", "kind", "effective_at", "recorded_at", "actor", "cause", "reason"),
        "transfers": _rows(transfers, "operation_id", "source", "target", "amount"),
        "lots": _rows(lots, "account", "earned", "remaining", "matures_at", "expires_at"),
        "holds": _rows(holds, "amount", "made_at", "ends_at", "resolved_at", "captured", "cause"),
        "adjustments": _rows(
            requests, "account", "amount", "reason", "maker", "requested_at", "status", "decided_at", "note"
        ),
    }


def _marketing(kin: list[int]) -> dict[str, list[Row]]:
    consents = Consent.objects.filter(contact_id__in=kin).order_by("given_at", "id")
    segments = SegmentMember.objects.filter(contact_id__in=kin).order_by("segment__name")
    grants = CustomerGrant.objects.filter(contact_id__in=kin).order_by("promotion__name")
    codes = CodeUse.objects.filter(contact_id__in=kin).order_by("id")
    return {
        "consents": _rows(consents, "channel", "allowed", "given_at", said_through=F("source")),
        "segments": _rows(segments, "added_at", segment_name=F("segment__name")),
        "promotions": _rows(grants, "granted", "count", promotion_name=F("promotion__name")),
        "promo_codes": _rows(
            codes, "points", "used_at", promotion_name=F("promotion__name"), code_text=F("code__code")
        ),
    }


def _acts(kin: list[int], numbers: list[str]) -> dict[str, list[Row]]:
    journal = journal_about(kin, numbers).order_by("id")
    merges = merges_of(kin).order_by("id")
    calls = calls_about(list(Contact.objects.filter(pk__in=kin)), numbers).order_by("id")
    return {
        "merges": _rows(
            merges, "merged_at", "reason", "undone_at", "undone_reason", "personal",
            stayed=F("survivor__code"), went=F("absorbed__code"),
        ),
        "journal": _rows(journal, "recorded_at", "actor", "action", "reason", "details", to_what=F("target")),
        "calls": _rows(
            calls, "recorded_at", "surface", "method", "path", "text", "request_body", "response_body"
        ),
    }  # fmt: skip
