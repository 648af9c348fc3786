"""Points by hand: the form on a customer's page, and the queue in which a second person decides."""

import uuid
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold import widgets

from customers.models import Contact
from loyalty.admin import columns, contact_glance, pages, refusals, roles, search, wording
from loyalty.admin.base import ReadOnly
from loyalty.admin.commands import Command, ReasonForm
from loyalty.admin.pages import Fact, Group, Page, Tile
from loyalty.admin.site import site
from loyalty.core.actors import Actor
from loyalty.ledger.accounts import Account
from loyalty.ledger.rounding import LARGEST
from loyalty.models import AdjustmentRequest, AdjustmentStatus, StaffRole
from loyalty.services import adjustments, program
from loyalty.services.adjustments import Wanted

LABEL = "loyalty.adjustmentrequest"
MOST_COUNTED = 100
GIVE, TAKE = "give", "take"


class AdjustForm(ReasonForm):
    """How many points, of which account, given or taken, and why. The hidden key makes two clicks one act."""

    key = forms.CharField(widget=forms.HiddenInput(), max_length=60)
    direction = forms.ChoiceField(
        label=_("What to do"),
        choices=[(GIVE, _("Give points")), (TAKE, _("Take points"))],
        widget=widgets.UnfoldAdminRadioSelectWidget(),
        error_messages={"required": _("Choose: give or take.")},
    )
    account = forms.TypedChoiceField(
        label=_("account"), coerce=lambda code: Account(int(code)), widget=widgets.UnfoldAdminSelectWidget()
    )
    amount = forms.DecimalField(
        label=_("points"),
        min_value=Decimal("0.01"),
        max_value=LARGEST,
        decimal_places=2,
        widget=widgets.UnfoldAdminDecimalFieldWidget(),
    )
    may_owe = forms.BooleanField(
        label=_("may leave a debt"),
        required=False,
        widget=widgets.UnfoldBooleanSwitchWidget(),
        help_text=_("When points are taken that are not there, the next ones pay for them."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        settings = program.settings()
        self.fields["account"].choices = [(each.value, gettext(each.label)) for each in adjustments.ACCOUNTS]  # type: ignore[attr-defined]
        self.fields["amount"].help_text = gettext(
            "Alone you give or take at most %(act)s at once and %(day)s in a day."
            " What goes beyond waits for a second person."
        ) % {"act": pages.amount(settings.adjustment_alone), "day": pages.amount(settings.adjustment_alone_daily)}
        if self.person_role != StaffRole.ADMINISTRATOR:
            del self.fields["may_owe"]

    def present(self, subject: Any) -> dict[str, Any]:
        """Give every opened form a key of its own."""
        return {"key": uuid.uuid4().hex}

    def wanted(self, contact: Contact) -> Wanted:
        """Return what the person asks for."""
        data = self.cleaned_data
        amount: Decimal = data["amount"] if data["direction"] == GIVE else -data["amount"]
        return Wanted(
            key=data["key"],
            contact_id=contact.pk,
            account=data["account"],
            amount=amount,
            reason=data["reason"],
            may_owe=data.get("may_owe", False),
        )


def _adjust(actor: Actor, contact: Contact, form: AdjustForm) -> str:
    request = adjustments.ask(actor, form.wanted(contact))
    if request.status == AdjustmentStatus.POSTED:
        return gettext("The points are adjusted.")
    return gettext("This is beyond what one person may do alone: it waits for a second person under Adjustments.")


ADJUST = Command(
    "adjust",
    _("Adjust points"),
    AdjustForm,
    _adjust,
    submit=_("Adjust"),
    explain=_(
        "The reason stays with the adjustment and in the journal. Given points can be spent at once and expire like"
        " others; taken ones come from those that expire first, and never from what a till has set aside."
    ),
    icon="published_with_changes",
)


class DecisionForm(ReasonForm):
    """A word on the decision: it stands beside the request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = _("Note")

    def notes(self) -> list[Any]:
        """Say once more what is being decided."""
        asked = self.subject
        told = gettext("%(points)s, %(account)s, for %(customer)s, asked by %(person)s: %(reason)s")
        return [told % {
            "points": pages.signed(asked.amount), "account": pages.choice(asked, "account"),
            "customer": asked.contact, "person": wording.actor(asked.maker), "reason": asked.reason,
        }]  # fmt: skip


def _approve(actor: Actor, request: AdjustmentRequest, form: DecisionForm) -> None:
    adjustments.approve(actor, request.pk, form.cleaned_data["reason"])


def _refuse(actor: Actor, request: AdjustmentRequest, form: DecisionForm) -> None:
    adjustments.refuse(actor, request.pk, form.cleaned_data["reason"])


def _withdraw(actor: Actor, request: AdjustmentRequest, form: DecisionForm) -> None:
    adjustments.withdraw(actor, request.pk, form.cleaned_data["reason"])


def _waits(request: AdjustmentRequest) -> bool:
    return str(request.status) == AdjustmentStatus.REQUESTED


_COMMANDS = (
    Command(
        "approve",
        _("Approve"),
        DecisionForm,
        _approve,
        done=_("Approved: the points are adjusted."),
        explain=_("The points are given or taken at once. Nobody approves what they asked for themselves."),
        icon="check",
        offered=_waits,
    ),
    Command(
        "refuse",
        _("Refuse"),
        DecisionForm,
        _refuse,
        done=_("Refused: nothing was adjusted."),
        icon="close",
        danger=True,
        offered=_waits,
    ),
    Command(
        "withdraw",
        _("Withdraw"),
        DecisionForm,
        _withdraw,
        done=_("Withdrawn: nothing was adjusted."),
        icon="undo",
        offered=_waits,
    ),
)


@admin.register(AdjustmentRequest, site=site)
class AdjustmentAdmin(ReadOnly):
    """What was asked for and decided; those that wait stand first."""

    hint = _("Points given or taken by hand stand here. Open a customer to begin one.")
    list_display = (
        columns.computed("points", _("points"), lambda request: pages.signed(request.amount)),
        columns.choice("account", _("account")),
        "contact",
        columns.badge("status", _("status")),
        "maker",
        columns.moment("requested_at", _("asked at")),
        "checker",
        columns.moment("decided_at", _("decided at")),
    )
    list_select_related = ("contact",)
    list_filter = (("status", columns.ChoiceFilter),)
    search_fields = ("contact",)
    search_help_text = _("The customer's phone, card number, code or surname")
    # PostgreSQL puts those without a decision first, and an index stands in this order.
    ordering = ("-decided_at", "-id")
    facts = ("reason", "may_owe", "maker", "requested_at", "checker", "decided_at", "note")
    commands = _COMMANDS

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AdjustmentRequest], search_term: str
    ) -> tuple[QuerySet[AdjustmentRequest], bool]:
        """Find the contact first."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(contact_id__in=search.contact_ids(search_term)), False

    def offers(self, request: HttpRequest, record: AdjustmentRequest, command: Command) -> bool:
        """Let people withdraw their own requests, and decide those of others."""
        own = record.maker == str(roles.actor_of(request))
        return super().offers(request, record, command) and own == (command.name == "withdraw")

    def title_of(self, record: AdjustmentRequest) -> str:
        """Name the points and the account."""
        return f"{pages.signed(record.amount)} · {pages.choice(record, 'account')}"

    def page(self, request: HttpRequest, record: AdjustmentRequest) -> Page:
        """Show what was asked for, what became of it, and what the customer holds now."""
        facts = [
            Fact(_("customer"), pages.link(record.contact, "customers.contact", record.contact_id)),
            Fact(_("points"), pages.signed(record.amount)),
            Fact(_("account"), pages.choice(record, "account")),
            Fact(_("status"), pages.badge(record, "status")),
            *self.facts_of(record),
        ]
        if record.operation_id and roles.may(request.user, "ledger.operation"):
            link = pages.link(record.operation_id, "ledger.operation", record.operation_id)
            facts.append(Fact(_("operation"), link))
        notes = _obstacles(record)
        if not roles.may(request.user, "ledger.bonusbalance"):
            return Page([Group(_("Adjustment"), facts)], notes=notes)
        balance = contact_glance.balance_of(record.contact_id, contact_glance.retailer_zone())
        tiles = contact_glance.tiles(balance)
        return Page([Group(_("Adjustment"), facts)], tiles, notes=[*notes, gettext("What the customer holds now:")])


def _obstacles(record: AdjustmentRequest) -> list[str]:
    """Say why a request that waits cannot be approved, so that nobody has to press the button to learn it."""
    obstacle = adjustments.obstacle(record) if _waits(record) else None
    if obstacle is None:
        return []
    told = gettext("This cannot be approved as things stand: %(why)s Refuse it, or wait until that has changed.")
    return [told % {"why": refusals.words(obstacle)}]


def waiting(request: HttpRequest) -> list[Tile]:
    """Return how many requests wait for this person's decision: nothing for those who may not decide."""
    if not roles.may(request.user, LABEL, "approve"):
        return []
    # Those without a time of decision head an index; nothing is counted beyond a hundred.
    found = AdjustmentRequest.objects.filter(decided_at=None).exclude(maker=str(roles.actor_of(request)))
    waits = len(found.order_by("-id").values_list("pk")[:MOST_COUNTED])
    number = f"{MOST_COUNTED - 1}+" if waits == MOST_COUNTED else pages.whole(waits)
    return [Tile(_("Adjustments that wait"), number, pages.away(_("Open the queue"), pages.list_of(LABEL)))]
