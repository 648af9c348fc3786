"""Audiences as marketers make them, and how many contacts they reach (specs/koshelek.md, calls 9 to 11).

An audience that a promotion has been live for keeps its conditions, as the promotion keeps its terms: another idea
is another audience. The members of its segments may change at any time.
"""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import OperationalError, connection

from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import InvalidParameter
from loyalty.models import Store
from loyalty.selectors import audiences as reads
from loyalty.selectors.audiences import Reach
from loyalty.services import journal, program, reasons
from loyalty.services.unit_of_work import unit_of_work
from promos import audiences, locks
from promos.errors import AudienceInUse, AudienceNotFound, AudienceTooSlow
from promos.models import Audience, Promotion, PromotionStatus, Segment
from tiers.models import Tier

COUNTING_SECONDS = 10
"""How long a person waits for a number; beyond it the page says so instead."""

GENEROUS = "SET LOCAL work_mem = '64MB'"
"""Sets of a million ids are compared in memory, not row by row."""


def create_audience(actor: Actor, name: str, conditions: Mapping[str, Any], reason: str) -> Audience:
    """Make an audience. Raises InvalidParameter with the name of the first condition that cannot be so."""
    why, stored = reasons.required(reason), audiences.checked(conditions)
    with unit_of_work():
        _require_known(stored)
        now = clock.now()
        audience = Audience(name=_own_name(name), conditions=stored, created_at=now, updated_at=now)
        audience.save()
        journal.record(actor, "audience.create", audience.name, reason=why, conditions=stored)
    return audience


def change_audience(
    actor: Actor, audience_id: int, reason: str, *, name: str | None = None, conditions: Mapping[str, Any] | None = None
) -> Audience:
    """Give an audience another name at any time, or other conditions while no promotion has been live for it.

    Raises AudienceNotFound, AudienceInUse, InvalidParameter with the field's name.
    """
    why = reasons.required(reason)
    stored = None if conditions is None else audiences.checked(conditions)
    with unit_of_work():
        audience = locks.lock_audience(audience_id)
        told: dict[str, Any] = {}
        if name is not None and name.strip() != audience.name:
            told["name"] = [audience.name, _own_name(name)]
            audience.name = told["name"][1]
        if stored is not None and stored != audience.conditions:
            _require_unused(audience)
            _require_known(stored)
            told["conditions"] = [audience.conditions, stored]
            audience.conditions = stored
        if told:
            audience.updated_at = clock.now()
            audience.save(update_fields=[*told, "updated_at"])
            journal.record(actor, "audience.change", audience.name, reason=why, changes=told)
    return audience


def choose_for_wallet(actor: Actor, audience_id: int | None, reason: str) -> None:
    """Choose whose phones the wallet's lists give; None: nobody's. Raises AudienceNotFound."""
    why = reasons.required(reason)
    with unit_of_work():
        settings = program.lock_settings()
        chosen = None if audience_id is None else Audience.objects.filter(pk=audience_id).first()
        if audience_id is not None and chosen is None:
            raise AudienceNotFound()
        old = settings.wallet_audience
        settings.wallet_audience, settings.updated_at = chosen, clock.now()
        settings.save(update_fields=["wallet_audience", "updated_at"])
        journal.record(
            actor, "wallet_lists.choose", chosen.name if chosen else "nobody", reason=why,
            audience=[old.name if old else None, chosen.name if chosen else None],
        )  # fmt: skip


def reach(conditions: Mapping[str, Any]) -> Reach:
    """Return how many contacts the conditions reach now. Raises AudienceTooSlow after COUNTING_SECONDS."""
    zone = program.settings().tzinfo
    try:
        # One statement is one snapshot; the transaction holds the settings below.
        with unit_of_work():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = '{COUNTING_SECONDS}s'")
                cursor.execute(GENEROUS)
            return reads.count(conditions, zone)
    except OperationalError as error:
        if isinstance(error.__cause__, psycopg.errors.QueryCanceled):
            raise AudienceTooSlow(seconds=COUNTING_SECONDS) from error
        raise


def live_promotion(audience_id: int) -> Promotion | None:
    """Return a promotion that is or has been live for the audience, if there is one: it holds the conditions."""
    return Promotion.objects.filter(audience_id=audience_id).exclude(status=PromotionStatus.DRAFT).first()


def _require_unused(audience: Audience) -> None:
    held_by = live_promotion(audience.pk)
    if held_by is not None:
        raise AudienceInUse(promotion=held_by.name)


def _require_known(conditions: Mapping[str, Any]) -> None:
    """Refuse tiers, segments and regions that are not there (InvalidParameter)."""
    wanted = set(conditions.get("tiers", ()))
    if wanted - set(map(str, Tier.objects.filter(public_id__in=wanted).values_list("public_id", flat=True))):
        raise InvalidParameter("This tier is not there any more. Choose again.", name="tiers")
    for name in ("segments", "not_segments"):
        ids = set(conditions.get(name, ()))
        if ids - set(Segment.objects.filter(pk__in=ids).values_list("pk", flat=True)):
            raise InvalidParameter("This segment is not there. Choose again.", name=name)
    regions = set(conditions.get("regions", ()))
    missing = regions - set(Store.objects.filter(region__in=regions).values_list("region", flat=True))
    if missing:
        raise InvalidParameter("No store is in this region. Choose again.", name="regions")


def _own_name(name: str) -> str:
    text = name.strip()
    if not text or len(text) > audiences.LONGEST_NAME or not text.isprintable():
        raise InvalidParameter("Give the audience a name of at most 80 characters.", name="name")
    if Audience.objects.filter(name=text).exists():
        raise InvalidParameter("Another audience has this name. Choose another.", name="name")
    return text
