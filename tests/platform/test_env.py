"""Readers of environment variables."""

import datetime

import pytest

from config import env


def test_an_empty_variable_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMETHING", "  ")
    assert env.text("SOMETHING", "default") == "default"
    assert env.text("SOMETHING") is None
    assert env.integer("SOMETHING", 7) == 7
    assert env.flag("SOMETHING", True) is True
    assert env.words("SOMETHING", ("a",)) == ["a"]
    assert env.number_list("SOMETHING", (1,)) == [1]
    assert env.duration("SOMETHING", datetime.timedelta(1)) == datetime.timedelta(1)


@pytest.mark.parametrize(
    ("value", "seconds"), [("P31D", 31 * 86400), ("-P1D", -86400), ("PT12H", 43200), ("90", 90), ("-90", -90)]
)
def test_a_duration_is_iso_8601_or_seconds(monkeypatch: pytest.MonkeyPatch, value: str, seconds: int) -> None:
    monkeypatch.setenv("SOMETHING", value)
    assert env.duration("SOMETHING", datetime.timedelta()).total_seconds() == seconds


@pytest.mark.parametrize("value", ["P1M", "P1Y", "soon", "1.5", "P", "99999999999999999999"])
def test_a_duration_that_depends_on_the_calendar_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SOMETHING", value)
    with pytest.raises(env.BadSetting, match="SOMETHING"):
        env.duration("SOMETHING", datetime.timedelta())


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("Yes", True), ("0", False), ("OFF", False)])
def test_a_flag_is_yes_or_no(monkeypatch: pytest.MonkeyPatch, value: str, expected: bool) -> None:
    monkeypatch.setenv("SOMETHING", value)
    assert env.flag("SOMETHING", not expected) is expected
    monkeypatch.setenv("SOMETHING", "perhaps")
    with pytest.raises(env.BadSetting, match="SOMETHING must be 1 or 0"):
        env.flag("SOMETHING", True)


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMETHING", " a, b ,,c")
    assert env.words("SOMETHING") == ["a", "b", "c"]
    with pytest.raises(env.BadSetting, match="SOMETHING"):
        env.number_list("SOMETHING")
    monkeypatch.setenv("SOMETHING", "1, 2")
    assert env.number_list("SOMETHING") == [1, 2]
    with pytest.raises(env.BadSetting, match="SOMETHING must be one of x, y"):
        env.choice("SOMETHING", "x", ("x", "y"))
