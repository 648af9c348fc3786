"""Audiences: marketers choose customers by conditions, see how many they are, and freeze them into segments."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from loyalty.admin import audience_words, columns, pages, promotion_words
from loyalty.admin.audience_forms import AudienceForm, CopyAudienceForm, FreezeForm
from loyalty.admin.base import ReadOnly
from loyalty.admin.commands import Command, Onward, ReasonForm
from loyalty.admin.pages import Group, Page, Table
from loyalty.admin.site import site
from loyalty.core.actors import Actor
from loyalty.services import audiences, program, segments
from promos.models import Audience


def _opened(audience: Audience) -> Onward:
    return Onward(pages.page_of("promos.audience", audience.pk))


def _create(actor: Actor, _subject: Audience | None, form: AudienceForm) -> Onward:
    data = form.cleaned_data
    return _opened(audiences.create_audience(actor, data["name"], form.conditions(), data["reason"]))


def _change(actor: Actor, audience: Audience, form: AudienceForm) -> None:
    reason = form.cleaned_data["reason"]
    name = form.changes(["name"]).get("name", audience.name)
    audiences.change_audience(actor, audience.pk, reason, name=name, conditions=form.conditions())


def _freeze(actor: Actor, audience: Audience, form: FreezeForm) -> Onward:
    data = form.cleaned_data
    order = segments.freeze_audience(actor, audience.pk, data["name"], data["note"], data["reason"])
    return Onward(pages.page_of("promos.segment", order.segment_id))


def _for_wallet(actor: Actor, audience: Audience, form: ReasonForm) -> None:
    audiences.choose_for_wallet(actor, audience.pk, form.cleaned_data["reason"])


def _not_for_wallet(actor: Actor, _audience: Audience, form: ReasonForm) -> None:
    audiences.choose_for_wallet(actor, None, form.cleaned_data["reason"])


class WalletForm(ReasonForm):
    """Says how many phones the wallet would get."""

    def notes(self) -> list[Any]:
        """Count before it happens."""
        return [audience_words.reach_note(self.subject.conditions)]


def _short(audience: Audience) -> str:
    count = len(audience.conditions)
    if not count:
        return gettext("everybody")
    return ngettext("%(count)s condition", "%(count)s conditions", count) % {"count": count}


def _is_for_wallet(audience: Audience) -> bool:
    known = vars(audience).get("_for_wallet")
    if known is None:
        known = program.settings().wallet_audience_id == audience.pk
        vars(audience)["_for_wallet"] = known
    return bool(known)


_EXPLAIN = _("Whoever takes part and meets all conditions is in it, at every moment anew.")


@admin.register(Audience, site=site)
class AudienceAdmin(ReadOnly):
    """The list, and a page that counts."""

    list_display = ("name", columns.computed("conditions", _("conditions"), _short))
    ordering = ("name",)
    search_fields = ("name",)
    search_help_text = _("A part of the name")
    hint = _("An audience is a few conditions. Make one, see how many it reaches, then choose it for a promotion.")
    creates = Command(
        "add", _("New audience"), AudienceForm, _create, done=_("The audience is made."), submit=_("Save"),
        explain=_EXPLAIN,
    )  # fmt: skip
    commands = (
        Command(
            "edit", _("Change the audience"), AudienceForm, _change, done=_("The audience was changed."),
            submit=_("Save"),
            explain=_("Once a promotion has been live for it, only its name can be changed: make a copy then."),
        ),
        Command(
            "copy", _("Copy"), CopyAudienceForm, _create, done=_("The copy is made."), submit=_("Save the copy"),
            explain=_EXPLAIN, icon="content_copy",
        ),
        Command(
            "freeze", _("Freeze into a segment"), FreezeForm, _freeze,
            done=_("The segment is being made. This page shows when it is ready."), icon="ac_unit",
            explain=_("Whoever is in the audience now becomes a list that changes only when somebody changes it."),
        ),
        Command(
            "for-wallet", _("Give to the wallet"), WalletForm, _for_wallet,
            done=_("The wallet's lists give this audience."), icon="outbox",
            explain=_(
                "The wallet app may read the phones of this audience (getAllUsers), with tier, points and card."
                " Those who denied every channel are left out."
            ),
            offered=lambda audience: not _is_for_wallet(audience),
        ),
        Command(
            "not-for-wallet", _("Take from the wallet"), ReasonForm, _not_for_wallet,
            done=_("The wallet's lists are empty now."), icon="block", danger=True,
            offered=_is_for_wallet,
        ),
    )  # fmt: skip

    def page(self, request: HttpRequest, record: Audience) -> Page:
        """Show the conditions, the count, and the promotions that use it."""
        notes = []
        held_by = audiences.live_promotion(record.pk)
        if held_by is not None:
            told = gettext("%(promotion)s has been live for this audience: its conditions stay.")
            notes.append(told % {"promotion": held_by.name})
        if _is_for_wallet(record):
            notes.append(gettext("The wallet app's lists give the phones of this audience."))
        rows = [
            (pages.link(each.name, "promos.promotion", each.pk), promotion_words.phase(each))
            for each in record.promotions.order_by("-id")[:20]
        ]
        used = Table(_("Promotions for this audience"), (_("promotion"), _("status")), rows, empty=_("None."))
        conditions = Group(_("Conditions"), audience_words.facts(record.conditions))
        return Page([conditions], tiles=audience_words.tiles(record.conditions), tables=[used], notes=notes)
