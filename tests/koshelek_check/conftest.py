"""Running the checker as a user does: with options, a password in the environment, and two streams."""

import argparse
import datetime
import io
import json
from dataclasses import dataclass
from typing import Any

import pytest

from loyalty.koshelek_check import command_line
from tests.koshelek_check.little_handler import LOGIN, PASSWORD
from tests.koshelek_check.little_server import BLOCKED_PHONE, GIVEN, PROMO_CODE

TODAY = datetime.date(2026, 3, 10)
EVERYTHING = (
    "--write", "--phone", GIVEN["phone"], "--email", GIVEN["email"], "--birth-date", GIVEN["birthDate"],
    "--blocked-phone", BLOCKED_PHONE, "--promo-code", PROMO_CODE,
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    """What a run printed and how it ended."""

    code: int
    output: str
    errors: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.output)

    @property
    def broken(self) -> dict[str, str]:
        """The verdicts of the rules that were found broken."""
        verdicts = {rule: found["verdict"] for rule, found in self.json["rules"].items()}
        return {rule: verdict for rule, verdict in verdicts.items() if verdict not in ("pass", "not checked")}


def check(url: str, *options: str, transport: Any = None, login: str = LOGIN) -> Result:
    """Run the checker against an address."""
    parser = argparse.ArgumentParser()
    command_line.add_arguments(parser)
    values = parser.parse_args(["--base-url", url, "--login", login, "--rate", "1e9", *options])
    output, errors = io.StringIO(), io.StringIO()
    code = command_line.run(vars(values), TODAY, output, errors, transport)
    return Result(code, output.getvalue(), errors.getvalue())


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOSHELEK_CHECK_PASSWORD", PASSWORD)
