"""A customer's balances at any past moment, on the customer's page, for whoever may see balances."""

from typing import Any

from django import forms
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from loyalty.admin import contact_glance, pages, refusals, roles
from loyalty.admin.form_fields import Moment
from loyalty.admin.pages import Page, Tile
from loyalty.core.errors import LoyaltyError
from loyalty.selectors import balance_history


class MomentForm(forms.Form):
    """The moment, in the retailer's zone."""

    at = Moment(
        label=_("At"),
        help_text=_("What a till uploads late counts from the date of its receipt."),
        error_messages={"required": _("Choose a date and a time.")},
    )


def beside(request: HttpRequest, response: HttpResponse, contact_id: str) -> HttpResponse:
    """Return the page of a contact with the box, and with the balances of the moment that was asked for."""
    may_see = roles.may(request.user, "ledger.bonusbalance")
    if may_see and isinstance(response, TemplateResponse) and response.context_data is not None:
        form = MomentForm(request.GET if "at" in request.GET else None)
        past = _past(form, int(unquote(contact_id)))
        response.template_name = "back_office/contact.html"
        response.context_data |= {"form": form, "past": past}
    return response


def _past(form: MomentForm, contact_id: int) -> Page | None:
    if not form.is_bound or not form.is_valid():
        return None
    moment: Any = form.cleaned_data["at"]
    try:
        held = balance_history.of_contact(contact_id, moment, contact_glance.retailer_zone())
    except LoyaltyError as error:
        form.add_error("at", refusals.words(error))
        return None
    return Page([], tiles=[Tile(each.name, pages.amount(each.amount), pages.moment(moment)) for each in held])
