"""The page between the password and the back office: enrol an authenticator app, or type its code."""

from typing import Any

import segno
from django import forms
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME, logout
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django_otp import login as otp_login
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.widgets import UnfoldAdminTextInputWidget

from loyalty.admin import refusals
from loyalty.admin.roles import actor_of
from loyalty.core.errors import LoyaltyError
from loyalty.services import second_factor


class TokenForm(forms.Form):
    """The six digits of the app."""

    token = forms.RegexField(
        r"^\s*[0-9]{6}\s*$",
        label=_("Code of the app"),
        error_messages={"invalid": _("The code is six digits.")},
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
        ),
    )


def is_missing(request: HttpRequest) -> bool:
    """Tell whether a second factor is wanted and this session has not shown it."""
    verified = getattr(request.user, "is_verified", None)
    return bool(settings.TWO_FACTOR) and not (verified is not None and verified())


@never_cache
@csrf_protect
def page(request: HttpRequest, site: Any) -> HttpResponse:
    """Take the code of an enrolled app; show the QR code to enrol one before that.

    Whoever has only the password sees a key only while no app is enrolled.
    """
    person = request.user
    if not isinstance(person, User) or not person.is_staff:
        return redirect("admin:login")
    if not is_missing(request):
        return redirect(_next(request))
    if "leave" in request.POST:
        logout(request)
        return redirect("admin:login")
    form = TokenForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            device = second_factor.prove(actor_of(request), person, form.cleaned_data["token"].strip())
        except LoyaltyError as error:
            form.add_error("token", refusals.words(error))
        else:
            otp_login(request, device)
            return redirect(_next(request))
    return TemplateResponse(request, "back_office/two_factor.html", _context(request, site, form))


def _context(request: HttpRequest, site: Any, form: TokenForm) -> dict[str, Any]:
    person = request.user
    enrolled = second_factor.confirmed(person) is not None  # type: ignore[arg-type]
    waiting = None if enrolled else second_factor.begin(person)  # type: ignore[arg-type]
    return {
        **site.each_context(request),
        "title": _("Second factor"),
        "form": form,
        "next": request.GET.get(REDIRECT_FIELD_NAME, ""),
        "qr": _qr(waiting) if waiting else "",
        "key": _spoken(waiting) if waiting else "",
    }


def _qr(device: TOTPDevice) -> str:
    """Return the device's address as a QR code, an image inside the page: its key goes nowhere else."""
    return str(segno.make(device.config_url, error="m").svg_data_uri(scale=5, border=2))


def _spoken(device: TOTPDevice) -> str:
    """Return the key in groups of four, for people who cannot scan."""
    from base64 import b32encode

    text = b32encode(device.bin_key).decode().rstrip("=")
    return " ".join(text[place : place + 4] for place in range(0, len(text), 4))


def _next(request: HttpRequest) -> str:
    wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
    inside = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    return wanted if wanted and inside else reverse("admin:index")
