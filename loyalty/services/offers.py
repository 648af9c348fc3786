"""The face of a promotion: what the wallet shows of it (specs/koshelek.md, call 9).

It is no term: it changes no points, so it may be written at any time, and the journal keeps what stood there before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import InvalidParameter
from loyalty.services import journal, promotions, reasons
from loyalty.services.unit_of_work import unit_of_work
from promos import locks, pictures
from promos.errors import PromotionNotFound
from promos.models import OfferImage, Promotion, PromotionStatus, PromotionTrigger
from promos.pictures import Picture

LONGEST = {"title": 120, "description": 2000, "conditions": 4000}
"""Texts of a face. With a title the promotion is an offer; without one the wallet does not show it."""


@dataclass(frozen=True, slots=True)
class NewPicture:
    """What becomes of the picture: other content, or none at all when `content` is empty."""

    content: bytes = b""


def set_face(
    actor: Actor, promotion_id: int, texts: Mapping[str, str], reason: str, picture: NewPicture | None = None
) -> Promotion:
    """Store texts (title, description, conditions; what is not named stays) and another picture, if one is given.

    Raises PromotionNotFound; InvalidParameter with the field's name, also for taking the title from an announcement
    that is live.
    """
    why = reasons.required(reason)
    checked = {name: _text(name, value) for name, value in texts.items()}
    drawn = pictures.read(picture.content) if picture and picture.content else None
    with unit_of_work():
        promotion = locks.lock_promotion(promotion_id)
        told: dict[str, Any] = {
            name: [getattr(promotion, name), value]
            for name, value in checked.items()
            if getattr(promotion, name) != value
        }
        if told.get("title") and not checked["title"]:
            _require_no_announcement(promotion)
        for name, (_old, value) in told.items():
            setattr(promotion, name, value)
        if picture is not None:
            told |= _hang(promotion, drawn)
        if told:
            promotion.save(update_fields=list(told))
            journal.record(actor, "promotion.face", promotion.name, reason=why, changes=told)
    return promotion


def duplicate_promotion(actor: Actor, source_id: int, terms: Mapping[str, Any], reason: str) -> Promotion:
    """Make a draft with these terms and the face of another promotion. Raises as create_promotion does."""
    source = Promotion.objects.filter(pk=source_id).first()
    if source is None:
        raise PromotionNotFound()
    face = {name: getattr(source, name) for name in (*LONGEST, "image_id")}
    return promotions.create_promotion(actor, terms, reason, face=face, copy_of=source.name)


def _hang(promotion: Promotion, drawn: Picture | None) -> dict[str, Any]:
    kept = OfferImage.objects.filter(pk=promotion.image_id or 0)
    old = kept.values_list("sha256", flat=True).first()
    promotion.image = None if drawn is None else _kept(drawn)
    new = drawn.sha256 if drawn else None
    return {} if old == new else {"image": [old, new]}


def _kept(drawn: Picture) -> OfferImage:
    """Return the row of a picture; the same picture is kept once, whoever uploads it."""
    row = OfferImage(
        sha256=drawn.sha256,
        content=drawn.content,
        content_type=drawn.content_type,
        width=drawn.width,
        height=drawn.height,
        created_at=clock.now(),
    )
    OfferImage.objects.bulk_create([row], ignore_conflicts=True)
    return OfferImage.objects.defer("content").get(sha256=drawn.sha256)


def _require_no_announcement(promotion: Promotion) -> None:
    shown = promotion.status in (PromotionStatus.LIVE, PromotionStatus.PAUSED)
    if shown and promotion.trigger == PromotionTrigger.ANNOUNCEMENT:
        raise InvalidParameter("An announcement is nothing but its offer: it keeps a title.", name="title")


def _text(name: str, value: str) -> str:
    if name not in LONGEST:
        raise InvalidParameter("An offer has no such text.", name=name)
    text = value.replace("\r\n", "\n").strip()
    if len(text) > LONGEST[name]:
        raise InvalidParameter(f"Write at most {LONGEST[name]} characters.", name=name)
    if any(not (each.isprintable() or (each == "\n" and name != "title")) for each in text):
        raise InvalidParameter("Control characters are not allowed.", name=name)
    return text
