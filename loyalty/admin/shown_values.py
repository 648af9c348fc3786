"""What a form showed when it was opened goes along with it, so that what a person changed is told from what another
changed meanwhile: comparing with the record as it is now would undo the other's work."""

from typing import Any

from django.core.exceptions import ValidationError
from django.forms import Form
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

MARK = "shown"
"""Tells a form that carries what it showed from one that does not: an empty list of choices leaves no trace."""


def hidden(form: Form) -> SafeString:
    """Return hidden fields with what the form first showed, however often it was refused since."""
    fields = [name for name in form.fields if name in form.initial]
    if not fields:
        return SafeString("")
    mark = format_html('<input type="hidden" name="{}" value="yes">', MARK)
    return mark + format_html_join("", "{}", ((_as_hidden(form, name),) for name in fields))


def differs(form: Form, name: str) -> bool:
    """Tell whether the person changed a field: against what was shown, else against the record as it is."""
    if MARK not in form.data:
        return name in form.changed_data
    field: Any = form.fields[name]
    try:
        shown = field.to_python(_sent(form, name))
    except ValidationError:
        return True
    return bool(field.has_changed(shown, form[name].data))


def _as_hidden(form: Form, name: str) -> str:
    field = form.fields[name]
    value = _sent(form, name) if MARK in form.data else field.prepare_value(form[name].initial)
    return field.hidden_widget().render(form.add_initial_prefix(name), value, {})


def _sent(form: Form, name: str) -> Any:
    widget = form.fields[name].hidden_widget()
    return widget.value_from_datadict(form.data, form.files, form.add_initial_prefix(name))
