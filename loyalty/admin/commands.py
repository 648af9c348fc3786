"""Changes in the back office: a button opens a form, the form calls one use case.

So the same law binds this door and the APIs, and the journal knows who did it, when, and why.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from loyalty.admin import refusals, shown_values
from loyalty.admin.roles import actor_of, role_of
from loyalty.core.actors import Actor
from loyalty.core.errors import LoyaltyError


@dataclass(frozen=True)
class Tab:
    """One of several forms that stand side by side: its name, its query, and whether it is the one shown."""

    label: Any
    query: str
    current: bool


class CommandForm(forms.Form):
    """The questions of a command, files among them. `subject` is the record it acts on, None when it makes a new
    one; `person_role` is the role of whoever is asked; `query` is what the form's address says, to choose between
    forms. A form with `looks`, the words of a second button, answers that button and changes nothing."""

    looks: ClassVar[Any] = ""

    def __init__(
        self,
        *args: Any,
        subject: Any = None,
        person_role: str = "",
        query: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        self.subject, self.person_role, self.query = subject, person_role, query or {}
        kwargs.setdefault("initial", {}).update(self.present(subject))
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.label = capfirst(field.label or "")

    @property
    def looking(self) -> bool:
        """Whether the second button was pressed."""
        return bool(self.looks) and LOOK in self.data

    def full_clean(self) -> None:
        """Check what was sent. Who only looks need not have said everything yet."""
        needed = [field for field in self.fields.values() if field.required]
        for field in needed:
            field.required = not self.looking
        super().full_clean()
        for field in needed:
            field.required = True

    def present(self, subject: Any) -> dict[str, Any]:
        """Return what the fields show before anybody types."""
        return {}

    def sections(self) -> list[tuple[Any, Any, list[forms.BoundField]]]:
        """Return (heading, explanation, fields): one section without a heading unless a form says otherwise."""
        return [("", "", self.visible_fields())]

    def notes(self) -> list[Any]:
        """Return what a person should know before pressing the button."""
        return []

    def look(self) -> Any:
        """Return what the second button tells. Raises LoyaltyError for what a use case would refuse."""
        return ""

    def tabs(self) -> list[Tab]:
        """Return the other forms that this one stands beside."""
        return []

    def changes(self, names: Sequence[str]) -> dict[str, Any]:
        """Return the fields of `names` that the person changed, so that two people do not undo each other."""
        asked = [name for name in names if name in self.fields]
        return {name: self.cleaned_data[name] for name in asked if shown_values.differs(self, name)}

    def shown(self) -> SafeString:
        """Return, as hidden fields, what the form showed of the record when it was opened."""
        return shown_values.hidden(self) if self.subject is not None else SafeString("")


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
LOOK = "look"
FORETOLD = "foretold"
"""What the second page sends along with the form."""


@dataclass(frozen=True)
class Secret:
    """Something that is shown once: what it is, whose it is, and the words themselves."""

    title: Any
    name: str
    secret: str
    warning: Any


@dataclass(frozen=True)
class Onward:
    """Where to go when it is done, where the list or the record is not the place, and what to say there: the
    command's `done` unless it says otherwise."""

    address: str
    said: Any = ""


Outcome = Secret | Onward | HttpResponse | StreamingHttpResponse | str | None
"""What a command comes to, beside what it changed."""


@dataclass(frozen=True)
class Command:
    """One button. `run` calls a use case with the actor, the record and the valid form; it returns a secret to show
    once, a file to download, or what to say instead of `done`.

    `offered` says of a record whether the button stands there; `offered_to` says it of a record and a role, and
    closes the form as well. `foretell` makes a second page between form and act: it says, sentence by sentence, what
    will happen. `typed` names a field of the form that is asked there, when what was decided cannot be undone.
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
    foretell: Callable[[Any, Any], Sequence[Any]] | None = None
    typed: str = ""
    offered: Callable[[Any], bool] = lambda _subject: True
    offered_to: Callable[[Any, str], bool] = lambda _subject, _role: True


def serve(request: HttpRequest, command: Command, subject: Any, context: dict[str, Any], back: str) -> HttpResponse:
    """Show the command's form, or run it: to the record, the secret or the file, or to the form with the refusal."""
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    role = role_of(request.user)
    form = command.form(*sent, subject=subject, person_role=role, query=request.GET.dict())
    seen = _look(form) if form.looking else ""
    foretold = command.foretell is None or FORETOLD in request.POST
    if not form.looking and foretold and form.is_valid():
        outcome = _run(request, command, subject, form)
        if isinstance(outcome, Secret):
            return _show_once(request, outcome, context, back)
        if isinstance(outcome, HttpResponse):
            return outcome
        if isinstance(outcome, StreamingHttpResponse):
            file: Any = outcome  # admin views are typed as if none could stream
            return file
        if not form.errors:
            from django.contrib import messages

            onward = outcome if isinstance(outcome, Onward) else Onward(back, outcome or "")
            messages.success(request, str(onward.said or command.done))
            return redirect(onward.address)
    page = {**context, "form": form, "command": command, "back": back, "title": command.label, "seen": seen}
    # A template would call the function itself.
    page["foretells"] = command.foretell is not None
    told = _foretell(command, subject, form, again=FORETOLD in request.POST)
    if told:
        return _second_page(page | {"told": told, "foretold": FORETOLD}, request)
    response = TemplateResponse(request, "back_office/command.html", page)
    response.status_code = 422 if form.errors else 200
    return response


def _foretell(command: Command, subject: Any, form: CommandForm, *, again: bool) -> Sequence[Any]:
    """Return what the command will do, nothing where its form has to be shown first, or once more."""
    wrong = set(form.errors) - ({command.typed} if again else set())
    if command.foretell is None or not form.is_bound or wrong:
        return ()
    try:
        return command.foretell(subject, form)
    except LoyaltyError as error:
        _refuse(form, error)
    return ()


def _second_page(page: dict[str, Any], request: HttpRequest) -> HttpResponse:
    form, command = page["form"], page["command"]
    if command.typed:
        form.fields[command.typed].widget = UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"})
    response = TemplateResponse(request, "back_office/foretold.html", page)
    response.status_code = 422 if form.errors else 200
    return response


def _look(form: CommandForm) -> Any:
    try:
        return form.look() if form.is_valid() else ""
    except LoyaltyError as error:
        _refuse(form, error)
    return ""


def _refuse(form: CommandForm, error: LoyaltyError) -> None:
    name = error.data.get("name") or error.data.get("field")
    form.add_error(name if name in form.fields else None, refusals.words(error))


def _run(request: HttpRequest, command: Command, subject: Any, form: CommandForm) -> Outcome:
    try:
        return command.run(actor_of(request), subject, form)
    except LoyaltyError as error:
        _refuse(form, error)
    return None


def _show_once(request: HttpRequest, secret: Secret, context: dict[str, Any], back: str) -> HttpResponse:
    page = {**context, "secret": secret, "back": back, "title": secret.title}
    response = TemplateResponse(request, "back_office/secret.html", page)
    add_never_cache_headers(response)
    response["Cache-Control"] = "no-store, private"
    return response
