"""A contact at a glance: who it is, what it holds as the clock decides, and what happened last."""

from collections import defaultdict
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cards import selectors as cards
from customers import selectors as customers
from customers.models import Contact
from loyalty.admin import blocking, merges, pages, roles, wording
from loyalty.admin.pages import Fact, Group, Page, Table, Tile
from loyalty.core import clock
from loyalty.ledger import balances, expiry
from loyalty.ledger.accounts import HELD, Account
from loyalty.ledger.balances import Balance
from loyalty.ledger.models import Operation, Transfer
from loyalty.models import Purchase
from tiers import rules
from tiers import selectors as tiers

LAST = 5
_PERSON = ("code", "phone", "email", "birth_date", "sex", "country_code", "locality", "external_id", "public_id")


def page(request: HttpRequest, contact: Contact) -> Page:
    """Return the page of a contact in at most 10 statements, whatever its history."""
    zone = retailer_zone()
    balance = balance_of(contact.pk, zone)
    tables = [_cards(request, contact), _purchases(contact)]
    if roles.may(request.user, "ledger.operation"):
        tables.append(_operations(contact))
    if roles.may(request.user, "customers.consent"):
        tables.append(_consents(contact))
    if getattr(contact, "was_merged", False):
        tables.append(merges.table(contact))
    return Page(
        [_person(contact), _standing(request, contact, zone)], tiles(balance), tables, warnings=_warnings(contact)
    )


def _warnings(contact: Contact) -> list[Any]:
    if contact.erased_at is not None:
        told = gettext("The personal data were erased for good on %(day)s. What is left here belongs to the books.")
        return [told % {"day": pages.moment(contact.erased_at)}]
    if contact.merged_into is None:
        return []
    link = pages.link(contact.merged_into.code, "customers.contact", contact.merged_into_id)
    return [format_html("{} {}", gettext("This customer was merged and is now:"), link)]


def retailer_zone() -> ZoneInfo:
    """Return the zone in which this page is shown (`site.admin_view`): it decides years too."""
    return ZoneInfo(timezone.get_current_timezone_name())


def balance_of(contact_id: int, zone: ZoneInfo) -> Balance:
    """Return what counts now: qualifying points of a year that is over do not, whatever the job has booked."""
    now = clock.now()
    return balances.read(contact_id, now, since=rules.year_began(now, zone))


def tiles(balance: Balance) -> list[Tile]:
    """Return the four balances and what lies beside them."""
    expiring = ""
    if balance.expiring is not None:
        # The last day, as the till and the wallet tell it: the caller has just read it there.
        expiring = gettext("%(points)s can be spent up to and including %(day)s") % {
            "points": pages.amount(balance.expiring.amount),
            "day": pages.day(expiry.last_day(balance.expiring.expires_at, retailer_zone())),
        }
    return [
        Tile(_("Spendable"), pages.amount(balance.spendable), expiring),
        Tile(_("Spendable escrow"), pages.amount(balance.spendable_escrow), _("not to be spent yet")),
        Tile(_("Tier-qualifying"), pages.amount(balance.qualifying), _("count for the tier")),
        Tile(_("Tier-qualifying escrow"), pages.amount(balance.qualifying_escrow), _("will count for the tier")),
        Tile(_("Burned"), pages.amount(balance.burned), _("expired so far")),
    ]


def _person(contact: Contact) -> Group:
    facts = [Fact(_("status"), pages.badge(contact, "status"))]
    facts.append(Fact(_("name"), contact.full_name or pages.NOTHING))
    for name in _PERSON:
        field = contact._meta.get_field(name)
        value = pages.choice(contact, name) if name == "sex" else pages.shown(getattr(contact, name))
        facts.append(Fact(field.verbose_name, value))  # type: ignore[union-attr]
    facts.append(Fact(_("created at"), pages.moment(contact.created_at)))
    facts.append(Fact(_("changed at"), pages.moment(contact.updated_at)))
    return Group(_("Person"), facts)


def _standing(request: HttpRequest, contact: Contact, zone: ZoneInfo) -> Group:
    standing = tiers.standing_at(contact.pk, clock.now(), zone)
    if standing is None:
        facts = [Fact(_("tier"), gettext("not enrolled"))]
    else:
        until = pages.moment(standing.ends_at) if standing.ends_at else gettext("does not expire")
        facts = [
            Fact(_("tier"), standing.tier.name),
            Fact(_("since"), pages.moment(standing.in_tier_since)),
            Fact(_("until"), until),
            Fact(_("reason"), pages.choice(standing, "reason")),
        ]
    for label, title in (
        ("tiers.standing", _("All tiers so far")),
        ("ledger.lot", _("Lots of points")),
        ("loyalty.adjustmentrequest", _("Adjustments by hand")),
        ("loyalty.journalentry", _("Journal of this contact")),
    ):
        if roles.may(request.user, label):
            by_key = label in ("tiers.standing", "loyalty.adjustmentrequest")
            query = f"contact__id__exact={contact.pk}" if by_key else f"contact_id={contact.pk}"
            facts.append(Fact("", pages.away(title, pages.list_of(label, query))))
    return Group(_("Tier"), facts)


def _cards(request: HttpRequest, contact: Contact) -> Table:
    acts = blocking.may_act(request)
    rows = [
        (
            pages.link(card.number, "cards.card", card.pk),
            pages.badge(card, "status"),
            pages.choice(card, "category"),
            pages.moment(card.bound_at),
            pages.shown(card.blocked_for_good),
            *(
                (pages.NOTHING if card.blocked_for_good else blocking.links(request, card.pk, card.status),)
                if acts
                else ()
            ),
        )
        for card in cards.of_contact(contact.pk)
    ]
    headers = (
        _("number"),
        _("status"),
        _("category"),
        _("bound at"),
        _("blocked for good"),
        *((_("actions"),) if acts else ()),
    )
    return Table(_("Cards"), headers, rows, empty=_("No card yet."))


def _purchases(contact: Contact) -> Table:
    last = (
        Purchase.objects.select_related("store").filter(contact_id=contact.pk).order_by("-purchased_at", "-id")[:LAST]
    )
    rows = [
        (
            pages.link(purchase.purchase_id, "loyalty.purchase", purchase.pk),
            pages.moment(purchase.purchased_at),
            str(purchase.store),
            pages.amount(purchase.amount),
            pages.amount(purchase.paid),
            pages.amount(purchase.accrued),
            pages.badge(purchase, "status"),
        )
        for purchase in last
    ]
    return Table(
        _("Last purchases"),
        (
            _("PurchaseId"),
            _("purchased at"),
            _("store"),
            _("amount"),
            _("paid with bonuses"),
            _("accrued"),
            _("status"),
        ),
        rows,
        more=pages.list_of("loyalty.purchase", f"contact__id__exact={contact.pk}"),
        numeric=frozenset({3, 4, 5}),
    )


def _operations(contact: Contact) -> Table:
    last = list(Operation.objects.filter(contact_id=contact.pk).order_by("-effective_at", "-id")[:LAST])
    changes = _changes(contact.pk, [operation.pk for operation in last])
    rows = [
        (
            pages.link(pages.choice(operation, "kind"), "ledger.operation", operation.pk),
            pages.moment(operation.effective_at),
            wording.written(wording.cause, operation.cause),
            changes.get(operation.pk, pages.NOTHING),
        )
        for operation in last
    ]
    return Table(
        _("Last operations"),
        (_("kind"), _("effective at"), _("cause"), _("points")),
        rows,
        more=pages.list_of("ledger.operation", f"contact_id={contact.pk}"),
    )


def _changes(contact_id: int, operations: list[int]) -> dict[int, str]:
    """Return what each operation did to the accounts that the contact holds, in words."""
    sums: dict[int, dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for transfer in Transfer.objects.filter(contact_id=contact_id, operation_id__in=operations):
        sums[transfer.operation_id][transfer.source] -= transfer.amount
        sums[transfer.operation_id][transfer.target] += transfer.amount
    return {operation: ", ".join(_told(moved)) for operation, moved in sums.items()}


def _told(moved: dict[int, Decimal]) -> list[Any]:
    return [
        f"{gettext(Account(account).label)} {pages.signed(moved[account])}" for account in HELD if moved.get(account)
    ]


def _consents(contact: Contact) -> Table:
    rows = [
        (
            wording.channel(channel),
            pages.mark(gettext("allowed"), "success") if allowed else pages.mark(gettext("denied"), "plain"),
        )
        for channel, allowed in sorted(customers.current_consents(contact.pk).items())
    ]
    return Table(
        _("Consents"),
        (_("channel"), _("answer")),
        rows,
        empty=_("The customer has said nothing about channels."),
        more=pages.list_of("customers.consent", f"contact__id__exact={contact.pk}"),
    )
