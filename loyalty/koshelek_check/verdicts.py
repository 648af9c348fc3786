"""What a run found: one check for each thing looked at, and from them one verdict for each rule."""

import re
from dataclasses import dataclass
from enum import StrEnum

from loyalty.koshelek_check.calls import Call, Standing
from loyalty.koshelek_check.rules import RULES, Rule

EVERY_CALL = "every call"
_LONGEST = 160


class Verdict(StrEnum):
    """Broken rules by their standing: DOC FAIL, SEEN warning, OWN remark."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "FAIL"
    WARNING = "warning"
    REMARK = "remark"
    NOT_CHECKED = "not checked"


BROKEN = {Standing.DOC: Verdict.FAIL, Standing.SEEN: Verdict.WARNING, Standing.OWN: Verdict.REMARK}


@dataclass(slots=True)
class Check:
    """One thing looked at. `answers` tells of how many answers it speaks."""

    scenario: str
    step: str
    rule: Rule
    call: str
    expected: str
    came: str
    verdict: Verdict
    answers: int = 1

    @property
    def id(self) -> str:
        """Return the id, the same in every run."""
        return "/".join(re.sub(r"[^\w.]+", "-", part) for part in (self.scenario, self.step, self.rule.id))


class Record:
    """Collects the checks of a run."""

    def __init__(self) -> None:
        self.checks: list[Check] = []
        self.reasons: dict[str, str] = {}
        self._answers: dict[tuple[str, str], Check] = {}

    def note(
        self, scenario: str, step: str, rule_id: str, call: Call | str, ok: bool, expected: str, came: str
    ) -> None:
        """Add what one step of a scenario found."""
        rule = RULES[rule_id]
        verdict = Verdict.PASS if ok else BROKEN[rule.standing]
        title = call if isinstance(call, str) else call.title
        self.checks.append(Check(scenario, step, rule, title, expected, _printable(came), verdict))

    def note_answer(self, rule_id: str, call: Call | str, ok: bool, expected: str, came: str) -> None:
        """Add what a rule for every call found: one check for all answers that keep it, one a call for the others."""
        rule = RULES[rule_id]
        name = call if isinstance(call, str) else call.title
        step, title = ("answers", EVERY_CALL) if ok else (name, name)
        found = self._answers.get((rule_id, step))
        if found is None:
            verdict = Verdict.PASS if ok else BROKEN[rule.standing]
            found = Check(EVERY_CALL, step, rule, title, expected, _printable(came), verdict, 0)
            self._answers[rule_id, step] = found
            self.checks.append(found)
        found.answers += 1

    def excuse(self, rule_id: str, reason: str) -> None:
        """Say why a rule will not be checked."""
        self.reasons.setdefault(rule_id, reason)

    def verdict(self, rule_id: str) -> Verdict:
        """Return the verdict on a rule: broken once is broken."""
        found = {check.verdict for check in self.checks if check.rule.id == rule_id}
        broken = found - {Verdict.PASS, Verdict.NOT_CHECKED}
        if broken:
            return broken.pop()
        return Verdict.PASS if Verdict.PASS in found else Verdict.NOT_CHECKED

    def unchecked(self) -> list[Rule]:
        """Return the rules that no check spoke of."""
        spoken = {check.rule.id for check in self.checks}
        return [rule for rule in RULES.values() if rule.id not in spoken]

    def count(self) -> dict[str, int]:
        """Return how many rules got each verdict."""
        verdicts = [self.verdict(rule_id) for rule_id in RULES]
        return {verdict.value: verdicts.count(verdict) for verdict in Verdict}


def _printable(text: str) -> str:
    """Return a text of the server's without what could move the cursor of a terminal, and not without end."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:_LONGEST]
