"""Enrolling, leaving, blocking and erasing for good, from a customer's page."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cards import selectors as cards
from customers import selectors as customers
from customers.models import Contact, ContactStatus
from loyalty.admin import pages
from loyalty.admin.commands import Command, ReasonForm
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.roles import Role
from loyalty.ledger import balances
from loyalty.ledger.rounding import ZERO
from loyalty.services import contacts, erasure, hopeless_requests, membership


class MembershipForm(ReasonForm):
    """Only the reason is asked."""


class EraseForm(ReasonForm):
    """The reason first; on the second page the code, typed by hand."""

    confirmed = forms.CharField(
        label=_("Type the customer's code to confirm"), required=False, max_length=24, widget=forms.HiddenInput()
    )


def _is_open(contact: Contact) -> bool:
    return contact.merged_into_id is None and contact.erased_at is None


def _takes_part(contact: Contact) -> bool:
    return getattr(contact, "standing", None) not in (None, "left")


def _leave(actor: Actor, contact: Contact, form: MembershipForm) -> None:
    membership.leave_programme(actor, Role(actor.role), contact.pk, form.cleaned_data["reason"])


def _enrol(actor: Actor, contact: Contact, form: MembershipForm) -> None:
    membership.enrol_contact(actor, Role(actor.role), contact.pk, form.cleaned_data["reason"])


def _block(actor: Actor, contact: Contact, form: MembershipForm) -> None:
    contacts.block_contact(actor, contact.pk, form.cleaned_data["reason"])


def _unblock(actor: Actor, contact: Contact, form: MembershipForm) -> None:
    contacts.unblock_contact(actor, contact.pk, form.cleaned_data["reason"])


def _erase(actor: Actor, contact: Contact, form: EraseForm) -> None:
    data = form.cleaned_data
    erasure.erase_contact(actor, Role(actor.role), contact.pk, data["reason"], confirmed=data["confirmed"])


def _burns(contact: Contact) -> str:
    held = balances.read(contact.pk, clock.now())
    return gettext("%(points)s spendable points and %(escrow)s in escrow burn; nobody gets them back.") % {
        "points": pages.amount(max(held.spendable, ZERO)),
        "escrow": pages.amount(held.spendable_escrow),
    }


def _owed(contact: Contact, sentence: str) -> list[str]:
    held = balances.read(contact.pk, clock.now()).spendable
    return [sentence % {"points": pages.amount(-held)}] if held < 0 else []


def _numbers(contact: Contact) -> str:
    held = [card.number for card in cards.of_contact(contact.pk) if not card.blocked_for_good]
    return ", ".join(held)


def _cards(numbers: str, sentence: str) -> list[str]:
    return [sentence % {"number": numbers}] if numbers else []


def _withdrawn(contact: Contact) -> list[str]:
    waits = hopeless_requests.of_who_leaves(contact.pk).count()
    told = gettext("Adjustments by hand that wait and cannot be approved then are withdrawn: %(count)s.")
    return [told % {"count": waits}] if waits else []


def _look_at_leaving(contact: Contact, form: Any) -> list[str]:
    numbers = _numbers(contact)
    return [
        gettext("The customer is Unenrolled from now on."),
        _burns(contact),
        *_owed(contact, gettext("A debt of %(points)s stays and is paid by later points, should they join again.")),
        *_cards(numbers, gettext("Card %(number)s is blocked for refusal to use.")),
        *_withdrawn(contact),
        gettext("Personal data, purchases and consents stay. Goods can still be returned."),
        gettext("They may join again later: at Base, with the same card, without the burned points."),
    ]


def _look_at_blocking(contact: Contact, form: Any) -> list[str]:
    held = balances.read(contact.pk, clock.now()).available
    return [
        gettext("No bonuses can be spent or held at a till: %(points)s points wait.") % {"points": pages.amount(held)},
        gettext("The wallet takes neither promo codes nor scanned receipts."),
        gettext("The card stays as it is, and purchases still earn points. To stop that as well, block the card."),
        gettext("It can be undone at any time."),
    ]


def _look_at_erasing(contact: Contact, form: Any) -> list[str]:
    merged = len(customers.kin_of(contact.pk)) - 1
    numbers = _numbers(contact)
    return [
        gettext("This cannot be undone, by anybody."),
        gettext("Erased: names, phone, e-mail, birth date, external id, place and attributes of %(code)s.")
        % {"code": contact.code},
        *([gettext("The same of %(count)s records merged into it.") % {"count": merged}] if merged else []),
        _burns(contact),
        *_owed(contact, gettext("A debt of %(points)s is written off.")),
        *_cards(numbers, gettext("Card %(number)s is blocked for good and no till finds it.")),
        gettext("The customer leaves all segments; the log of calls about the cards is deleted."),
        gettext("Every reason, note and word of a block that somebody typed about the customer is erased, too."),
        gettext("Purchases, points and the journal stay under the code alone: the books remain whole."),
        gettext("If the customer has asked for their data, export them first."),
    ]


LEAVE = Command(
    "leave",
    _("Leave the programme"),
    MembershipForm,
    _leave,
    done=_("The customer has left the programme."),
    explain=_("The customer does not want to take part any more. You see what it means before it happens."),
    icon="logout",
    danger=True,
    foretell=_look_at_leaving,
    offered=lambda contact: _is_open(contact) and _takes_part(contact),
)
ENROL = Command(
    "enrol",
    _("Enrol"),
    MembershipForm,
    _enrol,
    done=_("The customer takes part in the programme."),
    explain=_("The customer begins at Base. A card that was blocked because they left works again."),
    icon="how_to_reg",
    offered=lambda contact: _is_open(contact) and not _takes_part(contact),
)
ERASE = Command(
    "erase",
    _("Erase personal data"),
    EraseForm,
    _erase,
    done=_("The personal data are erased for good."),
    submit=_("Erase for good"),
    explain=_("For a person who asks to be forgotten. You see what it means before it happens."),
    icon="delete_forever",
    danger=True,
    foretell=_look_at_erasing,
    typed="confirmed",
    offered=_is_open,
)
BLOCK = Command(
    "block",
    _("Block the customer"),
    MembershipForm,
    _block,
    done=_("The customer is blocked."),
    explain=_("For a person who must not spend, whatever card they hold. You see what it means before it happens."),
    icon="person_off",
    danger=True,
    foretell=_look_at_blocking,
    offered=lambda contact: _is_open(contact) and contact.status != ContactStatus.BLOCKED,
)
UNBLOCK = Command(
    "unblock",
    _("Unblock the customer"),
    MembershipForm,
    _unblock,
    done=_("The customer may spend again."),
    explain=_("Bonuses, promo codes and receipts count again. A blocked card stays blocked."),
    icon="person_check",
    offered=lambda contact: _is_open(contact) and contact.status == ContactStatus.BLOCKED,
)
COMMANDS = (ENROL, LEAVE, BLOCK, UNBLOCK)
