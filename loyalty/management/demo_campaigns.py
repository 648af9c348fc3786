"""What the demo retailer's marketers have running: offers for the wallet, a code on posters, scanned receipts."""

import io
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from PIL import Image, ImageDraw

from loyalty.core.actors import Actor
from loyalty.services import audiences, code_orders, offers, promotions
from loyalty.services.offers import NewPicture
from promos.models import Promotion, PromotionKind, PromotionTrigger

CODE = "WELCOME100"
WEEKS = 8
WHY = "demo retailer"
_SIZE = (960, 540)


def launch(actor: Actor, now: datetime) -> None:
    """Let the campaigns begin, and open the wallet's lists for everybody who takes part."""
    ends_at = now + timedelta(weeks=WEEKS)
    _offer(
        actor, "Twice the points on home goods", ((44, 110, 99), (240, 200, 112)),
        "Thermoses, lamps and all that makes a home: two points for every rouble.",
        kind=PromotionKind.MULTIPLIER, value=Decimal(2), categories=["home"], starts_at=now, ends_at=ends_at,
    )  # fmt: skip
    _offer(
        actor, "Scan the receipt, get 5 % more", ((61, 64, 130), (143, 192, 232)),
        "Bought without the card? Scan the code of the receipt within a week.",
        trigger=PromotionTrigger.RECEIPT, kind=PromotionKind.PERCENT, value=Decimal(5), customer_count=4,
        starts_at=now, ends_at=ends_at,
    )  # fmt: skip
    _offer(
        actor, "Our shop in Kazan is open", ((150, 60, 60), (248, 216, 190)),
        "Kremlin street 12, every day from nine to nine.",
        trigger=PromotionTrigger.ANNOUNCEMENT, kind="", value=Decimal(0), starts_at=now, ends_at=ends_at,
    )  # fmt: skip
    poster = promotions.create_promotion(
        actor,
        {
            "name": "Poster at the till", "trigger": PromotionTrigger.CODE, "kind": PromotionKind.FIXED,
            "value": Decimal(100), "escrow_days": 0, "starts_at": now, "ends_at": ends_at,
        },
        WHY,
    )  # fmt: skip
    promotions.go_live(actor, poster.pk, WHY)
    code_orders.add_shared_code(actor, poster.pk, CODE, WHY)
    everybody = audiences.create_audience(actor, "Everybody who takes part", {}, WHY)
    audiences.choose_for_wallet(actor, everybody.pk, WHY)


def _offer(actor: Actor, title: str, colours: tuple[Any, Any], description: str, **terms: Any) -> Promotion:
    made = promotions.create_promotion(actor, {"name": title} | terms, WHY)
    texts = {"title": title, "description": description, "conditions": "Until the last day, while stocks last."}
    offers.set_face(actor, made.pk, texts, WHY, NewPicture(_picture(*colours)))
    return promotions.go_live(actor, made.pk, WHY)


def _picture(ground: tuple[int, int, int], light: tuple[int, int, int]) -> bytes:
    """Draw a sun over hills in two colours."""
    width, height = _SIZE
    image = Image.new("RGB", _SIZE, ground)
    draw = ImageDraw.Draw(image)
    draw.ellipse((width * 0.56, height * 0.14, width * 0.82, height * 0.14 + width * 0.26), fill=light)
    for left, top, share in ((-0.2, 0.62, 0.7), (0.3, 0.52, 0.45), (0.6, 0.7, 0.6)):
        tint = tuple(int(dark + (bright - dark) * share) for dark, bright in zip(ground, light, strict=True))
        draw.ellipse((width * left, height * top, width * (left + 0.8), height * (top + 1.2)), fill=tint)
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()
