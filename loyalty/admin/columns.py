"""Columns of lists: each writes one field the way `pages` does."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.utils.text import capfirst

from loyalty.admin import pages, wording

Column = Callable[[Any], Any]


def moment(name: str, label: Any) -> Column:
    """A moment in the retailer's zone."""
    return _column(name, label, lambda record: pages.moment(getattr(record, name)))


def amount(name: str, label: Any) -> Column:
    """Points or money."""
    return _column(name, label, lambda record: pages.amount(getattr(record, name)))


def choice(name: str, label: Any) -> Column:
    """A value of a fixed list, in the reader's language."""
    return _column(name, label, lambda record: pages.choice(record, name))


def badge(name: str, label: Any) -> Column:
    """A status as a coloured mark."""
    return _column(name, label, lambda record: pages.badge(record, name))


def holder(label: Any) -> Column:
    """The contact of a row of the books: `with_holder` of `search` has put its code there."""
    return _column("holder", label, lambda record: getattr(record, "holder_code", "") or pages.NOTHING)


def computed(name: str, label: Any, write: Column) -> Column:
    """Whatever `write` makes of a row."""
    return _column(name, label, write)


def in_words(model: type[Model], names: Any) -> list[Any]:
    """Return columns where fields that hold codes are written in words; the others stay as they are."""
    return [_coded(model, name) if isinstance(name, str) else name for name in names]


def _coded(model: type[Model], name: str) -> Any:
    words = wording.words_of(model, name)
    field = next((each for each in model._meta.fields if each.name == name), None)
    if words is None or field is None:
        return name
    label = field.verbose_name
    return _column(name, label, lambda record: wording.written(words, getattr(record, name)))


class ChoiceFilter(admin.ChoicesFieldListFilter):
    """A filter by a fixed list, in the reader's language."""

    def choices(self, changelist: Any) -> Any:
        """Yield Django's choices with their names translated."""
        for each in super().choices(changelist):
            yield {**each, "display": capfirst(pages.worded(self.field.model, str(each["display"])))}


def _column(name: str, label: Any, write: Callable[[Model], Any]) -> Column:
    @admin.display(description=label)
    def column(record: Model) -> Any:
        return write(record)

    column.__name__ = name
    return column
