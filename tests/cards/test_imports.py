"""Imports of numbers as a marketer makes them: what comes in, what is refused, and what is said about it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cards import imports
from cards.models import Card, CardCategory, CardImport, CardImportFile, CardStatus, ImportMode
from loyalty.core.errors import InvalidParameter
from loyalty.models import JournalEntry, Program
from loyalty.services import card_imports
from tests.cards.files import bring, csv_of, faults, in_system, issuing, outcome, spoilt, start, ten, xlsx_of
from tests.conftest import MovingClock
from tests.factories import CardFactory, CardSeriesFactory

pytestmark = pytest.mark.django_db
NOTHING, SKIP = ImportMode.ALL_OR_NOTHING, ImportMode.SKIP_BAD


@pytest.mark.parametrize("mode", [NOTHING, SKIP])
def test_good_numbers_become_new_cards_of_the_pool(mode: ImportMode) -> None:
    made = bring(csv_of(*ten()), mode)
    assert outcome(made) == ("done", 10, 10, 0)
    assert in_system() == set(ten())
    card = Card.objects.first()
    assert card is not None
    assert (card.status, card.category, card.series, card.contact) == (
        CardStatus.NEW,
        CardCategory.VIRTUAL,
        issuing(),
        None,
    )


def bad_file() -> bytes:
    """Every cause, beside two good numbers, in a table with a header and a second column."""
    good, other, known, wrong = ten(count=4)
    CardFactory(new=True, number=known)
    foreign = CardSeriesFactory(prefix="7000")
    from cards import numbers

    cells = [good, other, "", "29900abc", good[:-1], numbers.make_numbers(foreign, 1, 1)[0], spoilt(wrong), good, known]
    return csv_of(*(f"{cell};box {place}" for place, cell in enumerate(cells)), header="Number;Box")


EVERY_CAUSE = [
    (4, "empty", None),
    (5, "not_digits", None),
    (6, "length", None),
    (7, "prefix", None),
    (8, "check_digit", None),
    (9, "repeated", 2),
    (10, "known", None),
]


def test_bad_lines_are_skipped_and_named_with_their_cause() -> None:
    made = bring(bad_file(), SKIP)
    assert outcome(made) == ("done", 9, 2, 7)
    assert [(line, cause, first) for line, _number, cause, first in faults(made)] == EVERY_CAUSE
    assert in_system() == set(ten(count=3))
    assert faults(made)[1][1] == "29900abc"


def test_all_or_nothing_names_the_same_lines_and_adds_none() -> None:
    made = bring(bad_file(), NOTHING)
    assert outcome(made) == ("refused", 9, 0, 7)
    assert [(line, cause, first) for line, _number, cause, first in faults(made)] == EVERY_CAUSE
    assert in_system() == {ten(count=3)[2]}


@pytest.mark.parametrize(
    "content",
    [
        lambda: csv_of(*ten()),
        lambda: csv_of(*ten(), header="Card number"),
        lambda: csv_of(*ten(), header="Номер карты"),
        lambda: csv_of(*(f"{each};x" for each in ten()), header="EAN;note"),
        lambda: csv_of(*(f"box 7\t{each}" for each in ten()), header="Box\tCARD_NUMBER"),
        lambda: csv_of(*(f" {each[:4]} {each[4:]} " for each in ten())),
        lambda: "\n\n".join(ten()).encode("utf-8-sig"),
        lambda: xlsx_of([[int(each)] for each in ten()]),
        lambda: xlsx_of([["Note", "Card number"], *[["a", float(each)] for each in ten()]]),
        lambda: xlsx_of([[each] for each in ten()]),
    ],
)
def test_files_are_read_as_people_write_them(content) -> None:  # type: ignore[no-untyped-def]
    assert outcome(bring(content(), NOTHING)) == ("done", 10, 10, 0)


@pytest.mark.parametrize("mode", [NOTHING, SKIP])
def test_the_same_file_once_more_changes_nothing_and_says_so(mode: ImportMode) -> None:
    bring(csv_of(*ten()), mode)
    again = bring(csv_of(*ten()), mode)
    assert outcome(again) == ("done" if mode == SKIP else "refused", 10, 0, 10)
    assert {cause for _line, _number, cause, _first in faults(again)} == {"known"}
    assert Card.objects.count() == 10


def test_a_button_pressed_twice_is_one_import() -> None:
    first, second = start(csv_of(*ten())), start(csv_of(*ten()))
    assert first == second
    assert JournalEntry.objects.filter(action="card_import.start").count() == 1
    assert card_imports.run_waiting() == 1
    assert start(csv_of(*ten())) != first, "when it is over the same file may be tried again"


def test_the_file_is_kept_until_the_import_is_over_and_no_longer() -> None:
    made = start(csv_of(*ten()))
    assert bytes(CardImportFile.objects.get().content) == csv_of(*ten())
    card_imports.run_waiting()
    assert not CardImportFile.objects.exists()
    made = CardImport.objects.get(pk=made.pk)
    assert (made.done, len(made.sha256), made.actor, made.reason) == (10, 64, "staff:vera", "a new print run")


def test_plastic_numbers_do_not_enter_the_wallets_pool() -> None:
    bring(csv_of(*ten()), category=CardCategory.PLASTIC)
    assert set(Card.objects.values_list("category", flat=True)) == {CardCategory.PLASTIC}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\x89PNG\x00\x00", "neither CSV text nor an XLSX"),
        (b"PK\x03\x04 broken", "cannot be read"),
        (b"\r\n \r\n", "no number"),
        (b"Number\r\n", "no number"),
        (xlsx_of([["Number"]])[:-40], "cannot be read"),
    ],
    ids=("a picture", "no archive", "blank lines", "a header alone", "cut off"),
)
def test_a_file_that_is_no_table_fails_with_the_reason(content: bytes, problem: str) -> None:
    made = bring(content)
    assert (made.status, made.total) == ("failed", 0)
    assert problem in made.problem
    assert not CardImportFile.objects.exists()


def test_too_large_and_empty_files_are_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "LARGEST_FILE", 20)
    for content in (b"", csv_of(*ten())):
        with pytest.raises(InvalidParameter):
            start(content)
    assert not CardImport.objects.exists()


def test_too_many_lines_fail_before_anything_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MOST_LINES", 9)
    made = bring(csv_of(*ten()))
    assert made.status == "failed"
    assert not in_system()


def test_bad_texts_of_any_kind_are_only_bad_lines() -> None:
    made = bring(csv_of("=1+1", "٣٣٣٣٣٣٣٣٣٣٣٣٣", "x" * 5000, '"a\nb"', *ten(count=1)))
    assert outcome(made) == ("done", 5, 1, 4)
    assert {cause for _line, _number, cause, _first in faults(made)} == {"not_digits"}
    assert max(len(number) for _line, number, _cause, _first in faults(made)) == imports.LONGEST_TEXT


def test_an_import_is_worked_off_in_its_turn_and_the_journal_knows(story_clock: MovingClock) -> None:
    first, second = start(csv_of(*ten())), start(csv_of(*ten(5)))
    assert card_imports.run_waiting() == 2
    entries = JournalEntry.objects.filter(action__startswith="card_import.").order_by("pk")
    assert [(each.action, each.target) for each in entries] == [
        ("card_import.start", str(first.pk)),
        ("card_import.start", str(second.pk)),
        ("card_import.done", str(first.pk)),
        ("card_import.done", str(second.pk)),
    ]
    assert entries[3].details == {"lines": 10, "added": 4, "refused": 6}


def test_a_number_that_came_meanwhile_refuses_the_whole_of_all_or_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = ten()[6]
    check = card_imports._store

    def check_then_take(work, chunk) -> None:  # type: ignore[no-untyped-def]
        check(work, chunk)
        CardFactory(new=True, number=taken)

    monkeypatch.setattr(card_imports, "_store", check_then_take)
    made = bring(csv_of(*ten()), NOTHING)
    assert outcome(made) == ("refused", 10, 0, 1)
    assert faults(made) == [(7, taken, "known", None)]
    assert in_system() == {taken}


# Budgets


def statements(content: bytes, mode: ImportMode) -> int:
    start(content, mode)
    with CaptureQueriesContext(connection) as captured:
        card_imports.run_waiting()
    return len(captured)


@pytest.mark.parametrize("mode", [NOTHING, SKIP])
def test_a_chunk_costs_the_same_few_statements_whatever_its_size(
    mode: ImportMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    Program.objects.update(low_pool_alert=0)
    good, bad = ten(count=900), [spoilt(each) for each in ten(2000, 900)]
    once = statements(csv_of(*good[:10], *bad[:10]), mode)
    assert statements(csv_of(*good[10:400], *bad[10:400]), mode) == once
    monkeypatch.setattr(card_imports, "CHUNK", 100)
    four = statements(csv_of(*good[400:600], *bad[400:600]), mode)
    eight = statements(csv_of(*good[500:900], *bad[500:900]), mode)
    # BEGIN, the import's lock, cards, faults, counts, COMMIT.
    assert eight - four <= 4 * 6
