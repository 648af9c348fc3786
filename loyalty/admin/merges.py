"""Two customers that are one person: merging them, and undoing it, with a look at what will happen before."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold import widgets

from cards import selectors as cards
from cards.models import Card
from customers.errors import ContactNotFound
from customers.models import Contact
from loyalty.admin import pages, search, wording
from loyalty.admin.commands import Command, ReasonForm
from loyalty.admin.pages import Table
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import InvalidParameter
from loyalty.core.roles import Role
from loyalty.ledger import balances
from loyalty.models import Merge
from loyalty.services import merging, program, unmerging
from loyalty.services.errors import MergeNotFound
from tiers import selectors as tiers

LAST = 10


class MergeForm(ReasonForm):
    """Who the same person is, as the caller names it."""

    other = forms.CharField(
        label=_("The other customer"),
        max_length=120,
        widget=widgets.UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=_("Phone, card number, code or e-mail of the one that becomes this customer."),
    )


class UnmergeForm(ReasonForm):
    """Why they are two people after all."""


def told(contact: Contact) -> str:
    """Name a customer so that two of one name are told apart."""
    known = " · ".join(each for each in (contact.full_name, contact.phone or contact.email, contact.code) if each)
    return known


def _other(contact: Contact, form: MergeForm) -> Contact:
    typed = form.cleaned_data["other"]
    found = Contact.objects.select_related("merged_into").filter(pk__in=search.contact_ids(typed))
    people = {each.merged_into or each for each in found}
    if not people:
        raise ContactNotFound(name="other", by="text")
    if len(people) > 1:
        raise InvalidParameter("Several customers fit. Write the phone, the card number or the code.", name="other")
    return people.pop()


def _look_at_merge(contact: Contact, form: MergeForm) -> list[str]:
    other = _other(contact, form)
    if other.pk == contact.pk:
        raise InvalidParameter("This is the same customer.", name="other")
    names = {"other": told(other), "this": told(contact)}
    return [
        gettext("%(other)s becomes %(this)s.") % names,
        *_points(contact, other),
        *_cards(contact, other),
        _tier(contact, other),
        gettext("Purchases, scanned receipts, promo codes and segments go over. Limits of promotions count for both."),
        gettext("The newest answer about each channel counts, whoever of the two gave it."),
        gettext("This customer keeps its own data and takes what it lacks. The old phone and code lead here."),
        gettext("It can be undone: the other then gets back what it had."),
    ]


def _points(contact: Contact, other: Contact) -> list[str]:
    own, came = (balances.read(each.pk, clock.now()) for each in (contact, other))
    sentence = gettext(
        "%(came)s spendable points and %(escrow)s in escrow come over: together %(all)s and %(all_escrow)s."
    )
    return [
        sentence
        % {
            "came": pages.amount(came.spendable),
            "escrow": pages.amount(came.spendable_escrow),
            "all": pages.amount(own.spendable + came.spendable),
            "all_escrow": pages.amount(own.spendable_escrow + came.spendable_escrow),
        }
    ]


def _cards(contact: Contact, other: Contact) -> list[str]:
    held = [*cards.of_contact(contact.pk), *cards.of_contact(other.pk)]
    kept = merging.kept_card(held)
    if kept is None:
        return [gettext("Neither has a card that works.")]
    given_up: list[Card] = [card for card in held if not card.blocked_for_good and card.pk != kept.pk]
    said = [gettext("Card %(number)s stays.") % {"number": kept.number}]
    said += [
        gettext("Card %(number)s is blocked for good: one person has one card.") % {"number": card.number}
        for card in given_up
    ]
    return said


def _tier(contact: Contact, other: Contact) -> str:
    standings = [tiers.standing_at(each.pk, clock.now(), program.settings().tzinfo) for each in (contact, other)]
    best = max((each for each in standings if each), key=lambda each: each.tier.rank, default=None)
    if best is None:
        return gettext("Neither is enrolled.")
    return gettext("The tier is %(tier)s, the better of the two, or what the points of both reach.") % {
        "tier": best.tier.name
    }


def _merge(actor: Actor, contact: Contact, form: MergeForm) -> str:
    other = _other(contact, form)
    merge = merging.merge_contacts(actor, Role(actor.role), contact.pk, other.pk, form.cleaned_data["reason"])
    return gettext("%(other)s is this customer now. Tiers: %(tiers)s.") % {
        "other": other.code,
        "tiers": tiers_of(merge),
    }


def _last_merge(contact: Contact) -> Merge:
    merge = unmerging.last_merge_of(contact.pk)
    if merge is None:
        raise MergeNotFound()
    return merge


def _look_at_unmerge(contact: Contact, form: UnmergeForm) -> list[str]:
    merge = _last_merge(contact)
    names = {"other": told(merge.absorbed), "when": pages.moment(merge.merged_at)}
    return [
        gettext("%(other)s, merged into this customer on %(when)s, is somebody of its own again.") % names,
        gettext("The other gets back its points lot by lot with their dates, its cards, purchases, tier and answers."),
        gettext("What was spent of its points since, this customer pays: from its own points, then as a debt."),
        gettext("The tier of each is again what its own points have reached, as if they had never been one."),
        gettext("Purchases made since stay with this customer, and so do points they earned."),
        gettext("Data that this customer took from the other and nobody changed since go back."),
    ]


def _unmerge(actor: Actor, contact: Contact, form: UnmergeForm) -> str:
    merge = _last_merge(contact)
    undone = unmerging.unmerge_contacts(actor, Role(actor.role), merge.pk, form.cleaned_data["reason"])
    told = gettext("They are two customers again: %(other)s has its own back. Tiers: %(tiers)s.")
    return told % {"other": merge.absorbed.code, "tiers": tiers_of(undone)}


MERGE = Command(
    "merge",
    _("Merge with another"),
    MergeForm,
    _merge,
    submit=_("Merge the two"),
    explain=_("Two records turn out to be one person. This one stays, the other becomes it."),
    icon="merge",
    foretell=_look_at_merge,
    offered=lambda contact: contact.merged_into_id is None and contact.erased_at is None,
)
UNMERGE = Command(
    "unmerge",
    _("Undo the last merge"),
    UnmergeForm,
    _unmerge,
    submit=_("Undo the merge"),
    explain=_("The record that was merged last becomes a customer of its own again."),
    icon="call_split",
    foretell=_look_at_unmerge,
    offered=lambda contact: getattr(contact, "was_merged", False) and contact.erased_at is None,
)
COMMANDS = (MERGE, UNMERGE)


def tiers_of(merge: Merge) -> str:
    """Say what a merge did to the tiers, this customer's first, and what its undoing did."""
    told = merge.former.get("tiers", {})
    names = {name: value or pages.NOTHING for name, value in told.items() if name != "undone"}
    said = []
    if "together" in told:
        said.append(gettext("%(stayed)s and %(went)s became %(together)s") % names)
    if "undone" in told:
        said.append(gettext("apart again %(stayed_after)s and %(went_after)s") % names)
    said += [
        gettext("%(tier)s since %(moment)s counts no more")
        % {"tier": tier, "moment": pages.moment(datetime.fromisoformat(since))}
        for tier, since in told.get("undone", ())
    ]
    return "; ".join(said) or pages.NOTHING


def table(contact: Contact) -> Table:
    """Return the merges of a customer, the last first (1 statement)."""
    merges: list[Any] = list(Merge.objects.filter(survivor=contact).select_related("absorbed").order_by("-id")[:LAST])
    rows = [
        (
            pages.link(merge.absorbed.code, "customers.contact", merge.absorbed_id),
            pages.moment(merge.merged_at),
            wording.written(wording.actor, merge.actor),
            merge.reason,
            pages.moment(merge.undone_at),
            merge.undone_reason or pages.NOTHING,
            tiers_of(merge),
        )
        for merge in merges
    ]
    headers = (_("customer"), _("merged at"), _("who"), _("reason"), _("undone at"), _("why it was undone"), _("tiers"))
    return Table(_("Merged into this customer"), headers, rows)
