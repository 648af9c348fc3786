"""Card use cases: issue, bind, activate, make a pool (specs/cash_desk.md, CardService)."""

from cards import locks, numbers, policies, pool, services
from cards import selectors as cards
from cards.errors import CardBoundToAnother, CardNotFound, CardStatusRefused, ContactHasAnotherCard
from cards.models import Card, CardCategory
from cards.policies import Outcome
from customers import identifiers, sufficiency
from customers import locks as customer_locks
from customers import selectors as customers
from customers import services as customer_services
from customers.errors import ContactNotFound
from customers.models import Contact
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import InvalidParameter
from loyalty.models import Program
from loyalty.services import journal, points, pool_watch, program
from loyalty.services.unit_of_work import unit_of_work

POOL_BATCH = 1_000_000


def issue_card(actor: Actor, number: str, *, reason: str = "") -> Card:
    """Make a New card Issued: it was sold. An Issued card stays as it is. People give a `reason`, tills none.

    A number that is reserved for somebody is refused, until the clock frees it.

    Raises CardNumberInvalid, CardNotFound, CardStatusRefused.
    """
    number = numbers.read_number(number, cards.number_formats())
    with unit_of_work():
        card = _locked(number)
        if _decide("issue", card, data_suffice=False) is Outcome.CHANGE:
            refuse_reserved(card, "issue")
            services.issue(card, clock.now())
            journal.record(actor, "card.issue", card.number, reason=reason)
    return card


def bind_card(actor: Actor, number: str, phone: str) -> Card:
    """Bind an Issued card to the contact with a phone; it becomes Active when the data suffice (a setting).

    Raises, in this order: PhoneInvalid, ContactNotFound, CardNumberInvalid, CardNotFound, CardBoundToAnother,
    ContactHasAnotherCard, CardStatusRefused.
    """
    found = customers.by_phone(identifiers.read_phone(phone))
    if found is None:
        raise ContactNotFound(by="phone")
    number = numbers.read_number(number, cards.number_formats())
    with unit_of_work():
        settings = program.settings()
        card = _locked(number)
        contact = customer_locks.lock_contact(found.pk)
        _refuse_binding_conflict(card, contact)
        suffices = sufficiency.suffices(contact, settings.sufficiency)
        if _decide("bindto", card, data_suffice=suffices) is Outcome.CHANGE:
            bind(actor, card, contact, settings)
    return card


def activate_card(actor: Actor, number: str, *, reason: str = "") -> Card:
    """Make an Issued, bound card Active when the data suffice. An Active card stays as it is.

    People give a `reason`, tills none.

    Raises CardNumberInvalid, CardNotFound, CardStatusRefused.
    """
    number = numbers.read_number(number, cards.number_formats())
    with unit_of_work():
        card = _locked(number)
        suffices = card.contact_id is not None and sufficiency.suffices(
            customer_locks.lock_contact(card.contact_id), program.settings().sufficiency
        )
        if _decide("active", card, data_suffice=suffices) is Outcome.CHANGE:
            services.activate(card, clock.now())
            journal.record(actor, "card.activate", card.number, contact_id=card.contact_id, reason=reason)
    return card


def bind(actor: Actor, card: Card, contact: Contact, settings: Program) -> None:
    """Bind a locked, Issued card to a locked contact: it enters the programme, and the card may become Active.

    For the use cases of this package, inside their transaction.
    """
    now = clock.now()
    services.bind(card, contact.pk, now)
    customer_services.enter(contact, now)
    points.join(contact.pk, actor, settings.tzinfo)
    journal.record(actor, "card.bind", card.number, contact_id=contact.pk)
    if settings.activate_on_bind and sufficiency.suffices(contact, settings.sufficiency):
        services.activate(card, now)
        journal.record(actor, "card.activate", card.number, contact_id=contact.pk)


def refuse_reserved(card: Card, action: str) -> None:
    """Refuse a locked, New card whose number is held for a wallet's customer (CardStatusRefused, `reserved`)."""
    if cards.is_reserved(card.pk, clock.now()):
        raise CardStatusRefused(
            "This number is reserved for a customer of the wallet.", status=card.status, action=action, reserved=True
        )


def create_card_pool(actor: Actor, *, count: int, category: CardCategory) -> list[str]:
    """Make New cards with the next numbers of the issuing series; return the numbers.

    Raises InvalidParameter when the count is not from 1 to a million or the series has too few numbers left.
    """
    if not 1 <= count <= POOL_BATCH:
        raise InvalidParameter(f"The count is from 1 to {POOL_BATCH}.", name="count")
    with unit_of_work():
        series = cards.issuing_series()
        if series is None:
            raise InvalidParameter("No series issues numbers. Choose one in the back office.", name="series")
        try:
            made = pool.make_cards(series.pk, count, category, clock.now())
        except ValueError as error:
            raise InvalidParameter(f"{error}.", name="count") from error
        journal.record(actor, "card_pool.create", series.name, count=count, category=category.label)
    pool_watch.look()
    return made


def _locked(number: str) -> Card:
    card = locks.lock_by_number(number)
    if card is None:
        raise CardNotFound()
    return card


def _decide(method: str, card: Card, *, data_suffice: bool) -> Outcome:
    outcome = policies.outcome(method, card, data_suffice)
    if outcome is Outcome.REFUSE:
        raise CardStatusRefused(
            f"A card in the status {card.get_status_display()} does not allow {method}.",
            status=card.status,
            action=method,
        )
    return outcome


def _refuse_binding_conflict(card: Card, contact: Contact) -> None:
    if card.contact_id is not None and card.contact_id != contact.pk:
        raise CardBoundToAnother()
    others = (each for each in cards.of_contact(contact.pk) if each.pk != card.pk)
    if card.contact_id is None and any(not each.blocked_for_good for each in others):
        raise ContactHasAnotherCard()
