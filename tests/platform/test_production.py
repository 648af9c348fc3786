"""Production refuses to start unsafe: every reason is a check with an id, in one line, never a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAFE = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "a-long-and-random-enough-secret-key-for-this-test-0123456789",
    "ALLOWED_HOSTS": "loyalty.example.com",
}


def run(command: list[str], **changes: str) -> subprocess.CompletedProcess[str]:
    """Run a command with production settings; the servers of the test run are used and nothing is started."""
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment | SAFE | changes,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"SECRET_KEY": ""}, "loyalty.E001"),
        ({"SECRET_KEY": "short"}, "loyalty.E001"),
        ({"DEBUG": "1"}, "loyalty.E002"),
        ({"ALLOWED_HOSTS": ""}, "loyalty.E003"),
        ({"ALLOWED_HOSTS": "*"}, "loyalty.E003"),
        ({"CLOCK_OFFSET": "P31D"}, "loyalty.E004"),
    ],
)
def test_each_unsafe_setting_stops_the_commands_and_the_web_server(changes: dict[str, str], check: str) -> None:
    command = run(["manage.py", "check"], **changes)
    assert command.returncode != 0
    assert check in command.stderr
    web = run(["-c", "import config.wsgi"], **changes)
    assert web.returncode == 1
    assert check in web.stderr
    assert "Traceback" not in command.stderr + web.stderr


def test_safe_settings_pass() -> None:
    command = run(["manage.py", "check"])
    assert command.returncode == 0, command.stderr
