"""What a read-only page is made of - facts, tiles, tables - and how values are written for people."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

NOTHING = "—"
EMPTY = _("Nothing here yet.")
SHOW_ALL = _("Show all")
_COLOURS = {
    "active": "success",
    "new": "info",
    "issued": "warning",
    "blocked": "danger",
    "completed": "success",
    "cancelled": "danger",
    "refunded in full": "warning",
    "waiting": "warning",
    "running": "info",
    "done": "success",
    "refused": "danger",
    "failed": "danger",
    "waits for a second person": "warning",
    "posted": "success",
    "merged": "plain",
}


@dataclass(frozen=True)
class Fact:
    """A name and its value."""

    label: Any
    value: Any


@dataclass(frozen=True)
class Group:
    """Facts under one heading."""

    title: Any
    facts: Sequence[Fact]


@dataclass(frozen=True)
class Tile:
    """One number that is seen at a glance, with a line of explanation."""

    label: Any
    value: Any
    note: Any = ""


@dataclass(frozen=True)
class Table:
    """A short list on a page; `more` leads to the whole of it, in the words of `more_text`."""

    title: Any
    headers: Sequence[Any]
    rows: Sequence[Sequence[Any]]
    empty: Any = EMPTY
    more: str = ""
    more_text: Any = SHOW_ALL
    numeric: frozenset[int] = field(default_factory=frozenset)

    @property
    def cells(self) -> list[list[tuple[Any, Any, bool]]]:
        """Rows of (heading, value, whether it is a number): a narrow screen shows the heading beside the value."""
        return [
            [(self.headers[place], value, place in self.numeric) for place, value in enumerate(row)]
            for row in self.rows
        ]


@dataclass(frozen=True)
class Figure:
    """A picture with an address of its own, to be looked at and printed."""

    title: Any
    address: str
    alt: str


@dataclass(frozen=True)
class Page:
    """The body of one record's page. With `refresh` the browser looks again after so many seconds."""

    groups: Sequence[Group]
    tiles: Sequence[Tile] = ()
    tables: Sequence[Table] = ()
    notes: Sequence[Any] = ()
    warnings: Sequence[Any] = ()
    figures: Sequence[Figure] = ()
    refresh: int = 0


def moment(value: datetime | None) -> str:
    """Write a moment in the retailer's zone."""
    return date_format(timezone.localtime(value), gettext("j M Y, H:i")) if value else NOTHING


def day(value: date | None) -> str:
    """Write a day."""
    return date_format(value, gettext("j M Y")) if value else NOTHING


def amount(value: Decimal | None) -> str:
    """Write points or money with two places."""
    return number_format(value, 2, force_grouping=True) if value is not None else NOTHING


def signed(value: Decimal) -> str:
    """Write a change with its sign."""
    return f"{'+' if value > 0 else '−'}{amount(abs(value))}"


def shown(value: Any) -> Any:
    """Write any value the way people expect it; nothing becomes a dash."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, Decimal):
        return amount(value)
    return NOTHING if value is None or value == "" else value


def choice(record: Model, name: str) -> str:
    """Write a value of a fixed list in the reader's language; the domains name it in English."""
    field_ = record._meta.get_field(name)
    labels = dict(field_.flatchoices)  # type: ignore[union-attr]
    value = getattr(record, name)
    return worded(record, str(labels.get(value, value))) if value not in (None, "") else NOTHING


def worded(noun: Model | type[Model], english: str) -> str:
    """Translate a word said of this noun; languages with genders have some words for cards alone."""
    said = pgettext(str(noun._meta.model_name), english)
    return said if said != english else gettext(english)


def badge(record: Model, name: str) -> SafeString:
    """Write a status as a coloured mark."""
    labels = dict(record._meta.get_field(name).flatchoices)  # type: ignore[union-attr]
    english = str(labels.get(getattr(record, name), getattr(record, name)))
    return mark(worded(record, english), _COLOURS.get(english.lower(), "plain"))


def mark(text: Any, colour: str) -> SafeString:
    """Write a coloured mark: success, info, warning, danger or plain."""
    return format_html('<span class="bo-mark bo-{}">{}</span>', colour, text)


def bar(done: int, total: int, *, finished: bool = False) -> SafeString:
    """Write a progress as a bar with its numbers; what is finished is full, whatever was counted on."""
    share = 100 if finished else round(100 * done / total) if total else 0
    return format_html(
        '<span class="bo-progress"><progress max="100" value="{}"></progress> {} / {}</span>',
        share,
        whole(done),
        whole(total),
    )


def page_of(label: str, pk: Any) -> str:
    """Return the address of a record's page; `label` like `customers.contact`."""
    return reverse(f"admin:{label.replace('.', '_')}_change", args=[pk])


def list_of(label: str, query: str = "") -> str:
    """Return the address of a model's list, narrowed by a query like `contact_id=5`."""
    address = reverse(f"admin:{label.replace('.', '_')}_changelist")
    return f"{address}?{query}" if query else address


def link(text: Any, label: str, pk: Any) -> SafeString:
    """Write a link to a record's page."""
    return format_html('<a class="bo-link" href="{}">{}</a>', page_of(label, pk), text)


def away(text: Any, address: str) -> SafeString:
    """Write a link to any address of the back office."""
    return format_html('<a class="bo-link" href="{}">{}</a>', address, text)


def whole(value: int) -> str:
    """Write a count."""
    return number_format(value, 0, force_grouping=True)
