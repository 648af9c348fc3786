"""The overview: a search box, the last purchases, the last runs of jobs. Nothing here counts a large table."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from loyalty.admin import adjustments, pages, roles
from loyalty.admin.journal import progress_bar
from loyalty.admin.pages import Fact, Group, Page, Table
from loyalty.models import JobRun, Purchase
from loyalty.services import program

LAST = 8


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to the context of the overview what this person may see."""
    tables = []
    if roles.may(request.user, "loyalty.purchase"):
        tables.append(_purchases())
    if roles.may(request.user, "loyalty.jobrun"):
        tables.append(_runs())
    groups = [_settings()] if roles.may(request.user, "loyalty.program") else []
    searches = roles.may(request.user, "customers.contact")
    return {
        **context,
        "page": Page([], tiles=adjustments.waiting(request), tables=tables),
        "programme": Page(groups),
        "searches": searches,
        "nobody": not roles.role_of(request.user),
    }


def _settings() -> Group:
    settings = program.settings()
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
            pages.link(run.job, "loyalty.jobrun", run.pk),
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
