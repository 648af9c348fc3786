"""An audience in a marketer's words, and how many it reaches."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from loyalty.admin import pages
from loyalty.admin.marketing_words import CARD_STATES, CONDITIONS
from loyalty.admin.pages import Fact, Tile
from loyalty.services import audiences
from promos.audiences import CONDITIONS as ORDER
from promos.errors import AudienceTooSlow
from promos.models import Segment
from tiers.models import Tier


def facts(conditions: Mapping[str, Any]) -> list[Fact]:
    """Return the conditions in words (2 statements at most)."""
    if not conditions:
        return [Fact(_("who"), _("Everybody who takes part."))]
    return [Fact(CONDITIONS[name], _told(name, conditions)) for name in ORDER if name in conditions]


def tiles(conditions: Mapping[str, Any]) -> list[Tile]:
    """Return how many contacts the conditions reach now; a dash when counting takes too long."""
    try:
        found = audiences.reach(conditions)
    except AudienceTooSlow:
        return [Tile(_("Reaches now"), pages.NOTHING, _("Counting takes too long at this hour."))]
    return [
        Tile(_("Reaches now"), pages.whole(found.contacts), _("customers who take part")),
        Tile(_("With a phone"), pages.whole(found.with_phone)),
    ]


def reach_note(conditions: Mapping[str, Any]) -> str:
    """Return one sentence for a form: whom it is about to reach."""
    try:
        found = audiences.reach(conditions)
    except AudienceTooSlow:
        return gettext("How many customers this reaches could not be counted in time.")
    told = ngettext("Now this reaches %(count)s customer.", "Now this reaches %(count)s customers.", found.contacts)
    return told % {"count": pages.whole(found.contacts)}


def _told(name: str, conditions: Mapping[str, Any]) -> Any:
    value = conditions[name]
    if name == "tiers":
        return ", ".join(Tier.objects.filter(public_id__in=value).order_by("rank").values_list("name", flat=True))
    if name in ("segments", "not_segments"):
        return ", ".join(Segment.objects.filter(pk__in=value).order_by("name").values_list("name", flat=True))
    if name == "cards":
        return ", ".join(str(CARD_STATES[each]) for each in value)
    if name in ("points_from", "points_to"):
        return pages.amount(Decimal(value))
    return ", ".join(value) if isinstance(value, list) else pages.shown(value)
