"""The offers that the wallet shows to the holder of a card (specs/koshelek.md, call 9). No writes, no locks."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet, Subquery

from cards.errors import CardUnbound
from cards.selectors import USABLE
from loyalty.core import clock
from loyalty.models import Program
from loyalty.selectors import audiences, cards
from promos import audiences as rules
from promos import selectors as promos
from promos.models import OfferImage, Promotion, PromotionStatus
from promos.models.images import EXTENSIONS


@dataclass(frozen=True, slots=True)
class Offer:
    """What a wallet shows. Days are the retailer's; `last_day` None: without end. `image` is a name like `ab12.png`."""

    public_id: UUID
    title: str
    description: str
    conditions: str
    first_day: date
    last_day: date | None
    image: str


def for_card(number: str) -> list[Offer]:
    """Return the offers for a card's holder, those that end soonest first (3 statements; 1 for nobody to offer to).

    Live by status and clock, with a title, with something left to give, and for everybody or an audience that holds
    the holder. None for a card or a contact that is blocked: nothing could be earned by them.
    Raises CardNumberInvalid, CardNotFound, CardUnbound.
    """
    card = cards.card_by_number(number)
    if card.contact is None:
        raise CardUnbound()
    if card.status not in USABLE or card.contact.status not in rules.REACHED:
        return []
    live = list(_live(clock.now()))
    if not live:
        return []
    zone, contact_id = ZoneInfo(vars(live[0])["zone"]), card.contact.pk
    shown = promos.for_contact(live, lambda asked: audiences.which_include(asked, contact_id, zone))
    return [_offer(promotion, zone) for promotion in shown]


def image_name(sha256: str, content_type: str) -> str:
    """Return the last part of a picture's address."""
    return f"{sha256}.{EXTENSIONS[content_type]}"


def image(sha256: str) -> OfferImage | None:
    """Return a picture by the digest of its content."""
    return OfferImage.objects.filter(sha256=sha256).first()


def _live(now: datetime) -> QuerySet[Promotion]:
    return (
        Promotion.objects.filter(
            Q(ends_at__isnull=True) | Q(ends_at__gt=now),
            Q(budget__isnull=True) | Q(granted__lt=F("budget")),
            Q(total_count__isnull=True) | Q(used__lt=F("total_count")),
            status=PromotionStatus.LIVE,
            starts_at__lte=now,
        )
        .exclude(title="")
        .select_related("audience", "image")
        .defer("image__content")
        .annotate(zone=Subquery(Program.objects.filter(pk=1).values("zone")))
        .order_by(F("ends_at").asc(nulls_last=True), "starts_at", "id")
    )


def _offer(promotion: Promotion, zone: ZoneInfo) -> Offer:
    ends_at = promotion.ends_at
    return Offer(
        public_id=promotion.public_id,
        title=promotion.title,
        description=promotion.description,
        conditions=promotion.conditions,
        first_day=promotion.starts_at.astimezone(zone).date(),
        # `ends_at` is the first moment that is too late.
        last_day=(ends_at - timedelta(microseconds=1)).astimezone(zone).date() if ends_at else None,
        image=image_name(promotion.image.sha256, promotion.image.content_type) if promotion.image else "",
    )
