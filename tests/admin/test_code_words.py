"""Nobody meets a bare code in the back office: every code that the source writes down has words, in both languages.

The source is walked, so a new action, job or cause without words fails here.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation

from cards.models import ImportStatus
from customers.models import Contact
from loyalty.admin import code_words, wording
from loyalty.admin.site import site
from loyalty.core import actors
from loyalty.ledger.models import Operation
from loyalty.models import JobRun, JournalEntry, ReturnKind, Surface
from loyalty.services import journal, promotions
from loyalty.services.typed_words import OURS
from tests.admin.conftest import Browser

ROOT = Path(__file__).resolve().parents[2]
WRITING = ("loyalty/services", "loyalty/ledger", "loyalty/tasks.py", "loyalty/management", "loyalty/simulator")
ACTION = re.compile(r"[a-z_]+\.[a-z_]+")
IN_SQL = re.compile(rf"'({ACTION.pattern})'")
NOT_WORDS = re.compile(
    r'<span class="(?:bo-code|[^"]*material-symbols-outlined[^"]*)"[^>]*>[^<]*</span>|<script.*?</script>|<[^>]*>',
    re.DOTALL,
)
"""Codes where they may stand, names of icons, and whatever nobody reads."""
MADE_UP = {
    "bonuses.": {"capture", "void"},
    "card_import.": {ImportStatus.DONE.value, ImportStatus.REFUSED.value, ImportStatus.FAILED.value},
    "promotion.": {promotions.go_live.__name__, promotions.pause.__name__, promotions.end.__name__},
    "purchase.": set(ReturnKind.values),
}
"""Actions whose verb is put in at run time; another beginning fails until its verbs stand here."""


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for name in WRITING:
        path = ROOT / name
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            yield file, ast.parse(file.read_text(encoding="utf-8"))


def texts(node: ast.AST) -> Iterator[str]:
    """Every text inside, and of an f-string what stands before its first value, with a star."""
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value
        elif isinstance(each, ast.JoinedStr) and isinstance(each.values[0], ast.Constant) and len(each.values) > 1:
            yield f"{each.values[0].value}*"


def calls(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    for each in ast.walk(tree):
        if isinstance(each, ast.Call) and ast.unparse(each.func).rpartition(".")[2] in names:
            yield each


def actions() -> set[str]:
    found: set[str] = set()
    for path, tree in trees():
        if "services" not in path.parts:
            continue
        for text in texts(tree):
            if ACTION.fullmatch(text):
                found.add(text)
            elif text.endswith(".*") and ACTION.fullmatch(text[:-1] + "x"):
                found |= {text[:-1] + verb for verb in MADE_UP[text[:-1]]}
            elif "INTO loyalty_journalentry" in text:
                found |= set(IN_SQL.findall(text))
    return found


def jobs() -> set[str]:
    found = {path.stem for path in (ROOT / "loyalty/management/commands").glob("[a-z]*.py")}
    named = {
        (path.stem, node.targets[0].id): node.value.value
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    for path, tree in trees():
        for call in calls(tree, "system", "RangeJob"):
            first = call.args[0] if call.args else None
            if isinstance(first, ast.Constant):
                found.add(first.value)
            elif isinstance(first, ast.Name | ast.Attribute):
                module, _dot, name = ast.unparse(first).rpartition(".")
                if name.isupper():
                    found.add(str(named[(module or path.stem, name)]))
    return found


def causes() -> set[str]:
    found: set[str] = set()
    for path, tree in trees():
        # What is given up says why in its own argument; everything else says it by name.
        for call in calls(tree, "give_up", *(["_fact"] if path.stem == "forfeits" else [])):
            found |= {text for node in call.args for text in texts(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == "cause_of":
                found |= {text for each in node.body[1:] for text in texts(each)}
            if isinstance(node, ast.Call):
                found |= {text for each in node.keywords if each.arg == "cause" for text in texts(each.value)}
        for text in texts(tree):
            found |= set(
                re.findall(r"INSERT INTO ledger_operation\s*\([^)]*cause\)\s*SELECT[^;]*?'([a-z ]+)'\s*FROM", text)
            )
    return {text.removesuffix("*").partition(":")[0] for text in found if text}


def details() -> set[str]:
    found: set[str] = set()
    for path, tree in trees():
        if "services" in path.parts:
            for call in [*calls(tree, "note"), *(each for each in calls(tree, "record") if len(each.args) > 1)]:
                found |= {each.arg for each in call.keywords if each.arg}
    return found - {"contact_id", "reason"}


def results() -> set[str]:
    found = {"lots", "contacts", "busy_ranges"}
    for path, tree in trees():
        if "services" not in path.parts:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == "result":
                answers = [each for each in ast.walk(node) if isinstance(each, ast.Dict)]
            elif isinstance(node, ast.keyword) and node.arg == "result" and isinstance(node.value, ast.Dict):
                answers = [node.value]
            else:
                continue
            found |= {str(key.value) for each in answers for key in each.keys if isinstance(key, ast.Constant)}
    return found


def test_the_walk_finds_what_it_looks_for() -> None:
    assert {
        "adjustment.post",
        "card.block",
        "contact.merged",
        "promotion.go_live",
        "purchase.add",
        "purchase.refund",
    } <= actions()
    assert {"roll_over_escrow", "close_year", "receipts", "watch_card_pool", "seed_demo"} <= jobs()
    assert {"purchase", "maturity", "expiry", "year end", "erasure", "leaving", "left", "fiscal_receipt"} <= causes()
    assert {"role_given", "replaced_by", "changes", "points_given_up"} <= details()
    assert {"codes", "burned", "standings", "broken"} <= results()


@pytest.mark.parametrize(
    ("found", "table"),
    [
        (actions, code_words.ACTIONS),
        (jobs, code_words.JOBS),
        (causes, code_words.CAUSES),
        (details, code_words.DETAILS),
        (results, code_words.RESULTS),
    ],
)
def test_every_code_has_words(found: Any, table: dict[str, Any]) -> None:
    assert found() - set(table) - ({"changes"} if table is code_words.DETAILS else set()) == set()


def test_no_words_are_kept_for_actions_that_are_gone() -> None:
    assert set(code_words.ACTIONS) - actions() == set()


def test_every_door_has_words() -> None:
    assert {*Surface.values, actors.staff("x", "").channel, actors.system("x").channel} == set(code_words.DOORS)


def test_every_word_is_russian_to_a_russian_reader() -> None:
    tables = (code_words.ACTIONS, code_words.JOBS, code_words.CAUSES, code_words.DOORS, code_words.RESULTS)
    tables += (code_words.DETAILS, code_words.CHANNELS, code_words.TARGETS)
    with translation.override("ru"):
        said = [str(words) for table in tables for words in table.values()]
    assert [words for words in said if not re.search("[А-Яа-я]", words)] == ["e-mail", "SMS"]


def test_actors_and_causes_are_said_the_way_people_speak() -> None:
    said = [wording.actor(each) for each in ("staff:vera", "client:till-1", "system:roll_over_escrow", "nobody")]
    assert said == ["vera", "till-1 (API)", "Releasing points from escrow", "nobody"]
    causes_said = [wording.cause(each) for each in ("purchase:R-1:2", "maturity", "merge:0b1f", "unheard of")]
    assert causes_said == ["Purchase R-1:2", "Points matured", "Merge with another customer", "unheard of"]


def test_what_the_programme_wrote_itself_follows_the_reader() -> None:
    assert wording.target("loyalty_data/till-1") == "Loyalty data: till-1"
    assert wording.target("law 3") == "Law 3"
    assert wording.target("Summer sale 3") == "Summer sale 3"
    assert wording.of_run({"burned": "35081.60", "lots": 2}) == [("points burned", "35,081.60"), ("lots of points", 2)]
    with translation.override("ru"):
        for text in OURS:
            assert not re.search("[A-Za-z]", wording.reason(text))
        assert wording.reason("Loss of patience") == "Loss of patience"


@pytest.mark.django_db
def test_the_journal_speaks_in_words_and_keeps_the_code_for_engineers(retailer: Contact, browser: Browser) -> None:
    journal.record(
        actors.staff("vera", "marketer"), "tier.change", "Silver", reason="spring",
        changes={"expiry_policy": ["never", "days"], "target": ["8000", "9000"]}, active=True,
    )  # fmt: skip
    client = browser("administrator")
    shown = client.get(reverse("admin:loyalty_journalentry_changelist")).content.decode()
    assert '<span title="tier.change">Tier changed</span>' in shown
    assert '<span title="marketer">Marketer</span>' in shown
    entry = JournalEntry.objects.get(action="tier.change")
    page = client.get(reverse("admin:loyalty_journalentry_change", args=[entry.pk])).content.decode()
    for words in (
        'Tier changed <span class="bo-code">tier.change</span>', "how long it lasts", "8000 → 9000", "Back office"
    ):  # fmt: skip
        assert words.lower() in page.lower(), words
    assert "expiry_policy" not in page


@pytest.mark.django_db
def test_lists_and_pages_hold_no_bare_code(retailer: Contact, browser: Browser) -> None:
    client = browser("administrator")
    for name, records in (
        ("loyalty_journalentry", JournalEntry.objects.all()),
        ("loyalty_jobrun", JobRun.objects.all()),
        ("ledger_operation", Operation.objects.all()),
    ):
        addresses = [reverse(f"admin:{name}_change", args=[each.pk]) for each in records]
        for address in [reverse("admin:index"), reverse(f"admin:{name}_changelist"), *addresses]:
            page = client.get(address).content.decode()
            shown = NOT_WORDS.sub(" ", page)
            bare = re.findall(r"\b(?:staff|client|system):\w+|\b[a-z]+_[a-z_]+\b|\bpurchase:\S+", shown)
            bare += [code for code in code_words.ACTIONS if code in shown]
            # The overview names this command to administrators when free numbers run out.
            assert set(bare) <= {"create_card_pool"}, address


@pytest.mark.django_db
def test_runs_are_filtered_by_jobs_in_words(retailer: Contact, browser: Browser) -> None:
    page = browser("administrator").get(reverse("admin:loyalty_jobrun_changelist"))
    assert "Closing the year" in page.content.decode()
    narrowed = browser("administrator", "olga").get(f"{reverse('admin:loyalty_jobrun_changelist')}?job=close_year")
    assert narrowed.context["cl"].result_list.count() == 0
    assert site.is_registered(JobRun)
