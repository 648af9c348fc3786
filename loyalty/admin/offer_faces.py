"""How an offer looks in the wallet: the form that writes its face, and the card that shows it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold import widgets

from loyalty.admin import pages
from loyalty.admin.commands import Command, ReasonForm
from loyalty.admin.marketing_words import FACE
from loyalty.core.actors import Actor
from loyalty.selectors import offers as reads
from loyalty.services import offers
from loyalty.services.offers import LONGEST, NewPicture
from promos.models import OfferImage, Promotion


@dataclass(frozen=True)
class Face:
    """What the wallet shows; `image` is an address here, "" without a picture."""

    title: str
    description: str
    conditions: str
    days: str
    image: str


def _text(name: str, rows: int) -> forms.CharField:
    box = widgets.UnfoldAdminTextareaWidget(attrs={"rows": rows}) if rows else widgets.UnfoldAdminTextInputWidget()
    return forms.CharField(label=capfirst(FACE[name]), required=False, max_length=LONGEST[name], widget=box)


class FaceForm(ReasonForm):
    """Title, text, conditions and picture."""

    title = _text("title", 0)
    description = _text("description", 4)
    conditions = _text("conditions", 4)
    image = forms.FileField(
        label=capfirst(FACE["image"]),
        required=False,
        widget=widgets.UnfoldAdminFileFieldWidget(attrs={"accept": "image/png,image/jpeg,image/webp"}),
        help_text=_("PNG, JPEG or WebP, up to 5 MB. Wide ones look best. Nothing but the points is kept of it."),
    )
    drop_image = forms.BooleanField(
        label=_("take the picture away"), required=False, widget=widgets.UnfoldBooleanSwitchWidget()
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].help_text = _("Without a title the wallet does not show it.")
        if self.subject.image_id is None:
            del self.fields["drop_image"]

    def present(self, subject: Promotion) -> dict[str, Any]:
        """Show what is stored."""
        return {name: getattr(subject, name) for name in LONGEST}

    def picture(self) -> NewPicture | None:
        """Return what becomes of the picture, None when it stays."""
        uploaded = self.cleaned_data.get("image")
        if uploaded:
            return NewPicture(uploaded.read())
        return NewPicture() if self.cleaned_data.get("drop_image") else None


def _set_face(actor: Actor, promotion: Promotion, form: FaceForm) -> None:
    offers.set_face(actor, promotion.pk, form.changes(tuple(LONGEST)), form.cleaned_data["reason"], form.picture())


FACE_COMMAND = Command(
    "face",
    _("Offer in the wallet"),
    FaceForm,
    _set_face,
    done=_("The offer was changed. The wallet shows it from its next call on."),
    submit=_("Save"),
    icon="smartphone",
    explain=_("What customers read in the app. It may be mended at any time: it changes no points."),
)


def face(promotion: Promotion) -> Face | None:
    """Return how the wallet shows a promotion, None without a title (1 statement)."""
    if not promotion.title:
        return None
    kept = OfferImage.objects.filter(pk=promotion.image_id or 0).values_list("sha256", "content_type").first()
    days = pages.day(_local_day(promotion.starts_at))
    if promotion.ends_at is None:
        days = gettext("from %(day)s") % {"day": days}
    else:
        days = f"{days} – {pages.day(_local_day(promotion.ends_at - timedelta(microseconds=1)))}"
    image = reverse("offer_image", args=[reads.image_name(*kept)]) if kept else ""
    return Face(promotion.title, promotion.description, promotion.conditions, days, image)


def _local_day(moment: datetime) -> date:
    return timezone.localtime(moment).date()
