"""The package can be lifted out, and its manual lists its rules."""

import ast
import subprocess
import sys
from pathlib import Path

from loyalty.koshelek_check import rules
from loyalty.koshelek_check.calls import CALLS, version
from loyalty.koshelek_check.people import DEFAULT_PREFIX, People, prefix_problem

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "loyalty" / "koshelek_check"


def test_it_needs_httpx_rich_and_the_standard_library_only() -> None:
    imported = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")
            elif isinstance(node, ast.Import):
                imported.update(alias.name for alias in node.names)
    others = {name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names}
    assert all(name.startswith(("loyalty.koshelek_check", "httpx", "rich.")) for name in others), others


def test_it_runs_without_django() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "loyalty.koshelek_check", "--base-url", "http://127.0.0.1:9", "--login", "a"],
        cwd=ROOT,
        env={"KOSHELEK_CHECK_PASSWORD": "b"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("http://127.0.0.1:9 cannot be reached")


def test_the_command_is_the_same_and_needs_no_database() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "koshelek_check", "--base-url", "http://127.0.0.1:9", "--login", "a"],
        cwd=ROOT,
        env={"KOSHELEK_CHECK_PASSWORD": "b", "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("http://127.0.0.1:9 cannot be reached"), done.stderr


def test_the_manual_lists_every_rule() -> None:
    manual = (ROOT / "docs" / "koshelek_check.md").read_text(encoding="utf-8")
    assert rules.as_markdown() in manual, "put the output of rules.as_markdown() into docs/koshelek_check.md"


def test_every_rule_has_words_and_a_known_version() -> None:
    for rule in rules.RULES.values():
        assert rule.words.endswith((".", ")."))
        assert "|" not in rule.words
        assert version(rule.since) in {version(call.since) for call in CALLS}


def test_made_up_customers_differ_between_runs_and_keep_to_the_prefix() -> None:
    runs = [People(DEFAULT_PREFIX) for _ in range(2)]
    people = [run.new() for run in runs for _ in range(20)]
    assert len({person.phone for person in people}) == len({person.email for person in people}) == 40
    assert all(person.phone.startswith(DEFAULT_PREFIX) and len(person.phone) == 11 for person in people)
    assert prefix_problem(DEFAULT_PREFIX) == ""
