"""A customer types a promo code and gets its points (specs/koshelek.md, call 13).

One transaction: card, contact, code and promotion are locked in this order, limits are read under their locks, the
points are booked under the key of the use. The key names the code (and, of a shared one, the customer and the how
manieth use it is), so the books themselves refuse a second award. A repeat hears that the code was used already.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from customers import services as customer_services
from customers.models import Contact
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import LoyaltyError
from loyalty.ledger import locks, posting, rounding
from loyalty.ledger.posting import Fact, Posted
from loyalty.models import Program
from loyalty.selectors import audiences, rewarded
from loyalty.services import code_attempts, expiry, journal, points, program, wallet_holder
from loyalty.services.unit_of_work import unit_of_work
from promos import code_services, codes, selectors, services
from promos import locks as promotion_locks
from promos.errors import (
    PromoCodeAlreadyUsed,
    PromoCodeExhausted,
    PromoCodeExpired,
    PromoCodeNotForCustomer,
    PromoCodeNotValidNow,
    PromoCodeUnknown,
)
from promos.models import PromoCode, Promotion, PromotionStatus
from promos.occasion import Occasion, obstacles
from promos.services import Allowance
from tiers import selectors as standings
from tiers import services as tiers

SHARED_CODE_TIMES = 1
"""How often a customer may use the shared codes of a promotion that says nothing of it."""

# The conditions of a promotion as a code meets them. What lies in a basket, and where, does not matter to a code.
_OBSTACLES: dict[str, type[LoyaltyError]] = {
    "starts_at": PromoCodeNotValidNow,
    "ends_at": PromoCodeExpired,
    "hours": PromoCodeNotValidNow,
    "weekdays": PromoCodeNotValidNow,
    "birthday_days": PromoCodeNotForCustomer,
    "birthday_taken": PromoCodeAlreadyUsed,
    "first_purchase": PromoCodeNotForCustomer,
}
_STATUSES: dict[str, type[LoyaltyError]] = {
    PromotionStatus.DRAFT: PromoCodeUnknown,
    PromotionStatus.PAUSED: PromoCodeNotValidNow,
    PromotionStatus.ENDED: PromoCodeExpired,
}


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What a code gave, and from when on it may be spent."""

    points: Decimal
    spendable_from: datetime


@dataclass(frozen=True, slots=True)
class _Use:
    """A code about to be used: the how manieth time it is for this customer, and at which moment."""

    code: PromoCode
    contact: Contact
    turn: int
    now: datetime

    @property
    def key(self) -> str:
        """The key in the books: one for ever of a single-use code, one for each turn of a shared one."""
        key = f"promo_code:{self.code.pk}"
        return key if self.code.single_use else f"{key}:{self.contact.pk}:{self.turn}"


def redeem(actor: Actor, *, phone: str, number: str, code: str) -> Redeemed:
    """Give a customer, named by phone (E.164), card number or both, what the promotion of a code gives.

    Raises PromoCodeMisspelled before anything is looked up; ContactNotFound (also when phone and number do not
    belong together), CardNumberInvalid, CardNotFound, CardUnbound; TooManyWrongCodes; ContactWithoutCard,
    OnlyBlockedCard, ContactBlocked; PromoCodeUnknown, PromoCodeAlreadyUsed, PromoCodeNotValidNow, PromoCodeExpired,
    PromoCodeNotForCustomer, PromoCodeExhausted; Busy.
    """
    typed = codes.read(code)
    contact_id = wallet_holder.find(phone, number)
    with code_attempts.guarded(actor, contact_id), unit_of_work():
        settings = program.settings()
        contact = wallet_holder.lock(contact_id)
        return _use(actor, _read(typed, contact, settings), settings)


def _read(typed: str, contact: Contact, settings: Program) -> _Use:
    """Find the code, locked when only one customer can have it, and refuse what the clock and the terms refuse."""
    now = clock.now()
    found = selectors.find_code(typed, now)
    if found is None:
        raise PromoCodeUnknown()
    code, live = found
    turn, used_by = _turn(code, contact)
    _require_on(code.promotion, live=live)
    _require_fitting(code.promotion, contact, now, settings)
    if used_by is not None:
        raise PromoCodeExhausted()
    return _Use(code, contact, turn, now)


def _turn(code: PromoCode, contact: Contact) -> tuple[int, int | None]:
    """Return the number that the books give to this use of the customer's, and who else used up a single-use code, now
    locked. Uses that came with a merge count, but keep their numbers: the merge may be undone."""
    if code.single_use:
        turn, used_by = 1, promotion_locks.lock_code(code.pk).used_by_id
        again = used_by == contact.pk
    else:
        times, own = selectors.times_used(code.pk, contact.pk)
        turn, used_by = own + 1, None
        again = times >= _times_allowed(code.promotion)
    if again:
        raise PromoCodeAlreadyUsed()
    return turn, used_by


def _times_allowed(promotion: Promotion) -> int:
    return promotion.customer_count or SHARED_CODE_TIMES


def _require_on(promotion: Promotion, *, live: bool) -> None:
    """Refuse by the status; live ones also in the moment before their period begins."""
    if refusal := _STATUSES.get(promotion.status):
        raise refusal()
    if not live:
        raise PromoCodeNotValidNow()


def _require_fitting(promotion: Promotion, contact: Contact, now: datetime, settings: Program) -> None:
    """Refuse by the dates and hours of a live promotion, and when it is not for this customer."""
    occasion = Occasion(
        moment=now.astimezone(settings.tzinfo),
        store="",
        first_purchase=lambda: rewarded.is_first_purchase(contact.pk, now),
        birth_date=contact.birth_date,
        birthday_taken=rewarded.birthday_taken(contact.pk, contact.birth_date, settings.tzinfo),
    )
    for name in obstacles(promotion, occasion):
        if name in _OBSTACLES:
            raise _OBSTACLES[name]()
    if promotion.audience is not None and not audiences.includes(promotion.audience, contact.pk, settings.tzinfo):
        raise PromoCodeNotForCustomer()


def _use(actor: Actor, use: _Use, settings: Program) -> Redeemed:
    """Count, book and record a use; everything that could be refused without a lock has been."""
    promotion, contact = use.code.promotion, use.contact
    _enter(contact, use.now, settings)
    allowance = _lock_allowance(use)
    award = promotion.value if allowance.ceiling is None else min(promotion.value, allowance.ceiling)
    if use.code.single_use:
        code_services.use_up(use.code, contact.pk, use.now)
    services.count_uses(contact.pk, [(allowance, award)])
    days = settings.escrow_days if promotion.escrow_days is None else promotion.escrow_days
    matures_at = clock.days_later(use.now, days, settings.tzinfo)
    posted = _book(actor, use, award, matures_at, settings)
    if posted.replayed:
        raise PromoCodeAlreadyUsed()
    code_services.record_use(use.code, contact.pk, award, posted.operation_id, actor=str(actor), now=use.now)
    journal.record(
        actor, "promo_code.use", use.code.code, contact_id=contact.pk, promotion=promotion.name, points=str(award)
    )
    return Redeemed(award, matures_at)


def _lock_allowance(use: _Use) -> Allowance:
    """Lock what limits the promotion and the customer. What is gone already is refused without a lock on it."""
    promotion = use.code.promotion
    _require_left(promotion)
    most = None if use.code.single_use else SHARED_CODE_TIMES
    (allowance,) = services.lock_counted(use.contact.pk, [promotion], most=most)
    if not allowance.open_for_customer:
        raise PromoCodeAlreadyUsed()
    if not allowance.open_for_all:
        raise PromoCodeExhausted()
    return allowance


def _require_left(promotion: Promotion) -> None:
    spent = promotion.budget is not None and promotion.granted >= promotion.budget
    if spent or (promotion.total_count is not None and promotion.used >= promotion.total_count):
        raise PromoCodeExhausted()


def _enter(contact: Contact, now: datetime, settings: Program) -> None:
    """The first points enrol a contact in the Base tier and make a New one Active."""
    if standings.standing_at(contact.pk, now, settings.tzinfo) is None:
        tiers.enrol(contact.pk, now, settings.tzinfo)
    customer_services.enter(contact, now)


def _book(actor: Actor, use: _Use, award: Decimal, matures_at: datetime, settings: Program) -> Posted:
    """Accrue the points; those without escrow land at once."""
    contact_id = use.contact.pk
    at_once = matures_at <= use.now
    if at_once:
        locks.lock_balances(contact_id, use.now)
    posted = posting.accrue(
        Fact(
            contact_id=contact_id,
            key=use.key,
            fingerprint=posting.fingerprint(use.key, contact_id),
            effective_at=use.now,
            # Not the moment of the call: the year may have been closed while this waited for the balances.
            recorded_at=clock.now(),
            actor=str(actor),
            cause=f"promo_code:{use.code.pk}",
        ),
        spendable=award,
        qualifying=award if use.code.promotion.qualifies else rounding.ZERO,
        matures_at=matures_at,
        expires_at=expiry.date_of(settings, matures_at=matures_at, active_at=use.now),
    )
    if at_once:
        points.settle(contact_id, actor, settings.tzinfo)
    return posted
