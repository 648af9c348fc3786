"""The overview: a search box, the last purchases, the last runs of jobs. Nothing here counts a large table."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from loyalty.admin import adjustments, pages, roles, wording
from loyalty.admin.journal import progress_bar
from loyalty.admin.pages import Fact, Group, Page, Table
from loyalty.models import JobRun, Program, Purchase
from loyalty.services import program

LAST = 8


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to the context of the overview what this person may see."""
    tables = []
    if roles.may(request.user, "loyalty.purchase"):
        tables.append(_purchases())
    if roles.may(request.user, "loyalty.jobrun"):
        tables.append(_runs())
    settings = program.settings()
    groups = [_settings(settings)] if roles.may(request.user, "loyalty.program") else []
    warnings = [_low_pool(settings)] if settings.pool_low_since and roles.may(request.user, "cards.cardimport") else []
    searches = roles.may(request.user, "customers.contact")
    return {
        **context,
        "page": Page([], tiles=adjustments.waiting(request), tables=tables, warnings=warnings),
        "programme": Page(groups),
        "searches": searches,
        "nobody": not roles.role_of(request.user),
    }


def _low_pool(settings: Program) -> SafeString:
    told = gettext(
        "Fewer than {} free card numbers are left for the wallet app, since {}. Without them customers are turned away."
        " {}, or ask an administrator to make new ones with create_card_pool."
    )
    way = pages.away(gettext("Import numbers"), reverse("admin:cards_cardimport_add"))
    return format_html(told, pages.whole(settings.low_pool_alert), pages.moment(settings.pool_low_since), way)


def _settings(settings: Program) -> Group:
    return Group(
        _("The programme"),
        [
            Fact(_("retailer"), settings.retailer),
            Fact(_("points for 1.00 spent"), f"{settings.earn_rate.normalize():f}"),
            Fact(_("days in escrow"), settings.escrow_days),
            Fact(_("the most of a basket that bonuses pay"), f"{settings.spending_share.normalize():f} %"),
            Fact(_("time zone"), settings.zone),
            Fact("", pages.away(_("All settings"), pages.list_of("loyalty.program"))),
        ],
    )


def _purchases() -> Table:
    last = Purchase.objects.select_related("contact", "store").order_by("-id")[:LAST]
    rows = [
        (
            pages.link(purchase.purchase_id, "loyalty.purchase", purchase.pk),
            pages.moment(purchase.purchased_at),
            pages.link(purchase.contact, "customers.contact", purchase.contact_id),
            str(purchase.store),
            pages.amount(purchase.amount),
            pages.amount(purchase.accrued),
        )
        for purchase in last
    ]
    headers = (_("PurchaseId"), _("purchased at"), _("customer"), _("store"), _("amount"), _("accrued"))
    return Table(
        _("Last purchases"),
        headers,
        rows,
        empty=_("No purchase yet."),
        more=pages.list_of("loyalty.purchase"),
        numeric=frozenset({4, 5}),
    )


def _runs() -> Table:
    rows = [
        (
            pages.link(wording.job(run.job), "loyalty.jobrun", run.pk),
            pages.moment(run.started_at),
            progress_bar(run),
            pages.moment(run.finished_at),
        )
        for run in JobRun.objects.order_by("-id")[:5]
    ]
    headers = (_("job"), _("started at"), _("progress"), _("finished at"))
    return Table(
        _("Last job runs"), headers, rows, empty=_("No job has run yet."), more=pages.list_of("loyalty.jobrun")
    )
