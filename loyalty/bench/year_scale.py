"""The end of a year for a large shop: December's dry run, the closing, and a second run that finds nothing to do.

Serves specs/points_and_tiers.md, Tiers. Two contacts in three hold a tier that ends with the year, and nobody has
earned it anew; everybody has qualifying points to close, and points in escrow that belong to the next year.
"""

import json
from datetime import timedelta

from django.db import connection

from loyalty.bench import books_seeding, measured, seeding
from loyalty.bench.bulk import loading
from loyalty.bench.measured import Cost
from loyalty.bench.scale import Findings, Row, Stage, prepared
from loyalty.core import clock
from loyalty.ledger.models import Operation
from loyalty.services import program
from tiers import rules
from tiers import selectors as tiers
from tiers.models import Standing, StandingReason

LONGEST_SECONDS = 3000.0
_BEFORE_THE_TURN = timedelta(days=11)
_PEOPLE = ("customers_contact", "cards_card", "tiers_standing")
_ENDS = "UPDATE tiers_standing SET ends_at = %s FROM tiers_tier WHERE tier_id = tiers_tier.id AND rank > %s"


def run(contacts: int, stage: Stage) -> Findings:
    """Close the last year of so many contacts by the command, check every law, and say what each part cost."""
    findings = Findings("The end of a year", {"contacts": contacts})
    with prepared(stage) as url:
        year = clock.now().astimezone(program.settings().tzinfo).year - 1
        seed(contacts, year, stage)
        stage("dry run")(0, 1)
        _add(findings, "dry run", _command(url, "close_year", "--year", str(year), "--dry-run"))
        stage("closing the year")(0, 1)
        cost = _command(url, "close_year", "--year", str(year))
        assessed = Standing.objects.filter(reason=StandingReason.ASSESSED).count()
        closed = Operation.objects.filter(kind="year_close").count()
        _add(findings, "closing", cost, f"{closed:,} contacts, {assessed:,} new standings")
        _add(findings, "a second run", _command(url, "close_year", "--year", str(year)), "finds nothing")
        stage("checking every law")(0, 1)
        laws = json.loads(_command(url, "verify_ledger", "--json").output)
        again = Operation.objects.filter(kind="year_close").count()
    findings.failures += [law["name"] for law in laws if law["broken"]]
    if (closed, again) != (contacts, contacts):
        findings.failures.append(f"{contacts} contacts had a year to close; {closed} and then {again} were closed")
    return findings


def seed(contacts: int, year: int, stage: Stage) -> None:
    """Make so many contacts as they are eleven days before `year` is over. The books are empty."""
    turn = rules.turn_of(year, program.settings().tzinfo)
    december = turn - _BEFORE_THE_TURN
    with loading(_PEOPLE), connection.cursor() as cursor:
        ladder = [tier.pk for tier in tiers.ladder() if tier.rank >= tiers.BASE_RANK]
        seeding.seed_contacts(contacts, december, stage("contacts"), tiers_of_contacts=ladder)
        cursor.execute(_ENDS, [turn, tiers.BASE_RANK])
    books_seeding.seed_books(contacts, december, stage("points"), books_seeding.short_course())
    seeding.analyse()


def _command(url: str, *arguments: str) -> Cost:
    return measured.command(("manage.py", *arguments), url, seconds=LONGEST_SECONDS)


def _add(findings: Findings, what: str, cost: Cost, note: str = "") -> None:
    findings.rows.append(Row(what, cost, note=note))
