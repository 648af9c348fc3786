"""Checking the books against their laws (specs/points_and_tiers.md, Laws)."""

from collections.abc import Iterator

import structlog

from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.ledger import invariants
from loyalty.ledger.invariants import Finding
from loyalty.models import JobRun
from loyalty.services import journal
from loyalty.services.unit_of_work import snapshot, unit_of_work

CHECK = "verify_ledger"
log = structlog.get_logger(__name__)


def verify() -> Iterator[Finding]:
    """Check every law at one moment; a finding comes as soon as its law is checked. Writes nothing, locks nothing."""
    with snapshot():
        yield from invariants.check()


def check_nightly(actor: Actor) -> int:
    """Check every law and keep the result where people look: a job run, and a journal entry when a law is broken.

    Returns how many laws are broken. The log says it as an error, for whoever is called at night.
    """
    started = clock.now()
    findings = list(verify())
    broken = [each for each in findings if each.broken]
    now = clock.now()
    with unit_of_work():
        JobRun.objects.create(
            job=CHECK, actor=str(actor), as_of=started, started_at=started, updated_at=now, finished_at=now,
            done=len(findings), total=len(findings), result={"broken": [each.name for each in broken]},
        )  # fmt: skip
        for each in broken:
            journal.record(actor, "ledger.law_broken", f"law {each.number}", name=each.name, ids=each.ids)
            log.error("ledger_law_broken", law=each.number, name=each.name, broken=each.broken)
    return len(broken)
