"""Purchases with their lines."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from loyalty.admin import columns, pages, roles, search
from loyalty.admin.base import ReadOnly
from loyalty.admin.pages import Fact, Group, Page, Table
from loyalty.admin.site import site
from loyalty.models import Purchase


@admin.register(Purchase, site=site)
class PurchaseAdmin(ReadOnly):
    """Receipts, found by PurchaseId, card or phone."""

    list_display = (
        "purchase_id",
        columns.moment("purchased_at", _("purchased at")),
        "card",
        "contact",
        "store",
        columns.amount("amount", _("amount")),
        columns.amount("paid", _("paid with bonuses")),
        columns.amount("accrued", _("accrued")),
        columns.badge("status", _("status")),
    )
    list_select_related = ("card", "contact", "store")
    search_fields = ("purchase_id",)
    search_help_text = _("PurchaseId, card number, or the customer's phone, code or surname")
    facts = ("till", "cashier", "purchased_at", "recorded_at", "offline", "actor")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Order one contact's purchases as their index does; the planner would walk over everybody's otherwise."""
        if any(name.startswith("contact") for name in request.GET):
            return ("-purchased_at", "-id")
        return ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Purchase], search_term: str
    ) -> tuple[QuerySet[Purchase], bool]:
        """Find as `search` explains."""
        return (search.purchases(queryset, search_term) if search_term.strip() else queryset), False

    def page(self, request: HttpRequest, record: Purchase) -> Page:
        """Show the receipt, its lines and what it did to the points."""
        purchase = Purchase.objects.select_related("contact", "card", "store").get(pk=record.pk)
        receipt = [
            Fact(_("PurchaseId"), purchase.purchase_id),
            Fact(_("status"), pages.badge(purchase, "status")),
            Fact(_("customer"), pages.link(purchase.contact, "customers.contact", purchase.contact_id)),
            Fact(_("card"), pages.link(purchase.card.number, "cards.card", purchase.card_id)),
            Fact(_("store"), str(purchase.store)),
        ]
        money = [
            Fact(self.opts.get_field(name).verbose_name, pages.amount(getattr(purchase, name)))
            for name in ("amount", "paid", "accrued", "qualifying")
        ]
        points = [*money, *_terms(purchase), *_operations(request, purchase)]
        groups = [Group(_("Receipt"), [*receipt, *self.facts_of(purchase)]), Group(_("Points"), points)]
        return Page(groups, tables=[_lines(purchase)])


def _terms(purchase: Purchase) -> list[Fact]:
    words = {"earn_rate": _("earn rate of that day"), "multiplier": _("tier multiplier of that day")}
    return [Fact(words[name], purchase.terms[name]) for name in words if name in purchase.terms]


def _operations(request: HttpRequest, purchase: Purchase) -> list[Fact]:
    if not roles.may(request.user, "ledger.operation"):
        return []
    named: list[tuple[Any, int | None]] = [
        (_("accrual in the ledger"), purchase.accrual_id),
        (_("redemption in the ledger"), purchase.redemption_id),
    ]
    return [Fact(label, pages.link(pk, "ledger.operation", pk)) for label, pk in named if pk]


def _lines(purchase: Purchase) -> Table:
    rows = [
        (
            line.position,
            line.sku or pages.NOTHING,
            line.name or pages.NOTHING,
            line.category or pages.NOTHING,
            f"{line.quantity.normalize():f}",
            pages.amount(line.price),
            pages.amount(line.amount),
            pages.amount(line.paid),
            pages.amount(line.accrued),
        )
        for line in purchase.lines.order_by("position")
    ]
    headers = (
        "№",
        _("SKU"),
        _("name"),
        _("category"),
        _("quantity"),
        _("price"),
        _("amount"),
        _("paid with bonuses"),
        _("accrued"),
    )
    return Table(_("Lines"), headers, rows, numeric=frozenset({4, 5, 6, 7, 8}))
