"""Fields that Unfold lacks: a list written one entry a line, a moment in one box, an uploaded table."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold import widgets


class OneALine(forms.CharField):
    """A list of names, one a line: pasted from a spreadsheet, read by people."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, widget=widgets.UnfoldAdminTextareaWidget(attrs={"rows": 3}), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Show a list as lines."""
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Return the lines that say something, each once."""
        lines = value if isinstance(value, list) else (value or "").splitlines()
        return list(dict.fromkeys(line.strip() for line in lines if line.strip()))

    def run_validators(self, value: Any) -> None:
        """Check the lines as the text they were: a list shows no NUL, and PostgreSQL keeps none."""
        super().run_validators("\n".join(value))


class Moment(forms.DateTimeField):
    """A date and a time in the retailer's zone, chosen with the browser's own calendar."""

    def __init__(self, **kwargs: Any) -> None:
        box = forms.DateTimeInput(
            attrs={"type": "datetime-local", "class": " ".join(widgets.INPUT_CLASSES)}, format="%Y-%m-%dT%H:%M"
        )
        super().__init__(widget=box, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Show whole minutes: the box has no seconds."""
        if isinstance(value, datetime):
            value = value.replace(second=0, microsecond=0)
        return super().prepare_value(value)


class UploadedTable(forms.FileField):
    """A CSV or XLSX file."""

    def __init__(self, **kwargs: Any) -> None:
        box = widgets.UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.txt,.xlsx"})
        told = {"required": _("Choose a file."), "empty": _("The file is empty.")}
        super().__init__(widget=box, max_length=200, error_messages=told, **kwargs)
