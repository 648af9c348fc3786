"""Files instead of calls: registries that we write, the one that we take, and all that can be wrong in it."""

import csv
import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cards.models import Card, CardCategory, CardStatus
from cards.numbers import make_number
from customers.models import Consent, Contact
from loyalty.core import actors
from loyalty.services import wallet as use_cases
from loyalty.services.cards import create_card_pool
from tests.api.koshelek.conftest import Wallet
from tests.conftest import MovingClock
from tests.factories import CardFactory

pytestmark = pytest.mark.django_db

HEAD = "cardNumber;phone;email;firstname;surname;birthDate;allow;deny"


@pytest.fixture
def pool() -> list[str]:
    return create_card_pool(actors.system("test"), count=8, category=CardCategory.VIRTUAL)


def run(*words: Any) -> str:
    out = io.StringIO()
    call_command("koshelek_exchange", *map(str, words), stdout=out, stderr=out)
    return out.getvalue()


def export(folder: Path, numbers: int = 3) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Export into an empty folder; both registries as the partner reads them."""
    for old in folder.glob("*.zip"):
        old.unlink()
    run("export", "--output", folder, "--numbers", numbers)
    return read(next(folder.glob("cards-*.zip"))), read(next(folder.glob("numbers-*.zip")))


def read(path: Path) -> list[dict[str, str]]:
    with zipfile.ZipFile(path) as archive:
        (name,) = archive.namelist()
        assert name == f"{path.stem}.csv"
        return list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8"), newline=""), delimiter=";"))


def registry(folder: Path, *lines: str, head: str = HEAD, name: str = "issued.zip", encoding: str = "utf-8") -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("issued.csv", "\r\n".join([head, *lines, ""]).encode(encoding))
    return path


def take(path: Path) -> list[tuple[str, str, str]]:
    """Import a registry; (line, result, code) of each line of the report."""
    run("import", path)
    return [(each["line"], each["result"], each["code"]) for each in read(path.with_name(f"{path.stem}-report.zip"))]


def test_a_partner_without_a_link_issues_from_files(tmp_path: Path, pool: list[str], wallet: Wallet) -> None:
    cards, numbers = export(tmp_path)
    assert cards == []
    lent = [each["cardNumber"] for each in numbers]
    # From the far end: the online app begins at the other.
    assert lent == sorted(pool)[-3:]
    assert {each["barcodeType"] for each in numbers} == {"EAN_13"}

    # The app gives two of them to its users while nobody is connected.
    taken = take(
        registry(
            tmp_path,
            f"{lent[0]};79001234567;anna@example.com;Анна;Орлова;1990-05-17;sms,email;call",
            f"{lent[1]};8 (900) 765-43-21;;;;;;",
        )
    )
    assert taken == [("2", "ok", ""), ("3", "ok", "")]
    anna = Contact.objects.get(phone="+79001234567")
    assert (anna.first_name, anna.surname) == ("Анна", "Орлова")
    assert Card.objects.get(number=lent[0]).status == CardStatus.ACTIVE
    assert set(Consent.objects.filter(contact=anna).values_list("channel", "allowed", "source")) == {
        ("sms", True, "koshelek_exchange"), ("email", True, "koshelek_exchange"), ("call", False, "koshelek_exchange"),
    }  # fmt: skip
    assert wallet.find(msisdn="79001234567").body["card"]["cardNumber"] == lent[0]

    # The next export tells of both, and lends one more for each that was used.
    cards, numbers = export(tmp_path)
    assert [(each["cardNumber"], each["cardState"], each["msisdn"], each["email"]) for each in cards] == [
        (lent[0], "active", "79001234567", "anna@example.com"), (lent[1], "active", "79007654321", ""),
    ]  # fmt: skip
    assert [each["cardNumber"] for each in numbers] == sorted([*sorted(pool)[3:5], lent[2]])


def test_lent_numbers_are_given_to_nobody_else(tmp_path: Path, pool: list[str], wallet: Wallet) -> None:
    _, numbers = export(tmp_path, len(pool) - 1)
    lent = {each["cardNumber"] for each in numbers}
    assert len(lent) == len(pool) - 1
    assert wallet.reserve() not in lent
    assert wallet.get("/v1/card/anonymous").code == "4009"


def test_an_export_renews_what_is_lent_and_takes_nothing_back(
    tmp_path: Path, pool: list[str], story_clock: MovingClock
) -> None:
    _, first = export(tmp_path, 4)
    story_clock.forward(days=364)
    _, second = export(tmp_path, 2)
    assert second == first
    story_clock.forward(days=364)
    assert export(tmp_path, 4)[1] == first


def test_a_pool_that_is_too_small_lends_what_it_has(tmp_path: Path, pool: list[str]) -> None:
    said = run("export", "--output", tmp_path, "--numbers", len(pool) + 5)
    assert "5 are missing" in said


def test_the_registries_are_readable_by_their_owner_only_and_written_whole(
    tmp_path: Path, pool: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    export(tmp_path)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    for path in tmp_path.iterdir():
        path.unlink()
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(CommandError, match="No space left"):
        run("export", "--output", tmp_path)
    assert list(tmp_path.iterdir()) == []


def bad_lines(lent: list[str]) -> dict[str, str]:
    return {
        f"{lent[0]};not a phone;;;;;;": "2003",
        f"{lent[0]};;;;;;;": "2001",
        ";79001234567;;;;;;": "2001",
        "2990000000018;79001234567;;;;;;": "4001",
        f"{make_number('2990', 13, 'ean', 99_999)};79001234567;;;;;;": "4002",
        f"{lent[0]};79001234567;nonsense;;;;;": "2004",
        f"{lent[0]};79001234567;;;;17.05.1990;;": "2002",
        f"{lent[0]};79001234567;;a\x00b;;;;": "2002",
        f"{lent[0]};79001234567": "2002",
        f'{lent[0]};79001234567;"open quote;;;;;': "2002",
        f"{lent[0]};79001234567;;{'x' * 5000};;;;": "2002",
        f"{lent[0]};79001234567;;;;;{','.join(['c'] * 60)};": "2002",
    }


def test_a_bad_line_is_reported_by_its_number_and_never_stops_the_rest(tmp_path: Path, pool: list[str]) -> None:
    _, numbers = export(tmp_path, 5)
    lent = [each["cardNumber"] for each in numbers]
    taken = CardFactory().number
    lines = bad_lines(lent) | {
        f"{taken};79001234567;;;;;;": "4008",
        f"{sorted(pool)[0]};79001234567;;;;;;": "4007",
        f"{lent[1]};79001112233;;Good;;;;": "",
        f"{lent[2]};79001112233;;Second card;;;;": "4006",
        f"{lent[1]};79004445566;;Stranger;;;;": "4008",
    }
    report = take(registry(tmp_path, *lines))
    assert [code for _, _, code in report] == list(lines.values())
    assert [int(line) for line, _, _ in report] == list(range(2, len(lines) + 2))
    assert list(Contact.objects.filter(phone="+79001112233").values_list("first_name", flat=True)) == ["Good"]
    assert not Contact.objects.filter(phone__in=["+79001234567", "+79004445566"]).exists()


def test_a_line_in_another_encoding_is_refused_by_itself(tmp_path: Path, pool: list[str]) -> None:
    _, numbers = export(tmp_path, 2)
    first, second = (each["cardNumber"] for each in numbers)
    path = registry(tmp_path, f"{first};79001234567;;Анна;;;;", f"{second};79007654321;;Vera;;;;", encoding="cp1251")
    assert take(path) == [("2", "refused", "2002"), ("3", "ok", "")]


def test_the_same_registry_twice_changes_nothing(tmp_path: Path, pool: list[str]) -> None:
    _, numbers = export(tmp_path, 2)
    path = registry(
        tmp_path, *(f"{each['cardNumber']};7900123456{place};;;;;sms;" for place, each in enumerate(numbers))
    )
    first = take(path)
    before = (list(Card.objects.values()), list(Contact.objects.values()), list(Consent.objects.values()))
    assert take(path) == first
    assert (list(Card.objects.values()), list(Contact.objects.values()), list(Consent.objects.values())) == before


class Killed(BaseException):
    """The process ends here."""


def test_an_import_that_was_killed_goes_on_after_its_last_line(
    tmp_path: Path, pool: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, numbers = export(tmp_path, 4)
    path = registry(
        tmp_path,
        "x;79001234560;;;;;;",
        *(f"{each['cardNumber']};7900123456{n};;;;;;" for n, each in enumerate(numbers, 1)),
    )
    register, calls = use_cases.register_on_number, []

    def killed_at_the_third(actor: Any, number: str, data: Any) -> Card:
        calls.append(number)
        card = register(actor, number, data)
        if len(calls) == 3:
            # The books have the line, the report has not.
            raise Killed
        return card

    with monkeypatch.context() as patch:
        patch.setattr(use_cases, "register_on_number", killed_at_the_third)
        with pytest.raises(Killed):
            run("import", path)
    assert not path.with_name("issued-report.zip").exists()

    calls.clear()
    with monkeypatch.context() as patch:
        patch.setattr(use_cases, "register_on_number", lambda *words: (calls.append(words[1]), register(*words))[1])
        report = take(path)
    assert [result for _, result, _ in report] == ["refused", "ok", "ok", "ok", "ok"]
    # The first lines were not tried again; the one in the middle was, and answered the same.
    assert calls == [each["cardNumber"] for each in numbers[1:]]
    assert Card.objects.filter(contact__isnull=False).count() == 4
    assert not list(tmp_path.glob("*.part"))


def test_the_report_of_another_registry_is_not_continued(tmp_path: Path, pool: list[str]) -> None:
    (tmp_path / "issued-report.zip.part").write_text(
        "#another\r\nline;cardNumber;result;code;description\r\n2;;ok;;\r\n"
    )
    _, numbers = export(tmp_path, 1)
    (tmp_path / "issued-report.zip.part").touch()
    assert take(registry(tmp_path, f"{numbers[0]['cardNumber']};79001234567;;;;;;")) == [("2", "ok", "")]


def many_parts(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "x")
        archive.writestr("b.csv", "x")


def bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"0" * 50_000_000)


def no_columns(path: Path) -> None:
    registry(path.parent, "1;2", head="a;b", name=path.name)


def the_same_column_twice(path: Path) -> None:
    registry(path.parent, "1;2;3", head="cardNumber;phone;phone", name=path.name)


@pytest.mark.parametrize(
    "make", [many_parts, bomb, no_columns, the_same_column_twice, lambda path: path.write_text("x")]
)
def test_what_is_no_registry_is_refused_whole(tmp_path: Path, make: Any) -> None:
    make(tmp_path / "issued.zip")
    with pytest.raises(CommandError):
        run("import", tmp_path / "issued.zip")
    assert not (tmp_path / "issued-report.zip").exists()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        run("import", tmp_path / "nothing.zip")
    with pytest.raises(CommandError, match="is not a folder"):
        run("export", "--output", tmp_path / "nothing")


def test_an_export_streams_and_its_statements_do_not_grow(tmp_path: Path, pool: list[str]) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as seen:
            export(tmp_path)
        return len(seen)

    export(tmp_path)
    few = statements()
    CardFactory.create_batch(20)
    assert statements() == few
