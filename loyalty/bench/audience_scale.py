"""How long a marketer waits for the size of an audience, condition by condition, and which indexes answer."""

import json
import time
from collections.abc import Iterator
from typing import Any

from django.db import connection

from loyalty.bench import crowd, measured
from loyalty.bench.scale import Findings, Row, Stage, prepared
from loyalty.core import clock
from loyalty.services import audiences
from loyalty.services.unit_of_work import snapshot
from promos.errors import AudienceTooSlow
from tiers import selectors as tiers

_TURNS = 2


def run(contacts: int, stage: Stage) -> Findings:
    """Count an audience for each kind of condition, as the page does, and all of them together."""
    findings = Findings("Sizes of audiences", {"contacts": contacts})
    with prepared(stage):
        segment = crowd.seed(contacts, clock.now(), stage)
        for name, conditions in kinds(segment.pk):
            stage(name)(0, 1)
            _count(findings, name, conditions)
    return findings


def kinds(segment: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a name and conditions for each kind of condition, and for many of them together."""
    ladder = [str(tier.public_id) for tier in tiers.ladder()]
    single: dict[str, dict[str, Any]] = {
        "tiers": {"tiers": ladder[:1]},
        "segments": {"segments": [segment]},
        "not_segments": {"not_segments": [segment]},
        "regions": {"regions": [crowd.REGIONS[0]], "region_days": 90},
        "purchased_within": {"purchased_within": 30},
        "not_purchased_within": {"not_purchased_within": 365},
        "never_purchased": {"never_purchased": True},
        "birthday": {"birthday_before": 7, "birthday_after": 0},
        "points_from": {"points_from": "30.00"},
        "points_to": {"points_to": "30.00"},
        "cards": {"cards": ["active"]},
        "no card": {"cards": ["none"]},
        "cards or none": {"cards": ["active", "none"]},
    }
    yield "everybody", {}
    yield from single.items()
    together = ("tiers", "not_segments", "regions", "purchased_within", "birthday", "points_from", "cards")
    yield "seven of them together", {key: value for name in together for key, value in single[name].items()}


def _count(findings: Findings, name: str, conditions: dict[str, Any]) -> None:
    """Count twice and keep the slower time; what the page would refuse as too slow is a failure."""
    asked: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "customers_contact" in sql:
            asked.append((sql, params))
        return execute(sql, params, many, context)

    seconds, reached = 0.0, "too slow"
    with measured.watching_server() as cost, connection.execute_wrapper(note):
        for _ in range(_TURNS):
            started = time.perf_counter()
            try:
                reached = f"{audiences.reach(conditions).contacts:,} contacts"
            except AudienceTooSlow:
                findings.failures.append(f"{name}: more than {audiences.COUNTING_SECONDS} s")
            seconds = max(seconds, time.perf_counter() - started)
    cost.seconds = seconds
    findings.rows.append(Row(name, cost, f"< {audiences.COUNTING_SECONDS} s", reached))
    findings.remarks.append(f"{name}: {', '.join(dict.fromkeys(_scans(_plan(*asked[-1]))))}")


def _plan(sql: str, params: Any) -> dict[str, Any]:
    with snapshot(), connection.cursor() as cursor:
        cursor.execute(audiences.GENEROUS)
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        (found,) = cursor.fetchone()
    plan: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return plan


def _scans(node: dict[str, Any]) -> Iterator[str]:
    """Yield what a plan reads: indexes by their names, tables that are read whole."""
    if "Index Name" in node:
        yield str(node["Index Name"])
    elif "Relation Name" in node and node["Node Type"] == "Seq Scan":
        yield f"all of {node['Relation Name']}"
    for child in node.get("Plans", ()):
        yield from _scans(child)
