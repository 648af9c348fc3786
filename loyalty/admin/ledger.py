"""The books as they were written: balances, operations with their transfers, lots and draws. Nobody edits them."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from loyalty.admin import columns, contact_glance, pages, search
from loyalty.admin.base import ReadOnly
from loyalty.admin.pages import Fact, Group, Page, Table
from loyalty.admin.site import site
from loyalty.ledger.accounts import Account
from loyalty.ledger.models import BonusBalance, Draw, Lot, Operation, Transfer

MOST = 100


class OfContact(ReadOnly):
    """A table of the books: rows know their contact by number, and are found by whatever names the contact."""

    search_fields = ("contact_id",)
    search_help_text = _("The customer's phone, card number, code or surname")
    newest_of_contact: tuple[str, ...] = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows with the codes of their contacts."""
        return search.with_holder(super().get_queryset(request))

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Order one contact's rows as an index does, everybody's by the primary key."""
        narrowed = request.GET.get("q") or "contact_id" in request.GET
        return self.newest_of_contact if narrowed else ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find the contact first, then its rows."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(contact_id__in=search.contact_ids(search_term)), False

    def holder(self, record: Any) -> Fact:
        """Return the link to the contact."""
        return Fact(
            _("customer"), pages.link(record.holder_code or record.contact_id, "customers.contact", record.contact_id)
        )


@admin.register(BonusBalance, site=site)
class BalanceAdmin(OfContact):
    """Balances as booked; the page says what counts at this moment."""

    list_display = (
        columns.holder(_("customer")),
        columns.choice("account", _("account")),
        columns.amount("amount", _("booked")),
        columns.amount("lifetime", _("ever entered")),
    )
    newest_of_contact = ("contact_id", "account")

    def title_of(self, record: BonusBalance) -> str:
        """Name the account."""
        return pages.choice(record, "account")

    def page(self, request: HttpRequest, record: BonusBalance) -> Page:
        """Show the booked row, and beside it what counts now: the clock decides, not the job."""
        facts = [
            self.holder(record),
            Fact(_("account"), pages.choice(record, "account")),
            Fact(_("booked"), pages.amount(record.amount)),
            Fact(_("ever entered"), pages.amount(record.lifetime)),
            self._fact(record, "public_id"),
        ]
        balance = contact_glance.balance_of(record.contact_id, contact_glance.retailer_zone())
        tiles = contact_glance.tiles(balance)
        note = gettext(
            "The tiles show what counts at this moment. Booked points differ from them"
            " between the instant at which points mature or expire and the job that books it."
        )
        return Page([Group(_("As booked"), facts)], tiles, notes=[note])


@admin.register(Operation, site=site)
class OperationAdmin(OfContact):
    """Business facts, newest first."""

    list_display = (
        "id",
        columns.choice("kind", _("kind")),
        columns.holder(_("customer")),
        columns.moment("effective_at", _("effective at")),
        columns.moment("recorded_at", _("recorded at")),
        "cause",
        "actor",
    )
    newest_of_contact = ("-effective_at", "-id")
    facts = ("kind", "effective_at", "recorded_at", "actor", "cause", "reason")

    def title_of(self, record: Operation) -> str:
        """Name the kind and the number."""
        return f"{pages.choice(record, 'kind')} {record.pk}"

    def page(self, request: HttpRequest, record: Operation) -> Page:
        """Show an operation with everything it wrote."""
        facts = [Fact(_("number"), record.pk), self.holder(record), *self.facts_of(record)]
        # The books keep no typed text: the reason of an adjustment stands with its request.
        asked = record.cause.removeprefix("adjustment:")
        if asked != record.cause and asked.isdecimal():
            facts.append(Fact(_("adjustment"), pages.link(asked, "loyalty.adjustmentrequest", asked)))
        if record.corrects_id:
            facts.append(Fact(_("corrects"), pages.link(record.corrects_id, "ledger.operation", record.corrects_id)))
        return Page(
            [Group(_("Operation"), facts)],
            tables=[_transfers(record), _lots(record), _draws(record.contact_id, operation_id=record.pk)],
        )


@admin.register(Lot, site=site)
class LotAdmin(OfContact):
    """Points earned together. The list shows those that hold points: they have an index."""

    list_display = (
        "id",
        columns.holder(_("customer")),
        columns.choice("account", _("account")),
        columns.amount("earned", _("earned")),
        columns.amount("remaining", _("remaining")),
        columns.moment("matures_at", _("matures at")),
        columns.moment("expires_at", _("expires at")),
    )
    newest_of_contact = ("account", "expires_at", "id")
    facts = ("account", "earned", "remaining", "matures_at", "expires_at")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Lot], search_term: str
    ) -> tuple[QuerySet[Lot], bool]:
        """Find lots of a contact that hold points."""
        return super().get_search_results(request, queryset.filter(remaining__gt=0), search_term)

    def title_of(self, record: Lot) -> str:
        """Name the number."""
        return f"№ {record.pk}"

    def page(self, request: HttpRequest, record: Lot) -> Page:
        """Show a lot, the operations of its life, and what was drawn from it."""
        life = (
            (_("earned by operation"), record.operation_id),
            (_("rolled over by operation"), record.landed),
            (_("burned by operation"), record.expired),
        )
        facts = [Fact(_("number"), record.pk), self.holder(record), *self.facts_of(record)]
        facts += [Fact(label, pages.link(pk, "ledger.operation", pk) if pk else pages.NOTHING) for label, pk in life]
        return Page([Group(_("Lot"), facts)], tables=[_draws(record.contact_id, lot_id=record.pk)])


def _transfers(operation: Operation) -> Table:
    rows = [
        (_account(transfer.source), _account(transfer.target), pages.amount(transfer.amount))
        for transfer in Transfer.objects.filter(contact_id=operation.contact_id, operation_id=operation.pk)
    ]
    return Table(_("Transfers"), (_("from"), _("to"), _("points")), rows, numeric=frozenset({2}))


def _lots(operation: Operation) -> Table:
    rows = [
        (
            pages.link(lot.pk, "ledger.lot", lot.pk),
            pages.choice(lot, "account"),
            pages.amount(lot.earned),
            pages.amount(lot.remaining),
            pages.moment(lot.matures_at),
            pages.moment(lot.expires_at),
        )
        for lot in _lots_of(operation)
    ]
    headers = (_("lot"), _("account"), _("earned"), _("remaining"), _("matures at"), _("expires at"))
    return Table(_("Lots made"), headers, rows, numeric=frozenset({2, 3}), empty=_("This operation made no lot."))


def _lots_of(operation: Operation) -> list[Lot]:
    # Indexes know lots that hold points, and draws; an empty lot is found through what was drawn from it.
    drawn = Draw.objects.filter(contact_id=operation.contact_id).order_by("-id").values_list("lot_id", flat=True)
    known = Q(remaining__gt=0) | Q(pk__in=list(drawn[:1000]))
    return list(Lot.objects.filter(known, contact_id=operation.contact_id, operation_id=operation.pk).order_by("id"))


def _draws(contact_id: int, **of: int) -> Table:
    rows = [
        (
            pages.link(draw.lot_id, "ledger.lot", draw.lot_id),
            pages.link(draw.operation_id, "ledger.operation", draw.operation_id),
            pages.amount(draw.amount),
        )
        for draw in Draw.objects.filter(contact_id=contact_id, **of).order_by("-id")[:MOST]
    ]
    headers = (_("lot"), _("operation"), _("points"))
    return Table(_("Draws from lots"), headers, rows, numeric=frozenset({2}), empty=_("Nothing was drawn."))


def _account(code: int) -> str:
    return gettext(Account(code).label)
