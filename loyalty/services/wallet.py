"""Wallet use cases: finding, issuing, personal data, channels (specs/koshelek.md, calls 1-8)."""

from collections.abc import Iterable

from cards import locks, numbers, pool, services
from cards import selectors as cards
from cards.errors import (
    CardNotFound,
    CardNotReserved,
    CardTaken,
    CardUnbound,
    ContactCardBlocked,
    ContactHasAnotherCard,
    PoolEmpty,
)
from cards.models import Card, CardCategory, CardStatus
from customers import locks as customer_locks
from customers import selectors as customers
from customers import services as customer_services
from customers import sufficiency
from customers.errors import PhoneBelongsToAnother
from customers.models import Contact
from customers.services import PersonalData
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import Busy
from loyalty.models import Program
from loyalty.services import cards as card_use_cases
from loyalty.services import journal, pool_watch, program
from loyalty.services.unit_of_work import unit_of_work

ATTEMPTS = 3
"""How often a person is looked for while other calls create or change it."""


def set_channels(actor: Actor, number: str, *, allow: Iterable[str], deny: Iterable[str]) -> None:
    """Record which channels the card's holder allows and denies; in both lists means denied.

    Raises CardNumberInvalid, CardNotFound, CardUnbound.
    """
    number = numbers.read_number(number, cards.number_formats())
    channels = dict.fromkeys(allow, True) | dict.fromkeys(deny, False)
    with unit_of_work():
        card, contact = _bound(number)
        changed = customer_services.record_consents(
            contact.pk, channels, source=actor.channel, actor=str(actor), now=clock.now()
        )
        if changed:
            journal.record(actor, "consent.change", card.number, contact_id=contact.pk, channels=changed)


def update_person(actor: Actor, number: str, data: PersonalData) -> None:
    """Store the given personal data of the card's holder, whose Issued card becomes Active when they now suffice: also
    one that has replaced the card named, which the wallet may not have heard of.

    Raises CardNumberInvalid, CardNotFound, CardUnbound, PhoneBelongsToAnother, Busy.
    """
    number = numbers.read_number(number, cards.number_formats())
    with unit_of_work():
        held, contact = _held_with(number)
        changed = customer_services.update_contact(contact, data, clock.now())
        if changed:
            journal.record(actor, "contact.update", contact.code, contact_id=contact.pk, fields=changed)
        issued = next((card for card in held if card.status == CardStatus.ISSUED), None)
        if issued is not None:
            _activate_if_sufficient(actor, issued, contact, program.settings())


def reserve_number(actor: Actor) -> Card:
    """Hold a free number of the pool for the reservation time; two callers never get the same.

    Raises PoolEmpty; the alert of a low pool is raised with it.
    """
    with unit_of_work():
        now = clock.now()
        card = locks.lock_free_number(now)
        if card is not None:
            services.reserve(card, minutes=program.settings().reservation_minutes, actor=str(actor), now=now)
            journal.record(actor, "card.reserve", card.number)
    if card is None:
        pool_watch.note_empty()
        raise PoolEmpty()
    return card


def register_on_number(actor: Actor, number: str, data: PersonalData) -> Card:
    """Bind a reserved number to the person: the contact with the phone, else with the e-mail, else a new one.

    A repeat of the same call answers the same. Raises CardNumberInvalid, CardNotFound, CardNotReserved,
    CardTaken, ContactHasAnotherCard, ContactCardBlocked.
    """
    number = numbers.read_number(number, cards.number_formats())
    with unit_of_work():
        card = locks.lock_by_number(number)
        if card is None:
            raise CardNotFound()
        contact = _contact_for(actor, data)
        if card.contact_id == contact.pk and card.status in cards.USABLE:
            return card
        _refuse_taken(card)
        if _usable_card(contact) is not None:
            raise ContactHasAnotherCard()
        _take(actor, card, contact, data)
    return card


def issue_virtual(actor: Actor, data: PersonalData) -> Card:
    """Give the person a card: the usable one it has, else a free number, else the next of the series.

    Safe to repeat: never a second card, never a second contact. Raises ContactCardBlocked, PoolEmpty.
    """
    with unit_of_work():
        contact = _contact_for(actor, data)
        card = _usable_card(contact)
        if card is None:
            card = locks.lock_free_number(clock.now()) or _next_of_series()
            _take(actor, card, contact, data)
    return Card.objects.select_related("series").get(pk=card.pk)


def _bound(number: str) -> tuple[Card, Contact]:
    card = locks.lock_by_number(number)
    if card is None:
        raise CardNotFound()
    if card.contact_id is None:
        raise CardUnbound()
    return card, customer_locks.lock_contact(card.contact_id)


def _held_with(number: str) -> tuple[list[Card], Contact]:
    """Lock every card of who holds the card with a number, then the holder.

    Raises CardNotFound, CardUnbound, Busy.
    """
    named = cards.by_number(number)
    if named is None:
        raise CardNotFound()
    if named.contact_id is None:
        raise CardUnbound()
    held = locks.lock_all_of(named.contact_id)
    if named not in held:
        # It went over to another customer in this moment: a repeat finds whose it is.
        raise Busy()
    return held, customer_locks.lock_contact(named.contact_id)


def _contact_for(actor: Actor, data: PersonalData) -> Contact:
    """Find by phone, then by e-mail among those without a phone, else create; locked when returned.

    An e-mail whose owner has another phone never finds the owner: that would hand over an account.
    Another call may create the person, or give it a phone, between our look and our lock: then look again.
    """
    for _ in range(ATTEMPTS):
        found = _find(data)
        if found is not None:
            contact = customer_locks.lock_contact(found.pk)
            if not contact.phone or contact.phone == data.phone or _leads_to(data.phone, contact):
                return contact
            continue
        try:
            contact = customer_services.create_contact(data, clock.now())
        except PhoneBelongsToAnother:
            continue
        journal.record(actor, "contact.create", contact.code, contact_id=contact.pk)
        return contact
    raise Busy()


def _leads_to(phone: str | None, contact: Contact) -> bool:
    """Tell whether a phone is the contact's by way of somebody who was merged into it."""
    return customers.by_phone(phone or "") == contact


def _find(data: PersonalData) -> Contact | None:
    found = customers.by_phone(data.phone or "")
    if found is None and data.email:
        free = customers.by_email(data.email, phone=None)
        found = free[0] if len(free) == 1 else None
    return found


def _usable_card(contact: Contact) -> Card | None:
    """Return the contact's usable card, None if it may get a new one; raises ContactCardBlocked."""
    held = cards.of_contact(contact.pk)
    usable = next((card for card in held if card.status in cards.USABLE), None)
    if usable is None and any(not card.blocked_for_good for card in held):
        raise ContactCardBlocked()
    return usable


def _refuse_taken(card: Card) -> None:
    if card.contact_id is not None or card.status != CardStatus.NEW:
        raise CardTaken()
    if not cards.is_reserved(card.pk, clock.now()):
        raise CardNotReserved()


def _take(actor: Actor, card: Card, contact: Contact, data: PersonalData) -> None:
    now = clock.now()
    customer_services.update_contact(contact, data, now)
    services.issue(card, now)
    journal.record(actor, "card.issue", card.number, contact_id=contact.pk)
    card_use_cases.bind(actor, card, contact, program.settings())


def _next_of_series() -> Card:
    series = cards.issuing_series()
    if series is None:
        raise PoolEmpty()
    try:
        number = pool.make_cards(series.pk, 1, CardCategory.VIRTUAL, clock.now())[0]
    except ValueError as error:
        raise PoolEmpty() from error
    card = locks.lock_by_number(number)
    if card is None:
        raise RuntimeError("a number was made but is not there")
    return card


def _activate_if_sufficient(actor: Actor, card: Card, contact: Contact, settings: Program) -> None:
    if sufficiency.suffices(contact, settings.sufficiency):
        services.activate(card, clock.now())
        journal.record(actor, "card.activate", card.number, contact_id=contact.pk)
