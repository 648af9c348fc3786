"""Check the laws of the books."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from loyalty.ledger.invariants import Finding
from loyalty.management.use_case_command import UseCaseCommand
from loyalty.services import books

_ROW = "{:<5}{:<90}{:>12}{:>9}"


class Command(UseCaseCommand):
    help = "Check every law of the books at one moment; exits non-zero when one is broken. Changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print one JSON array instead of a table.")

    def run(self, **options: Any) -> None:
        """Print each law, what was counted, what is broken (the first ids)."""
        findings = self._json() if options["json"] else self._table()
        broken = [finding for finding in findings if finding.broken]
        if broken:
            raise CommandError(f"{len(broken)} of {len(findings)} laws are broken.")

    def _json(self) -> list[Finding]:
        findings = list(books.verify())
        self.stdout.write(json.dumps([asdict(finding) for finding in findings], indent=2))
        return findings

    def _table(self) -> list[Finding]:
        self.stdout.write(_ROW.format("Law", "", "Counted", "Broken"))
        findings = []
        for finding in books.verify():
            findings.append(finding)
            row = _ROW.format(finding.number, finding.name, finding.counted, finding.broken)
            ids = f"  {', '.join(finding.ids)}{', ...' if finding.broken > len(finding.ids) else ''}"
            self.stdout.write(row + ids if finding.broken else row)
        return findings
