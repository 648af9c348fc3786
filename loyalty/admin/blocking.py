"""Blocking, unblocking and replacing a card: the same tables and use cases as at the till, and always a reason."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold import widgets

from cards.blocking import BLOCK_NAMES, UNBLOCK_NAMES, BlockReason, UnblockReason
from cards.models import BlockRecord, Card, CardStatus
from loyalty.admin import columns, pages, roles, wording
from loyalty.admin.commands import Command, ReasonForm
from loyalty.admin.pages import Table
from loyalty.core.actors import Actor
from loyalty.core.roles import Role
from loyalty.models import StaffRole
from loyalty.services import blocking, replacement

LABEL = "cards.card"
LAST = 20
USABLE = (CardStatus.ISSUED, CardStatus.ACTIVE)


class _CodeField(forms.TypedChoiceField):
    """One of the reasons that the role may use; nothing is chosen beforehand, so that nobody confirms a guess."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            coerce=int,
            widget=widgets.UnfoldAdminRadioSelectWidget(),
            error_messages={"required": _("Choose a reason.")},
            **kwargs,
        )


class _InOwnWords(ReasonForm):
    """Besides the reason of the table, the words of whoever acts: they stand in the record and in the journal."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = _("In your own words")


class BlockForm(_InOwnWords):
    """What for, out of the reasons of the role, and why."""

    reason_code = _CodeField(label=_("Blocked for"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reasons = blocking.block_reasons(Role(self.person_role))
        self.fields["reason_code"].choices = [(each.value, gettext(BLOCK_NAMES[each])) for each in reasons]  # type: ignore[attr-defined]


class UnblockForm(_InOwnWords):
    """The reason that is the pair of what the card was blocked for, and why."""

    reason_code = _CodeField(label=_("Unblocked for"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reasons = blocking.unblock_reasons(Role(self.person_role), self.subject)
        field = self.fields["reason_code"]
        field.choices = [(each.value, gettext(UNBLOCK_NAMES[each])) for each in reasons]  # type: ignore[attr-defined]
        field.initial = reasons[0].value if len(reasons) == 1 else None


class ReplaceForm(ReasonForm):
    """The number of the card that takes the place of this one."""

    new_number = forms.CharField(
        label=_("Number of the new card"),
        max_length=19,
        widget=widgets.UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "inputmode": "numeric"}),
        help_text=_("A card that belongs to nobody yet. It is issued and bound in the same step."),
    )


def _block(actor: Actor, card: Card, form: BlockForm) -> None:
    code, words = form.cleaned_data["reason_code"], form.cleaned_data["reason"]
    blocking.block_card(actor, Role(actor.role), number=card.number, reason_code=code, reason_name=words)


def _unblock(actor: Actor, card: Card, form: UnblockForm) -> None:
    code, words = form.cleaned_data["reason_code"], form.cleaned_data["reason"]
    blocking.unblock_card(actor, Role(actor.role), number=card.number, reason_code=code, reason_name=words)


def _replace(actor: Actor, card: Card, form: ReplaceForm) -> None:
    number, words = form.cleaned_data["new_number"], form.cleaned_data["reason"]
    replacement.replace_card(actor, Role(actor.role), number=card.number, new_number=number, reason_name=words)


def _held(card: Card) -> bool:
    return card.contact_id is not None and not card.blocked_for_good


def _is_blocked(card: Card) -> bool:
    return card.status == CardStatus.BLOCKED


def _may_replace(card: Card, role: str) -> bool:
    if BlockReason.REPLACEMENT not in blocking.block_reasons(Role(role)):
        return False
    return not _is_blocked(card) or bool(blocking.unblock_reasons(Role(role), card))


BLOCK = Command(
    "block",
    _("Block"),
    BlockForm,
    _block,
    done=_("The card is blocked. Its points are frozen."),
    explain=_(
        "While a card is blocked, nothing is earned or spent with it and its points are frozen."
        " A card blocked for a replacement is never unblocked."
    ),
    icon="block",
    danger=True,
    offered=lambda card: _held(card) and card.status in USABLE,
    offered_to=lambda _card, role: bool(blocking.block_reasons(Role(role))),
)
UNBLOCK = Command(
    "unblock",
    _("Unblock"),
    UnblockForm,
    _unblock,
    done=_("The card is unblocked."),
    explain=_("The card becomes Active when the holder's data suffice, else Issued. Frozen points can be spent again."),
    icon="lock_open",
    offered=lambda card: _held(card) and _is_blocked(card),
    offered_to=lambda card, role: _is_blocked(card) and bool(blocking.unblock_reasons(Role(role), card)),
)
REPLACE = Command(
    "replace",
    _("Replace"),
    ReplaceForm,
    _replace,
    done=_("The card is replaced. The new card is bound to the customer."),
    explain=_(
        "This card is blocked for good, the new one is bound to its holder."
        " Points, purchases, tier and consents stay with the customer."
    ),
    icon="swap_horiz",
    danger=True,
    offered=_held,
    offered_to=_may_replace,
)
COMMANDS = (BLOCK, UNBLOCK, REPLACE)


def links(request: HttpRequest, card_id: int | None, status: int | None) -> Any:
    """Return the buttons of a row for a bound card that is not replaced: one click to the form."""
    if card_id is None or status not in (*USABLE, CardStatus.BLOCKED):
        return pages.NOTHING
    offered = (UNBLOCK if status == CardStatus.BLOCKED else BLOCK, REPLACE)
    shown = [each for each in offered if roles.may(request.user, LABEL, each.name)]
    found = ((reverse(f"admin:cards_card_{each.name}", args=[card_id]), each.icon, each.label) for each in shown)
    inner = format_html_join(
        "",
        '<a class="bo-act" href="{}"><span class="material-symbols-outlined" aria-hidden="true">{}</span>{}</a>',
        found,
    )
    return format_html('<span class="bo-acts">{}</span>', inner) if inner else pages.NOTHING


def column(request: HttpRequest, card: str = "pk", status: str = "status", holder: str = "contact_id") -> Any:
    """Return the list's column of these buttons; the names say where a row keeps the card, its status, its holder."""

    def written(record: Any) -> Any:
        if getattr(record, holder) is None or getattr(record, "blocked_for_good", False):
            return pages.NOTHING
        return links(request, getattr(record, card), getattr(record, status))

    return columns.computed("acts", _("actions"), written)


def may_act(request: HttpRequest) -> bool:
    """Tell whether the person may block, unblock or replace cards at all."""
    return any(roles.may(request.user, LABEL, each.name) for each in COMMANDS)


def notes(card: Card) -> list[str]:
    """Say what a Blocked card is blocked for, and which roles may unblock it."""
    if card.blocked_for_good:
        return [gettext("The card was replaced: it is blocked for good.")]
    last = blocking.last_block(card)
    people = [Role(each) for each in StaffRole.values]
    able = [gettext(str(each.label)) for each in people if blocking.unblock_reasons(each, card, last)]
    if last is None:
        why = gettext("The card came blocked from another system, without a reason.")
    else:
        reason = gettext(BLOCK_NAMES[BlockReason(last.reason_code)])
        why = gettext("Blocked for: %(reason)s.") % {"reason": reason}
    return [why + " " + gettext("It may be unblocked by: %(roles)s.") % {"roles": ", ".join(able).lower()}]


def history(card: Card) -> Table:
    """Return the blocks and unblocks of a card, the last first."""
    rows = [
        (
            pages.moment(record.recorded_at),
            gettext("block") if record.blocking else gettext("unblock"),
            _reason(record),
            format_html("{} ({})", wording.written(wording.actor, record.actor), wording.role(record.role)),
            # Said of the card, not of the record: other languages have genders.
            pages.worded(Card, CardStatus(record.status_before).label),
            pages.worded(Card, CardStatus(record.status_after).label),
        )
        for record in BlockRecord.objects.filter(card_id=card.pk).order_by("-id")[:LAST]
    ]
    headers = (_("when"), _("what"), _("reason"), _("who"), _("status before"), _("status after"))
    return Table(_("Blocks and unblocks"), headers, rows, empty=_("This card was never blocked."))


def _reason(record: BlockRecord) -> str:
    """Write the reason of the table, then the words of whoever gave it when they say more."""
    code = record.reason_code
    name = BLOCK_NAMES[BlockReason(code)] if record.blocking else UNBLOCK_NAMES[UnblockReason(code)]
    own = record.reason_name not in ("", name)
    return f"{gettext(name)}: {record.reason_name}" if own else gettext(name)
