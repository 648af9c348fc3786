"""The run as a table of 100 columns for people, as one JSON object for programs, and as an exit code."""

from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from loyalty.koshelek_check.calls import version
from loyalty.koshelek_check.play import Play
from loyalty.koshelek_check.rules import RULES, Rule, option
from loyalty.koshelek_check.verdicts import EVERY_CALL, Check, Verdict

WIDTH = 100
_STYLES = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.WARNING: "yellow",
    Verdict.REMARK: "cyan",
    Verdict.NOT_CHECKED: "dim",
}


@dataclass(slots=True)
class Report:
    """One finished run. `stopped` says why it ended early; `reached` is false when nothing could be checked."""

    play: Play
    requests: int
    seconds: float
    stopped: str = ""
    reached: bool = True
    strict: bool = False

    @property
    def exit_code(self) -> int:
        """Return 0, 1 when a DOC rule failed (with --strict a SEEN one, too), 2 when the server was not to be had."""
        if not self.reached:
            return 2
        found = {check.verdict for check in self.play.record.checks}
        return int(Verdict.FAIL in found or (self.strict and Verdict.WARNING in found))

    def as_dict(self) -> dict[str, Any]:
        """Return what --json prints. Ids of checks and rules are the same in every run."""
        options, record = self.play.options, self.play.record
        return {
            "base_url": options.base_url,
            "login": options.login,
            "mode": "write" if options.write else "read-only",
            "api_version": options.api_version,
            "requests": self.requests,
            "seconds": round(self.seconds, 2),
            "stopped": self.stopped,
            "exit_code": self.exit_code,
            "summary": record.count(),
            "rules": {
                rule.id: {
                    "standing": rule.standing.value,
                    "words": rule.words,
                    "verdict": record.verdict(rule.id).value,
                }
                for rule in RULES.values()
            },
            "checks": [_as_dict(check) for check in self._checks()],
            "issued": [{"cardNumber": number, "phone": phone} for number, phone in self.play.written],
        }

    def print_to(self, console: Console) -> None:
        """Print a table for each scenario, what was not checked, and the summary."""
        mode = "write" if self.play.options.write else "read-only"
        console.print(f"[bold]{escape(self.play.options.base_url)}[/], {mode}\n", highlight=False)
        console.print(_table([]))
        for scenario in dict.fromkeys([EVERY_CALL, *(check.scenario for check in self.play.record.checks)]):
            console.print(f"[bold]{escape(scenario)}[/]")
            console.print(_table([check for check in self.play.record.checks if check.scenario == scenario]))
        unchecked = [self._unchecked(rule) for rule in self.play.record.unchecked()]
        if unchecked:
            console.print("[bold]not checked[/]")
            console.print(_unchecked_table(unchecked))
        if self.play.written:
            console.print(f"Issued by this run: {', '.join(number for number, _ in self.play.written)}.")
        if self.stopped:
            console.print(f"Ended early: {escape(self.stopped)}.")
        console.print(self.summary, highlight=False)

    @property
    def summary(self) -> str:
        """Return the last line: how many rules got each verdict."""
        counts = ", ".join(f"{count} {verdict}" for verdict, count in self.play.record.count().items())
        return f"Rules: {counts}. {self.requests} requests in {self.seconds:.1f} s."

    def _checks(self) -> list[Check]:
        return [*self.play.record.checks, *(self._unchecked(rule) for rule in self.play.record.unchecked())]

    def _unchecked(self, rule: Rule) -> Check:
        return Check("not checked", "whole run", rule, "", rule.words, self._reason(rule), Verdict.NOT_CHECKED, 0)

    def _reason(self, rule: Rule) -> str:
        options = self.play.options
        if version(rule.since) > version(options.api_version):
            return f"since {rule.since}; --api-version is {options.api_version}"
        if (reason := self.play.record.reasons.get(rule.id, "")).startswith("call "):
            return reason
        if rule.needs and not any(options.given(need) for need in rule.needs):
            return f"needs {' or '.join(map(option, rule.needs))}"
        return reason or self.stopped or "what came before did not allow it"


def progress(console: Console) -> Progress:
    """Return the bar that shows which scenario plays; only a terminal sees it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _table(checks: list[Check]) -> Table:
    table = _new_table()
    table.show_header = not checks
    for name, width in (("Call", 18), ("Expected", 42), ("Came", 23), ("Verdict", 11)):
        table.add_column(name, width=width, overflow="fold")
    for check in checks:
        table.add_row(*_row(check))
    return table


def _row(check: Check) -> tuple[str, ...]:
    kept = check.verdict is Verdict.PASS
    expected = check.rule.words if check.scenario == EVERY_CALL else f"{check.step}: {check.expected}"
    came = check.came
    if check.answers > 1:
        came = f"{check.answers} answers" if kept else f"{came} ({check.answers} times)"
    # What a rule says, and its id, matters where it is broken.
    shown = escape(expected) if kept else f"{escape(expected)}\n[dim]{check.rule.standing} {check.rule.id}[/]"
    return escape(check.call), shown, escape(came), f"[{_STYLES[check.verdict]}]{check.verdict.value}[/]"


def _unchecked_table(checks: list[Check]) -> Table:
    table = _new_table()
    table.show_header = False
    for name, width in (("Rule", 34), ("Why", 63)):
        table.add_column(name, width=width, overflow="fold")
    for check in checks:
        table.add_row(f"{check.rule.standing} {check.rule.id}", escape(check.came))
    return table


def _new_table() -> Table:
    return Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)


def _as_dict(check: Check) -> dict[str, Any]:
    return {
        "id": check.id,
        "scenario": check.scenario,
        "step": check.step,
        "rule": check.rule.id,
        "standing": check.rule.standing.value,
        "call": check.call,
        "expected": check.expected,
        "came": check.came,
        "verdict": check.verdict.value,
        "answers": check.answers,
    }
