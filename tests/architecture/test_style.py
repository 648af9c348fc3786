"""The limits of the house style, so that nobody has to remember them."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("config", "loyalty", "customers", "cards", "tiers", "promos")
FORBIDDEN_NAMES = {"utils.py", "helpers.py", "common.py", "signals.py"}
LONGEST_FILE = 400
LONGEST_FUNCTION = 70


def sources() -> list[Path]:
    return [path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts]


def test_files_and_functions_stay_short() -> None:
    too_long = []
    for path in sources():
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > LONGEST_FILE:
            too_long.append(str(path))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    too_long.append(f"{path}:{node.name}")
    assert too_long == []


def test_no_file_is_named_for_nothing() -> None:
    assert [str(path) for path in sources() if path.name in FORBIDDEN_NAMES] == []


def test_only_lock_modules_lock_rows() -> None:
    """`select_for_update` and FOR UPDATE stand in modules named locks, and where one row of settings is changed."""
    allowed = {"locks.py", "holders.py", "receipts.py", "program.py", "api_clients.py", "bare_sql.py"}
    found = {
        path.name
        for path in sources()
        if "select_for_update" in (text := path.read_text(encoding="utf-8"))
        or "FOR UPDATE" in text
        or "FOR NO KEY UPDATE" in text
    }
    assert found <= allowed, found - allowed


def test_only_the_clock_asks_for_the_time() -> None:
    asking = {
        str(path.relative_to(ROOT))
        for path in sources()
        if any(
            word in path.read_text(encoding="utf-8")
            for word in ("timezone.now(", "datetime.now(", "auto_now", "CURRENT_TIMESTAMP")
        )
    }
    assert asking <= {"loyalty/core/clock.py"}, asking
