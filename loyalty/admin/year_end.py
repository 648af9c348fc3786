"""The page that shows, before it happens, what the end of the year will do to the tiers."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from loyalty.admin import pages
from loyalty.admin.pages import Page, Table, Tile
from loyalty.selectors.year_forecast import Forecast, Move
from loyalty.services import year_end

WIDTH, HEIGHT = 1000, 28
_WAYS = (("up", _("up")), ("stay", _("stay")), ("down", _("down")))


def show(request: HttpRequest) -> dict[str, Any]:
    """Return what the page needs: the running year, or with `?year=` one that is over. Raises InvalidParameter."""
    asked = request.GET.get("year", "")
    forecast = year_end.preview_year(int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 4 else None)
    title = gettext("The end of %(year)s") % {"year": forecast.year}
    return {"title": title, "page": _page(forecast), "bars": _bars(forecast.moves)}


def _page(forecast: Forecast) -> Page:
    tiles = [
        Tile(_("Customers in the programme"), pages.whole(forecast.contacts)),
        Tile(_("Will move up"), pages.whole(_count(forecast.moves, "up"))),
        Tile(_("Will stay"), pages.whole(_count(forecast.moves, "stay"))),
        Tile(_("Will move down"), pages.whole(_count(forecast.moves, "down"))),
        Tile(
            _("Qualifying points that will close"),
            pages.amount(forecast.points),
            gettext("%(points)s of them still in escrow") % {"points": pages.amount(forecast.waiting)},
        ),
    ]
    notes = [
        gettext(
            "This is what %(moment)s will bring if nothing more is bought or returned until then."
            " Nothing has been changed."
        )
        % {"moment": pages.moment(forecast.turn)},
        gettext(
            "Points in escrow count when they mature before that moment."
            " Those that mature later count for the next year."
        ),
    ]
    return Page([], tiles, [_table(forecast.moves)], notes)


def _table(moves: Sequence[Move]) -> Table:
    words = dict(_WAYS)
    rows = [
        (move.source, move.target, words[_way(move)], pages.whole(move.contacts), pages.amount(move.points))
        for move in moves
    ]
    headers = (_("from"), _("to"), _("way"), _("customers"), _("points that close"))
    return Table(_("Who goes where"), headers, rows, empty=_("Nobody is enrolled yet."), numeric=frozenset({3, 4}))


def _bars(moves: Sequence[Move]) -> list[tuple[str, SafeString]]:
    """Return for each tier its name and a bar: how many of its customers move up, stay, move down."""
    of_tier: dict[str, list[Move]] = defaultdict(list)
    for move in moves:
        of_tier[move.source].append(move)
    return [(tier, _bar(tier, those)) for tier, those in of_tier.items()]


def _bar(tier: str, moves: Sequence[Move]) -> SafeString:
    counts = [(way, word, _count(moves, way)) for way, word in _WAYS]
    total = sum(count for _way, _word, count in counts)
    parts, left = [], 0
    for way, _word, count in counts:
        width = round(WIDTH * count / total)
        parts.append((left, width, HEIGHT, way))
        left += width
    told = ", ".join(f"{word}: {pages.whole(count)}" for _way, word, count in counts)
    people = ngettext("%(count)s customer", "%(count)s customers", total) % {"count": pages.whole(total)}
    rectangles = format_html_join("", '<rect x="{}" y="0" width="{}" height="{}" class="bo-bar-{}"></rect>', parts)
    return format_html(
        '<svg class="bo-bar" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
        '<p class="bo-tile-note">{}</p>',
        WIDTH,
        HEIGHT,
        f"{tier}: {told}",
        rectangles,
        f"{people} · {told}",
    )


def _count(moves: Sequence[Move], way: str) -> int:
    return sum(move.contacts for move in moves if _way(move) == way)


def _way(move: Move) -> str:
    if move.target_rank == move.source_rank:
        return "stay"
    return "up" if move.target_rank > move.source_rank else "down"
