"""Data folders that every account can reach, and nothing left behind whatever a test does."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.platform.service import Service


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder for DATA_DIRs."""
    folder = Path(tempfile.mkdtemp(prefix="lp"))
    folder.chmod(0o755)
    yield folder
    for link in folder.glob("*/postgres"):
        if link.is_symlink():
            shutil.rmtree(os.path.realpath(link), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def start(place: Path) -> Iterator[Callable[..., Service]]:
    """Start a service on a DATA_DIR called by name; everything is ended after the test."""
    started: list[Service] = []

    def start_one(name: str = "data", **values: str) -> Service:
        started.append(Service(place / name, **values))
        return started[-1]

    yield start_one
    for service in started:
        if service.process.poll() is None:
            with contextlib.suppress(psutil.NoSuchProcess):
                service.kill()
