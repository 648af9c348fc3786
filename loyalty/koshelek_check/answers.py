"""The rules for every call, judged on every answer, one after the other.

An answer that breaks one of the first rules is not looked at further: one fault is reported once, under the rule it
breaks. Values never stand in what is reported, they may be a customer's; kinds and places do.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from loyalty.koshelek_check.calls import Call
from loyalty.koshelek_check.client import Received

CONTENT_TYPE = "application/json; charset=utf-8"
# The vendor's page writes the header with a semicolon at its end.
_CONTENT_TYPES = (CONTENT_TYPE, f"{CONTENT_TYPE};")
UNSERVED = (404, 405, 501)
_LISTS = (10, 11)
_DEEPEST = 50


class State(Enum):
    """How an answer ended. `UNSERVED`: there is nothing here; `UNREADABLE`: it broke a rule for every call."""

    DONE = auto()
    REFUSED = auto()
    UNSERVED = auto()
    UNREADABLE = auto()


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says of one answer."""

    rule: str
    ok: bool
    expected: str
    came: str


@dataclass(slots=True)
class Answer:
    """One answer: `value` is its JSON, None when the body is empty."""

    call: Call
    received: Received
    state: State = State.UNREADABLE
    value: Any = None

    @property
    def done(self) -> bool:
        """Tell whether the call succeeded."""
        return self.state is State.DONE

    @property
    def refused(self) -> bool:
        """Tell whether the call was refused as the contract says."""
        return self.state is State.REFUSED

    @property
    def judged(self) -> bool:
        """Tell whether the rules of the call itself can be judged on this answer."""
        return self.done or self.refused

    @property
    def empty(self) -> bool:
        """Tell whether the body is empty."""
        return not self.received.body

    @property
    def code(self) -> str:
        """Return the code of a refusal."""
        code = self.value.get("code") if self.refused and isinstance(self.value, dict) else ""
        return code if isinstance(code, str) else ""

    @property
    def came(self) -> str:
        """Return in a few words what came, without anybody's data."""
        if self.refused:
            return f"422, code {self.code[:20]}"
        if self.received.problem:
            return self.received.problem
        return f"{self.received.status}, {describe(self.value) if not self.empty else 'empty body'}"


def judge(answer: Answer) -> Iterator[Finding]:
    """Yield what the rules for every call say; sets the answer's state and value."""
    received = answer.received
    yield Finding("answer.whole", not received.problem, "a whole answer", received.problem or "answers")
    if received.problem:
        return
    if answer.call.number not in _LISTS:
        yield Finding("answer.size", not received.too_large, "at most 1 MiB", "more than that")
    if received.too_large:
        return
    if received.status in UNSERVED:
        answer.state = State.UNSERVED
        return
    yield Finding("answer.status", received.status in (200, 422), "200 or 422", str(received.status))
    if received.status in (200, 422):
        yield from _judge_body(answer)


def _judge_body(answer: Answer) -> Iterator[Finding]:
    body = answer.received.body
    if body.lstrip()[:1] == b"<":
        yield Finding("answer.json", False, "JSON", "HTML or XML")
        return
    yield judge_header(answer.received)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        yield Finding("answer.utf8", False, "UTF-8", f"a byte that is none at position {error.start}")
        return
    yield Finding("answer.utf8", True, "UTF-8", "UTF-8")
    try:
        answer.value = json.loads(text, parse_constant=_refuse) if text else None
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)[:60]
        yield Finding("answer.json", False, "JSON", f"{reason}, {len(body)} bytes")
        return
    yield Finding("answer.json", True, "JSON or empty", "JSON or empty")
    yield from _judge_value(answer)


def _judge_value(answer: Answer) -> Iterator[Finding]:
    odd = list(_not_strings(answer.value, "")) if not answer.empty else []
    wrong = list(dict.fromkeys(f"{place}: {kind}" for place, kind in odd if kind != "null"))
    nulls = list(dict.fromkeys(place for place, kind in odd if kind == "null"))
    yield Finding("answer.strings", not wrong, "strings only", ", ".join(wrong[:3]) or "strings only")
    yield Finding("answer.no_null", not nulls, "left out", f"null: {', '.join(nulls[:3])}" if nulls else "none")
    if answer.received.status == 422:
        answer.state = State.REFUSED
        problem = error_problem(answer.value)
        yield Finding("error.body", not problem, "code and description", problem or "code and description")
        more = len(answer.value) - 2 if isinstance(answer.value, dict) and not problem else 0
        yield Finding("error.only_two", not more, "nothing else", f"{more} more keys" if more else "nothing else")
        return
    is_error = isinstance(answer.value, dict) and {"code", "description"} <= set(answer.value)
    yield Finding(
        "answer.error_with_200", not is_error, "422 for an error", "200 with an error body" if is_error else ""
    )
    answer.state = State.UNREADABLE if is_error else State.DONE


def judge_header(received: Received) -> Finding:
    """Return what the rule of the header says."""
    came = received.content_type
    return Finding("answer.content_type", came in _CONTENT_TYPES, CONTENT_TYPE, came or "no such header")


def error_problem(value: Any) -> str:
    """Return what is wrong with an error body, "" when nothing; the kind of its values is another rule's matter."""
    if not isinstance(value, dict):
        return describe(value)
    missing = [name for name in ("code", "description") if value.get(name) in (None, "")]
    return f"no {' and no '.join(missing)}" if missing else ""


def outside_problem(received: Received) -> str:
    """Return what is wrong with the body of an answer beyond the contract (401, 404, 405), "" when nothing."""
    if received.problem or received.too_large:
        return received.problem or "a body of more than 1 MiB"
    try:
        value = json.loads(received.body.decode())
    except (ValueError, RecursionError):
        return "no JSON"
    problem = error_problem(value)
    return problem or ("" if all(isinstance(value[name], str) for name in ("code", "description")) else "not strings")


def describe(value: Any) -> str:
    """Return the kind of a value and the names of its first keys, never a value."""
    if isinstance(value, dict):
        return f"object with {', '.join(sorted(map(_name, value))[:4])[:60]}" if value else "empty object"
    if isinstance(value, list):
        return f"array of {len(value)}"
    return _kind(value)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else "string"


def _not_strings(value: Any, place: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    if depth > _DEEPEST:
        yield place[:40], f"nested more than {_DEEPEST} deep"
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _not_strings(each, f"{place}.{_name(name)}".lstrip("."), depth + 1)
    elif isinstance(value, list):
        for each in value:
            yield from _not_strings(each, f"{place}[]", depth + 1)
    elif not isinstance(value, str):
        yield place or "the body", _kind(value)


def _name(key: str) -> str:
    # A server may have made names of phones or card numbers.
    return re.sub(r"[0-9]", "9", key)[:30]


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
