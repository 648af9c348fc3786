"""Points given or taken by hand: small ones at once, larger ones when a second person agrees.

Serves specs/points_and_tiers.md, Laws 6 and 7. Two bounds of the settings say what one person may do alone: points in
one act, and points in one day of the retailer, given and taken together. What goes beyond either waits.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import IntegrityError, connection

from customers import locks as customer_locks
from customers import services as customers
from customers.models import Contact
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import (
    InsufficientPoints,
    InvalidParameter,
    LoyaltyError,
    OperationConflict,
    PermissionRefused,
)
from loyalty.ledger import adjusting, balances, posting, rounding
from loyalty.ledger.accounts import Account
from loyalty.ledger.posting import Fact
from loyalty.models import AdjustmentRequest, AdjustmentStatus, Program, StaffRole
from loyalty.services import contacts, expiry, journal, locks, points, program, reasons
from loyalty.services.errors import AdjustmentDecided, NotEnrolled, OwnAdjustment
from loyalty.services.unit_of_work import unit_of_work
from tiers import rules
from tiers import services as tiers

ACCOUNTS = (Account.SPENDABLE, Account.QUALIFYING)
"""Accounts that are adjusted: points are given and taken where they have landed."""

IN_THE_BOOKS = "By hand; the request tells why."
"""What the operation says. The books hold no word that a person typed: it could not be erased there (law 3)."""

# The row of the person's day is locked by the statement itself, so two acts at once never pass the bound together.
_COUNT_ALONE = """
INSERT INTO loyalty_adjustmentuse AS stored (person, day, amount)
SELECT %(person)s, %(day)s::date, %(amount)s::numeric WHERE %(amount)s::numeric <= %(most)s::numeric
ON CONFLICT (person, day) DO UPDATE SET amount = stored.amount + excluded.amount
    WHERE stored.amount + excluded.amount <= %(most)s::numeric
RETURNING amount
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for: above zero gives, below zero takes. `key` is the form's own, for a button pressed twice.

    `may_owe`: what is missing of spendable points may become a debt; administrators only.
    """

    key: str
    contact_id: int
    account: Account
    amount: Decimal
    reason: str
    may_owe: bool = False

    @property
    def fingerprint(self) -> str:
        """A digest of the content."""
        return posting.fingerprint(self.contact_id, self.account, self.amount.normalize(), self.reason, self.may_owe)


def ask(actor: Actor, wanted: Wanted) -> AdjustmentRequest:
    """Adjust at once within what the person may do alone, else leave a request for a second person.

    Raises InvalidParameter (`reason`, `amount`, `account`, `may_owe`), PermissionRefused,
    InsufficientPoints (`available`), OperationConflict, ContactMerged, ContactErased, NotEnrolled, Busy. The same
    key with the same content answers the first.
    """
    _require_sound(actor, wanted)
    contacts.require_open(wanted.contact_id)
    try:
        return _ask(actor, wanted)
    except IntegrityError:
        # The same key came for another customer at the same time: the two lock different rows.
        stored = _stored(wanted)
        if stored is None:
            raise
        return stored


def approve(actor: Actor, request_id: int, note: str = "") -> AdjustmentRequest:
    """Post a request as the second person.

    Raises OwnAdjustment, AdjustmentDecided, InsufficientPoints when the balance has changed meanwhile, Busy.
    """
    with unit_of_work():
        request = _lock_waiting(request_id)
        _require_another(actor, request)
        contact = customer_locks.lock_contact(request.contact_id)
        _post(actor, request, contact, program.settings(), checker=str(actor), note=note)
        _record(actor, "adjustment.approve", request, note)
    return request


def obstacle(request: AdjustmentRequest) -> LoyaltyError | None:
    """Return why a request that waits could not be approved as things stand, None when it could (3 statements)."""
    try:
        _require_possible(request, program.settings().tzinfo)
    except LoyaltyError as error:
        return error
    return None


def refuse(actor: Actor, request_id: int, note: str) -> AdjustmentRequest:
    """Refuse a request as the second person. Raises OwnAdjustment, AdjustmentDecided, Busy."""
    with unit_of_work():
        request = _lock_waiting(request_id)
        _require_another(actor, request)
        request.refuse()
        request.checker = str(actor)
        _close(request, note)
        _record(actor, "adjustment.refuse", request, note)
    return request


def withdraw(actor: Actor, request_id: int, note: str) -> AdjustmentRequest:
    """Take one's own request back. Raises PermissionRefused for another's, AdjustmentDecided, Busy."""
    with unit_of_work():
        request = _lock_waiting(request_id)
        if request.maker != str(actor):
            raise PermissionRefused("Only the person who asked takes a request back.")
        request.withdraw()
        _close(request, note)
        _record(actor, "adjustment.withdraw", request, note)
    return request


def _require_sound(actor: Actor, wanted: Wanted) -> None:
    reasons.required(wanted.reason)
    if wanted.account not in ACCOUNTS:
        raise InvalidParameter("Points are adjusted where they have landed.", name="account")
    if not rounding.is_exact(wanted.amount) or not wanted.amount:
        raise InvalidParameter(
            f"Write points with at most two decimals, not zero and at most {rounding.LARGEST}.", name="amount"
        )
    if wanted.may_owe and (wanted.account != Account.SPENDABLE or wanted.amount > 0):
        raise InvalidParameter("Only spendable points that are taken can be owed.", name="may_owe")
    if wanted.may_owe and actor.role != StaffRole.ADMINISTRATOR:
        raise PermissionRefused("Only an administrator may leave a customer in debt.")


def _ask(actor: Actor, wanted: Wanted) -> AdjustmentRequest:
    with unit_of_work():
        contact = customer_locks.lock_contact(wanted.contact_id)
        stored = _stored(wanted)
        if stored is not None:
            return stored
        settings = program.settings()
        request = AdjustmentRequest.objects.create(
            key=wanted.key,
            fingerprint=wanted.fingerprint,
            contact=contact,
            account=wanted.account,
            amount=wanted.amount,
            may_owe=wanted.may_owe,
            reason=wanted.reason,
            maker=str(actor),
            requested_at=clock.now(),
        )
        if _may_alone(actor, abs(wanted.amount), settings):
            _post(actor, request, contact, settings)
            _record(actor, "adjustment.post", request)
        else:
            _require_possible(request, settings.tzinfo)
            _record(actor, "adjustment.request", request)
    return request


def _stored(wanted: Wanted) -> AdjustmentRequest | None:
    stored = AdjustmentRequest.objects.filter(key=wanted.key).first()
    if stored is not None and stored.fingerprint != wanted.fingerprint:
        raise OperationConflict(key=wanted.key)
    return stored


def _may_alone(actor: Actor, amount: Decimal, settings: Program) -> bool:
    """Tell whether the person may do this alone, and count it against the person's day when so."""
    if amount > settings.adjustment_alone:
        return False
    return _count_alone(str(actor), clock.today(settings.tzinfo), amount, settings.adjustment_alone_daily)


def _count_alone(person: str, day: date, amount: Decimal, most: Decimal) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_ALONE, {"person": person, "day": day, "amount": amount, "most": most})
        return cursor.fetchone() is not None


def _require_possible(request: AdjustmentRequest, zone: ZoneInfo) -> None:
    """Refuse at once to give to who has left and to take what is not there: nobody should wait for a request that
    cannot be approved."""
    if request.amount > 0 and tiers.has_left(request.contact_id):
        raise NotEnrolled()
    if request.amount > 0 or request.may_owe:
        return
    now = clock.now()
    held = balances.read(request.contact_id, now, since=rules.year_began(now, zone))
    available = held.available if request.account == Account.SPENDABLE else held.qualifying
    if -request.amount > available:
        raise InsufficientPoints(available=available)


def _post(
    actor: Actor, request: AdjustmentRequest, contact: Contact, settings: Program, *, checker: str = "", note: str = ""
) -> None:
    now, zone = clock.now(), settings.tzinfo
    if request.amount > 0:
        if not tiers.enrol(contact.pk, now, zone) and tiers.has_left(contact.pk):
            raise NotEnrolled()
        customers.enter(contact, now)
    points.settle_fully(contact.pk, actor, zone)
    # The year may have been closed while this waited for the balances: points land in the year that runs now.
    now = clock.now()
    account = Account(request.account)
    fact = Fact(
        contact_id=contact.pk,
        key=f"adjustment:{request.key}",
        fingerprint=request.fingerprint,
        effective_at=now,
        recorded_at=now,
        actor=str(actor),
        cause=f"adjustment:{request.pk}",
        reason=IN_THE_BOOKS,
    )
    if request.amount < 0:
        posted = adjusting.debit(fact, account=account, amount=-request.amount, debt=request.may_owe)
    else:
        spendable = account == Account.SPENDABLE
        ends = expiry.date_of(settings, matures_at=now, active_at=now) if spendable else None
        posted = adjusting.credit(fact, account=account, amount=request.amount, expires_at=ends)
    if account == Account.QUALIFYING and request.amount > 0:
        tiers.assess([contact.pk], now, zone)
    request.post()
    request.checker, request.operation_id = checker, posted.operation_id
    _close(request, note)


def _lock_waiting(request_id: int) -> AdjustmentRequest:
    request = locks.lock_adjustment(request_id)
    if request.status != AdjustmentStatus.REQUESTED:
        raise AdjustmentDecided(status=request.status)
    return request


def _require_another(actor: Actor, request: AdjustmentRequest) -> None:
    if request.maker == str(actor):
        raise OwnAdjustment()


def _close(request: AdjustmentRequest, note: str) -> None:
    request.decided_at, request.note = clock.now(), note
    request.save(update_fields=["status", "checker", "operation_id", "decided_at", "note"])


def _record(actor: Actor, action: str, request: AdjustmentRequest, note: str = "") -> None:
    journal.record(
        actor,
        action,
        f"adjustment {request.pk}",
        contact_id=request.contact_id,
        reason=note or request.reason,
        account=Account(request.account).label,
        amount=str(request.amount),
        maker=request.maker,
    )
