"""A promotion in a marketer's words: what it gives, to whom, when, and what keeps it from a basket."""

from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from loyalty.admin import pages
from loyalty.admin.marketing_words import PROMOTION
from loyalty.admin.pages import Fact
from loyalty.admin.promotion_forms import ASKED, WEEKDAYS
from loyalty.core import clock
from promos.models import Promotion, PromotionKind, PromotionStatus, PromotionTrigger

ANY = _("any")
_MOST_NAMES = 20
_OBSTACLES: dict[str, Any] = {
    "starts_at": _("It has not begun at that moment."),
    "ends_at": _("It is over at that moment."),
    "hours": _("It does not count at that hour."),
    "weekdays": _("It does not count on that weekday."),
    "stores": _("It does not count in that store."),
    "birthday_days": _("It is too far from the customer's birthday."),
    "birthday_taken": _("The customer has had it around a birthday of that year."),
    "first_purchase": _("It counts for the first purchase only."),
    "minimum_basket": _("The basket is below its minimum."),
    "goods": _("It is about other goods: write a category or SKU that it names."),
    "excluded": _("This category earns nothing: the retailer's settings exclude it."),
    "budget": _("Its budget is used up."),
    "audience": _("This customer is not in its audience."),
}


def gives(promotion: Promotion) -> str:
    """Return what it gives: 10 % of the money paid, base points times 3, 200 points."""
    if promotion.trigger == PromotionTrigger.ANNOUNCEMENT:
        return gettext("an announcement")
    value = _bare(promotion.value)
    if promotion.trigger == PromotionTrigger.CODE:
        return gettext("%(value)s points for a code") % {"value": value}
    if promotion.kind == PromotionKind.PERCENT:
        return gettext("%(value)s%% of the money paid") % {"value": value}
    if promotion.kind == PromotionKind.MULTIPLIER:
        return gettext("base points × %(value)s") % {"value": value}
    return gettext("%(value)s points for the basket") % {"value": value}


def phase(promotion: Promotion) -> SafeString:
    """Return the status as a mark; a live promotion may be waiting for its day, or be over by the clock."""
    now = clock.now()
    if promotion.status == PromotionStatus.LIVE:
        if promotion.ends_at is not None and promotion.ends_at <= now:
            return pages.mark(_("Over"), "plain")
        if promotion.starts_at > now:
            return pages.mark(_("Begins later"), "info")
        return pages.mark(gettext("Live"), "success")
    colours = {PromotionStatus.PAUSED.value: "warning", PromotionStatus.DRAFT.value: "info"}
    return pages.mark(pages.choice(promotion, "status"), colours.get(promotion.status, "plain"))


def progress(promotion: Promotion) -> SafeString:
    """Return the granted part of the budget with a bar."""
    if promotion.budget is None:
        return format_html("{}", pages.NOTHING)
    return format_html(
        '<span class="bo-progress"><progress max="100" value="{}"></progress>{} / {}</span>',
        int(promotion.granted * 100 / promotion.budget),
        pages.amount(promotion.granted),
        pages.amount(promotion.budget),
    )


def note(promotion: Promotion) -> Any:
    """Return what a marketer should know before anything else, if there is such a thing."""
    if promotion.status == PromotionStatus.DRAFT:
        return _("This is a draft: nobody earns by it or sees it until it goes live.")
    if promotion.budget is not None and promotion.granted >= promotion.budget:
        return _("The budget is used up: purchases earn nothing more by this promotion.")
    return None


def obstacle(promotion: Promotion, name: str) -> Any:
    """Return why a basket earns nothing by it."""
    return _OBSTACLES[name]


def terms(promotion: Promotion) -> list[tuple[Any, list[Fact]]]:
    """Return the terms in words, by what they decide."""
    found = [
        (_("When"), _when(promotion)),
        (_("For what"), _goods(promotion)),
        (_("Where and for whom"), _customers(promotion)),
        (_("How it adds up"), _sums(promotion)),
    ]
    asked = [(title, [fact for name, fact in facts if name in ASKED[promotion.trigger]]) for title, facts in found]
    return [(title, facts) for title, facts in asked if facts]


_Named = list[tuple[str, Fact]]
"""Facts with the names of their terms: what a trigger does not ask for is not shown."""


def _when(promotion: Promotion) -> _Named:
    whole_day = (promotion.hour_from, promotion.hour_until) == (0, 24)
    hours = ANY if whole_day else f"{promotion.hour_from}:00–{promotion.hour_until}:00"
    days = ", ".join(str(name) for number, name in WEEKDAYS if number in promotion.weekdays)
    return [
        _fact("starts_at", pages.moment(promotion.starts_at)),
        _fact("ends_at", pages.moment(promotion.ends_at) if promotion.ends_at else _("without end")),
        ("hour_from", Fact(_("hours"), hours)),
        _fact("weekdays", days or ANY),
    ]


def _goods(promotion: Promotion) -> _Named:
    least = pages.amount(promotion.minimum_basket) if promotion.minimum_basket else ANY
    return [
        _fact("minimum_basket", least),
        _fact("categories", _listed(promotion.categories)),
        _fact("skus", _listed(promotion.skus)),
    ]


def _customers(promotion: Promotion) -> _Named:
    audience = promotion.audience
    return [
        _fact("audience", pages.link(audience, "promos.audience", audience.pk) if audience else _("everybody")),
        _fact("stores", _listed(promotion.stores)),
        ("birthday_days", Fact(_("birthday"), _birthday(promotion.birthday_days))),
        _fact("first_purchase", pages.shown(promotion.first_purchase)),
    ]


def _sums(promotion: Promotion) -> _Named:
    none = _("no limit")
    escrow = promotion.escrow_days
    return [
        _fact("stacks", pages.shown(promotion.stacks)),
        _fact("qualifies", pages.shown(promotion.qualifies)),
        _fact("customer_cap", none if promotion.customer_cap is None else pages.amount(promotion.customer_cap)),
        _fact("budget", none if promotion.budget is None else pages.amount(promotion.budget)),
        _fact("customer_count", none if promotion.customer_count is None else pages.whole(promotion.customer_count)),
        _fact("total_count", none if promotion.total_count is None else pages.whole(promotion.total_count)),
        _fact("escrow_days", _("as for purchases") if escrow is None else pages.whole(escrow)),
    ]


def _fact(name: str, value: Any) -> tuple[str, Fact]:
    return name, Fact(PROMOTION[name], value)


def _birthday(days: int | None) -> Any:
    if days is None:
        return ANY
    if days == 0:
        return gettext("on the day itself")
    told = ngettext("%(days)s day before and after", "%(days)s days before and after", days)
    return told % {"days": days}


def _listed(names: list[str]) -> Any:
    if not names:
        return ANY
    shown = ", ".join(names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return gettext("%(names)s and %(count)s more") % {"names": shown, "count": more} if more > 0 else shown


def _bare(value: Decimal) -> str:
    text = pages.amount(value)
    return text[:-3] if value == value.to_integral_value() else text
