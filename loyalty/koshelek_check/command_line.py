"""The options of the checker and its run: from the command line to the exit code."""

import argparse
import getpass
import json
import logging
import os
import time
from collections.abc import Mapping
from datetime import date
from typing import Any, TextIO
from urllib.parse import urlsplit

import httpx
from rich.console import Console

from loyalty.koshelek_check.calls import CALLS, FIND, VERSIONS
from loyalty.koshelek_check.client import Client, Limits, RunEnded, is_loopback
from loyalty.koshelek_check.people import DEFAULT_PREFIX, prefix_problem
from loyalty.koshelek_check.play import Options, Play
from loyalty.koshelek_check.report import WIDTH, Report, progress
from loyalty.koshelek_check.scenarios import SCENARIOS
from loyalty.koshelek_check.scenarios.every_call import NotReached
from loyalty.koshelek_check.shapes import is_day

HELP = (
    "Play the scenarios of the Koshelek Loyalty Online API against any server that serves it, and print a table:"
    " call, expected, came, verdict. Changes nothing unless --write is given. Exit code: 0 every DOC rule holds,"
    " 1 one is broken, 2 the server could not be reached or refused the credentials."
)
PASSWORD_VARIABLE = "KOSHELEK_CHECK_PASSWORD"  # noqa: S105 - a name


class BadOption(Exception):
    """An option that cannot be used; its text says why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options to a parser."""
    parser.add_argument("--base-url", required=True, help="the address before /v1, as https://loyalty.example.com")
    parser.add_argument("--login", required=True, help=f"its password is asked for, or taken from {PASSWORD_VARIABLE}")
    parser.add_argument("--write", action="store_true", help="issue cards to made-up customers, change and use them")
    parser.add_argument("--phone", default="", help="phone of an existing customer, digits of E.164; is only read")
    parser.add_argument("--email", default="", help="e-mail address of that customer")
    parser.add_argument("--birth-date", default="", help="birth date of that customer, YYYY-MM-DD")
    parser.add_argument("--card", default="", help="card number of that customer")
    parser.add_argument("--blocked-phone", default="", help="phone of a customer who has only a blocked card")
    parser.add_argument("--promo-code", default="", help="a code that any customer may use; --write uses it once")
    parser.add_argument(
        "--phone-prefix", default=DEFAULT_PREFIX, help=f"how phones of made-up customers begin ({DEFAULT_PREFIX})"
    )
    parser.add_argument("--api-version", choices=VERSIONS, default=VERSIONS[-1], help="what the server claims (1.3)")
    parser.add_argument("--without", default="", metavar="CALLS", help="numbers of calls not agreed on, as 9,12")
    parser.add_argument("--max-requests", type=int, default=150, help="requests of the whole run (150)")
    parser.add_argument("--rate", type=float, default=10.0, help="requests a second (10)")
    parser.add_argument("--timeout", type=float, default=10.0, help="seconds for each answer (10)")
    parser.add_argument("--strict", action="store_true", help="exit with 1 for a broken SEEN rule, too")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")


def run(
    values: Mapping[str, Any],
    today: date,
    output: TextIO,
    errors: TextIO,
    transport: httpx.BaseTransport | None = None,
) -> int:
    """Check one server with the options in `values`; print the report to `output`; return the exit code."""
    # It would log every address with the phone in it.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        options, limits = _options(values, today), _limits(values)
        _warn_of_plain_http(options, errors)
        password = os.environ.get(PASSWORD_VARIABLE) or getpass.getpass(f"Password of {options.login}: ")
    except (BadOption, EOFError) as error:
        errors.write(f"{error or 'no password was given'}\n")
        return 2
    client = Client(options.base_url, options.login, password, limits, transport)
    try:
        report = check(Play(options, client), errors)
    finally:
        client.close()
    report.strict = values["strict"]
    _show(report, values["json"], output, errors)
    return report.exit_code


def check(play: Play, errors: TextIO) -> Report:
    """Play every scenario; the run may end early by its limits or by the server's end."""
    started = time.monotonic()
    stopped, reached = "", True
    with progress(Console(file=errors)) as bar:
        task = bar.add_task("", total=len(SCENARIOS))
        try:
            for name, scenario in SCENARIOS:
                bar.update(task, description=name)
                play.scenario = name
                scenario(play)
                bar.advance(task)
        except NotReached as reason:
            stopped, reached = str(reason), False
        except RunEnded as reason:
            stopped = str(reason)
    play.close()
    return Report(play, play.client.sent, time.monotonic() - started, stopped, reached)


def _show(report: Report, as_json: bool, output: TextIO, errors: TextIO) -> None:
    if as_json:
        output.write(json.dumps(report.as_dict(), indent=2, ensure_ascii=False) + "\n")
    if not report.reached:
        errors.write(f"{report.stopped}\n")
    elif not as_json:
        report.print_to(Console(file=output, width=WIDTH))


def _options(values: Mapping[str, Any], today: date) -> Options:
    names = ("login", "write", "phone", "email", "card", "birth_date", "blocked_phone", "promo_code", "phone_prefix",
             "api_version")  # fmt: skip
    given: dict[str, Any] = {name: values[name] for name in names}
    options = Options(_base_url(values["base_url"]), today=today, without=_calls(values["without"]), **given)
    if problem := prefix_problem(options.phone_prefix):
        raise BadOption(problem)
    if options.birth_date and not is_day(options.birth_date):
        raise BadOption("--birth-date is written YYYY-MM-DD")
    if ":" in options.login:
        raise BadOption("--login has no colon; the password is asked for")
    return options


def _calls(text: str) -> frozenset[int]:
    numbers = text.replace(",", " ").split()
    if not set(numbers) <= {str(call.number) for call in CALLS if call is not FIND}:
        raise BadOption(f"--without takes numbers of calls, {FIND.number + 1} to {len(CALLS)}")
    return frozenset(map(int, numbers))


def _limits(values: Mapping[str, Any]) -> Limits:
    if values["max_requests"] < 1 or values["rate"] <= 0 or values["timeout"] <= 0:
        raise BadOption("--max-requests, --rate and --timeout are greater than 0")
    return Limits(values["timeout"], values["max_requests"], values["rate"])


def _base_url(text: str) -> str:
    """Return the address before `/v1`. Raises BadOption; a password in it would be shown in every report."""
    url = text.rstrip("/").removesuffix("/v1")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadOption(f"--base-url: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise BadOption("--base-url begins with https:// or http:// and a host")
    if parts.username is not None or parts.query or parts.fragment:
        raise BadOption("--base-url holds no login, query or fragment; give --login")
    return url


def _warn_of_plain_http(options: Options, errors: TextIO) -> None:
    if options.base_url.startswith("http://") and not is_loopback(options.base_url):
        host = urlsplit(options.base_url).hostname
        errors.write(f"Warning: {host} is called by plain http: login and password can be read on the way.\n")
