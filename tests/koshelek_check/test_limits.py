"""What a run never does: write without being told, go on without end, show a password or a customer's data."""

import json
import re
from typing import Any

import httpx
import pytest

from loyalty.koshelek_check import command_line
from loyalty.koshelek_check.rules import RULES
from tests.koshelek_check.conftest import EVERYTHING, check
from tests.koshelek_check.little_handler import PASSWORD
from tests.koshelek_check.little_server import BLOCKED_PHONE, GIVEN, LINES, LittleServer

READ_ONLY = [option for option in EVERYTHING if option != "--write"]


class Elsewhere(httpx.BaseTransport):
    """Leads a name that is not this machine's to the little server."""

    def __init__(self, url: str) -> None:
        self.target = httpx.URL(url)
        self.inner = httpx.HTTPTransport(verify=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http", host=self.target.host, port=self.target.port)
        return self.inner.handle_request(request)


def test_without_write_nothing_is_asked_that_could_change_anything() -> None:
    with LittleServer() as server:
        before = repr(server.owners)
        result = check(server.url, *READ_ONLY, "--json")
        assert (result.code, result.broken) == (0, {})
        assert repr(server.owners) == before
        assert not server.reserved | server.receipts | server.codes_used
        for method, path, body in server.asked:
            if method == "GET":
                assert path != "/v1/card/anonymous"
            else:
                assert not _is_json(body)
                assert "/card/" not in path or "/card/000" in path


def _is_json(body: str) -> bool:
    try:
        return bool(json.loads(body))
    except ValueError:
        return False


def test_with_a_customer_given_reading_alone_checks_every_rule_that_needs_no_writing() -> None:
    with LittleServer() as server:
        rules = check(server.url, *READ_ONLY, "--json").json["rules"]
    for rule in RULES.values():
        readable = not rule.needs or set(rule.needs) & {"phone", "email", "card", "blocked_phone"}
        assert (rules[rule.id]["verdict"] == "pass") == bool(readable), rule.id


def test_without_a_customer_given_the_report_says_what_would_be_needed() -> None:
    with LittleServer() as server:
        result = check(server.url, "--json", "--promo-code", "ANY")
    unchecked = {each["rule"]: each["came"] for each in result.json["checks"] if each["verdict"] == "not checked"}
    assert unchecked["find.by_phone"] == "needs --phone or --write"
    assert unchecked["find.only_blocked"] == "needs --blocked-phone"
    assert unchecked["update.accepted"] == unchecked["promo.once"] == "needs --write"
    assert result.code == 0


def test_a_customer_given_is_only_read_with_write_too() -> None:
    with LittleServer() as server:
        check(server.url, *EVERYTHING)
        assert server.owners[server.given] == GIVEN
        writes = [(path, body) for method, path, body in server.asked if method != "GET"]
    for path, body in writes:
        assert server.given not in path + body
        assert GIVEN["phone"] not in body


@pytest.mark.parametrize("fault", ["", "500", "history in the Russian form", "phones with a plus"])
def test_neither_the_password_nor_a_customers_data_are_printed(fault: str) -> None:
    with LittleServer(fault) as server:
        table, found = check(server.url, *EVERYTHING), check(server.url, *EVERYTHING, "--json")
        secrets = {PASSWORD, server.given, server.blocked, BLOCKED_PHONE, *GIVEN.values(), "79031112255"}
    for text in (table.output, table.errors, found.output, found.errors):
        assert not [secret for secret in secrets if secret in text]
        assert not [line for line in LINES if line["amount"] in text and len(line["amount"]) > 4]


def test_the_number_of_requests_is_bounded_and_the_report_says_so() -> None:
    with LittleServer() as server:
        result = check(server.url, *EVERYTHING, "--json", "--max-requests", "40")
        assert len(server.asked) == 40
    assert result.json["requests"] == 40
    assert result.json["stopped"] == "the 40 requests of --max-requests are spent"
    assert result.code == 0
    assert result.json["summary"]["not checked"] > 20


def test_the_whole_run_keeps_within_the_default_budget() -> None:
    with LittleServer() as server:
        assert check(server.url, *EVERYTHING, "--json").json["requests"] <= 130


def test_a_run_can_be_repeated_and_its_checks_have_the_same_ids() -> None:
    with LittleServer() as server:
        runs = [check(server.url, *EVERYTHING, "--json", "--promo-code", "") for _ in range(2)]
    ids = [[each["id"] for each in run.json["checks"]] for run in runs]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == len(ids[0])
    assert [run.broken for run in runs] == [{}, {}]


def test_json_is_one_object_with_every_rule_and_a_summary() -> None:
    with LittleServer("no available points") as server:
        found = check(server.url, *EVERYTHING, "--json").json
    assert set(found["rules"]) == set(RULES)
    assert sum(found["summary"].values()) == len(RULES)
    assert found["summary"]["warning"] == 1
    broken = [each for each in found["checks"] if each["verdict"] == "warning"]
    assert broken[0] == {
        "id": "balance/your-customer/balance.keys",
        "scenario": "balance",
        "step": "your customer",
        "rule": "balance.keys",
        "standing": "SEEN",
        "call": "3 balance",
        "expected": "total, available, bonuses",
        "came": "no available",
        "verdict": "warning",
        "answers": 1,
    }


def test_the_table_fits_into_a_hundred_columns_and_ends_with_the_summary() -> None:
    with LittleServer("unknown card has a balance") as server:
        result = check(server.url, *EVERYTHING)
    lines = result.output.splitlines()
    assert max(map(len, lines)) <= 100
    assert re.fullmatch(r"Rules: \d+ pass, 0 FAIL, 1 warning, 0 remark, 1 not checked\. .*", lines[-1])
    assert "SEEN card.unknown" in result.output
    assert "\x1b" not in result.output


def test_what_a_server_says_cannot_move_the_cursor_nor_fill_the_screen() -> None:
    with LittleServer("a header with control characters") as server:
        result = check(server.url, *EVERYTHING)
    assert "\x1b" not in result.output
    assert "x" * 200 not in result.output.replace("\n", "").replace(" ", "")


def test_a_broken_seen_rule_fails_the_run_only_when_strict() -> None:
    with LittleServer("no available points") as server:
        assert check(server.url, *EVERYTHING).code == 0
        assert check(server.url, *EVERYTHING, "--promo-code", "", "--strict").code == 1


def test_calls_not_agreed_on_are_not_called() -> None:
    with LittleServer() as server:
        result = check(server.url, *EVERYTHING, "--json", "--without", "6,7, 9,10,11,12")
        asked = {path for _, path, _ in server.asked}
    assert result.broken == {}
    assert "/v1/promo/code" in asked
    assert not {"/v1/promo/qrCode", "/v1/card/getAllUsers"} & asked
    reasons = {each["rule"]: each["came"] for each in result.json["checks"] if each["verdict"] == "not checked"}
    assert reasons["receipt.twice"] == "call 12 receipt is left out by --without"
    assert reasons["call.9.served"] == "call 9 promotions is left out by --without"


def test_an_older_version_of_the_api_is_not_asked_for_newer_calls() -> None:
    with LittleServer() as server:
        result = check(server.url, *EVERYTHING, "--json", "--api-version", "1.0")
        asked = {(method, path) for method, path, _ in server.asked}
    assert (result.code, result.broken) == (0, {})
    assert not {("POST", "/v1/card/anonymous"), ("POST", "/v1/promo/qrCode"), ("POST", "/v1/promo/code")} & asked
    # Customers are made by the calls that there are.
    assert result.json["rules"]["update.accepted"]["verdict"] == "pass"


def test_a_server_that_is_not_there_is_one_line_and_exit_code_2() -> None:
    with LittleServer() as server:
        url = server.url
    result = check(url, "--write")
    assert (result.code, result.output) == (2, "")
    assert re.fullmatch(r"http://127.0.0.1:\d+ cannot be reached: .*\n", result.errors)


def test_credentials_that_are_refused_are_one_line_and_exit_code_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOSHELEK_CHECK_PASSWORD", "wrong-password")
    with LittleServer() as server:
        result = check(server.url)
    assert (result.code, result.output) == (2, "")
    assert result.errors == "the credentials of koshelek were refused: 401\n"


def test_a_server_that_dies_on_the_way_ends_the_run_after_five_silences() -> None:
    with LittleServer() as server:
        transport = Dying(40)
        result = check(server.url, *EVERYTHING, "--json", transport=transport)
    assert result.code == 1
    assert transport.asked <= 40 + 5
    assert result.json["stopped"].startswith("the server did not answer 5 times in a row: the connection failed")
    assert list(result.broken) == ["answer.whole"]


class Dying(httpx.HTTPTransport):
    """Reaches the server a number of times and then no more."""

    def __init__(self, lives: int) -> None:
        super().__init__()
        self.asked, self.lives = 0, lives

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.asked > self.lives:
            raise httpx.ConnectError("refused", request=request)
        return super().handle_request(request)


def test_credentials_do_not_follow_a_redirect() -> None:
    with LittleServer() as other, LittleServer("redirect") as server:
        check(server.url, *EVERYTHING)
        assert other.asked == []


def test_plain_http_beyond_this_machine_is_warned_of_and_breaks_the_rule_of_https() -> None:
    with LittleServer() as server:
        elsewhere = Elsewhere(server.url)
        plain = check("http://partner.example", "--json", transport=elsewhere)
        safe = check("https://partner.example/loyalty-api/..", "--json", transport=elsewhere)
        here = check(server.url, "--json")
    assert plain.errors.startswith("Warning: partner.example is called by plain http")
    assert (plain.code, plain.broken) == (1, {"transport.https": "FAIL"})
    assert safe.json["rules"]["transport.https"]["verdict"] == "pass"
    assert (safe.errors, here.errors) == ("", "")
    assert here.json["rules"]["transport.https"]["verdict"] == "not checked"


@pytest.mark.parametrize(
    "options",
    [
        ("--base-url", "https://me:secret@example.com"),
        ("--base-url", "ftp://example.com"),
        ("--base-url", "https://"),
        ("--base-url", "https://example.com:port"),
        ("--base-url", "https://example.com/?a=1"),
        ("--phone-prefix", "79001234"),
        ("--phone-prefix", "+79"),
        ("--phone-prefix", ""),
        ("--birth-date", "17.05.1990"),
        ("--without", "1"),
        ("--without", "all"),
        ("--max-requests", "0"),
        ("--rate", "0"),
        ("--timeout", "-1"),
        ("--login", "a:b"),
    ],
)
def test_an_option_that_cannot_be_used_is_refused_before_anything_is_sent(options: tuple[str, str]) -> None:
    result = check("http://127.0.0.1:9", *options)
    assert (result.code, result.output) == (2, "")
    assert result.errors.count("\n") == 1
    assert "secret" not in result.errors


def test_the_address_may_end_with_the_version() -> None:
    with LittleServer() as server:
        result = check(f"{server.url}/v1/", "--json")
    assert result.json["base_url"] == server.url
    assert result.broken == {}


def test_the_password_is_asked_for_when_the_environment_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return PASSWORD

    monkeypatch.delenv("KOSHELEK_CHECK_PASSWORD")
    monkeypatch.setattr(command_line.getpass, "getpass", answer)
    with LittleServer() as server:
        assert check(server.url).code == 0
    assert asked == ["Password of koshelek: "]


@pytest.mark.parametrize("body", [b"[" * 900 + b"]" * 900, b"[" * 100000, b'{"code": NaN}', b"\xff\xfe", b"0" * 5000])
def test_a_hostile_body_is_a_finding_and_no_accident(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.koshelek_check.little_handler import LittleHandler

    def spoil(self: Any, number: int, status: int, headers: Any, value: Any) -> tuple[int, Any, bytes]:
        return status, headers, body if number == 3 else json.dumps(value).encode() if value is not None else b""

    monkeypatch.setattr(LittleHandler, "spoil", spoil)
    with LittleServer() as server:
        result = check(server.url, *EVERYTHING, "--json")
    assert result.code == 1
    assert set(result.broken) & {"answer.json", "answer.strings", "answer.utf8"}
