"""Checking the books against their laws (specs/points_and_tiers.md, Laws)."""

from collections.abc import Iterator

from loyalty.ledger import invariants
from loyalty.ledger.invariants import Finding
from loyalty.services.unit_of_work import snapshot


def verify() -> Iterator[Finding]:
    """Check every law at one moment; a finding comes as soon as its law is checked. Writes nothing, locks nothing."""
    with snapshot():
        yield from invariants.check()
