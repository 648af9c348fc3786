"""Changes in the back office: a button opens a form, the form calls one use case.

So the same law binds this door and the APIs, and the journal knows who did it, when, and why.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from loyalty.admin import refusals
from loyalty.admin.roles import actor_of, role_of
from loyalty.core.actors import Actor
from loyalty.core.errors import LoyaltyError


class CommandForm(forms.Form):
    """The questions of a command, files among them. `subject` is the record it acts on, None when it makes a new
    one; `person_role` is the role of whoever is asked."""

    def __init__(self, *args: Any, subject: Any = None, person_role: str = "", **kwargs: Any) -> None:
        self.subject, self.person_role = subject, person_role
        kwargs.setdefault("initial", {}).update(self.present(subject))
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.label = capfirst(field.label or "")

    def present(self, subject: Any) -> dict[str, Any]:
        """Return what the fields show before anybody types."""
        return {}

    def sections(self) -> list[tuple[Any, Any, list[forms.BoundField]]]:
        """Return (heading, explanation, fields): one section without a heading unless a form says otherwise."""
        return [("", "", self.visible_fields())]

    def changes(self, names: Sequence[str]) -> dict[str, Any]:
        """Return the fields of `names` that the person changed, so that two people do not undo each other."""
        return {name: self.cleaned_data[name] for name in names if name in self.changed_data}


class ReasonForm(CommandForm):
    """A command that changes something about a person or a card asks why."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("Why this is done. It stays in the journal; no personal data, please."),
        error_messages={"required": _("Write down why.")},
    )

    field_order: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The reason is asked last: first what, then why.
        self.fields["reason"] = self.fields.pop("reason")


DONE = _("Done.")


@dataclass(frozen=True)
class Secret:
    """Something that is shown once: what it is, whose it is, and the words themselves."""

    title: Any
    name: str
    secret: str
    warning: Any


@dataclass(frozen=True)
class Onward:
    """Where to go when it is done, and what to say there, where the list or the record is not the place."""

    address: str
    said: Any


Outcome = Secret | Onward | StreamingHttpResponse | str | None
"""What a command comes to, beside what it changed."""


@dataclass(frozen=True)
class Command:
    """One button. `run` calls a use case with the actor, the record and the valid form; it returns a secret to show
    once, a file to download, or what to say instead of `done`.

    `offered` says of a record whether the button stands there; `offered_to` says it of a record and a role, and
    closes the form as well.
    """

    name: str
    label: Any
    form: type[CommandForm]
    run: Callable[[Actor, Any, Any], Outcome]
    done: Any = DONE
    explain: Any = ""
    submit: Any = ""
    icon: str = "edit"
    danger: bool = False
    offered: Callable[[Any], bool] = lambda _subject: True
    offered_to: Callable[[Any, str], bool] = lambda _subject, _role: True


def serve(request: HttpRequest, command: Command, subject: Any, context: dict[str, Any], back: str) -> HttpResponse:
    """Show the command's form, or run it: to the record, the secret or the file, or to the form with the refusal."""
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = command.form(*sent, subject=subject, person_role=role_of(request.user))
    if form.is_valid():
        outcome = _run(request, command, subject, form)
        if isinstance(outcome, Secret):
            return _show_once(request, outcome, context, back)
        if isinstance(outcome, StreamingHttpResponse):
            file: Any = outcome  # admin views are typed as if none could stream
            return file
        if not form.errors:
            from django.contrib import messages

            onward = outcome if isinstance(outcome, Onward) else Onward(back, outcome or command.done)
            messages.success(request, str(onward.said))
            return redirect(onward.address)
    page = {**context, "form": form, "command": command, "back": back, "title": command.label}
    response = TemplateResponse(request, "back_office/command.html", page)
    response.status_code = 422 if form.errors else 200
    return response


def _run(request: HttpRequest, command: Command, subject: Any, form: CommandForm) -> Outcome:
    try:
        return command.run(actor_of(request), subject, form)
    except LoyaltyError as error:
        name = error.data.get("name") or error.data.get("field")
        form.add_error(name if name in form.fields else None, refusals.words(error))
    return None


def _show_once(request: HttpRequest, secret: Secret, context: dict[str, Any], back: str) -> HttpResponse:
    page = {**context, "secret": secret, "back": back, "title": secret.title}
    response = TemplateResponse(request, "back_office/secret.html", page)
    add_never_cache_headers(response)
    response["Cache-Control"] = "no-store, private"
    return response
