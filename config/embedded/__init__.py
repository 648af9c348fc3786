"""PostgreSQL and Valkey for one machine, under DATA_DIR, while DATABASE_URL or REDIS_URL are not set.

Every command attaches first: the first one starts the servers, others join them, and the last one to leave
stops them. A shared lock on a file counts the users: the kernel takes it from a killed process, so nobody can
be counted who is not there.
"""

import atexit
import contextlib
import errno
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from config import env
from config.embedded import locks, places
from config.embedded.faults import CannotStart
from config.embedded.postgres import Postgres
from config.embedded.valkey import Valkey

__all__ = ["Attachment", "CannotStart", "attach", "default_data_dir", "one_line"]


def default_data_dir() -> Path:
    """Return DATA_DIR, by default the folder `var` of the checkout, as an absolute path without links."""
    checkout = Path(__file__).resolve().parents[2]
    return Path(os.path.realpath(Path(env.text("DATA_DIR", str(checkout / "var"))).expanduser()))


@contextlib.contextmanager
def one_line() -> Iterator[None]:
    """Turn what the machine refuses (no disk, no right, no room) into `CannotStart`."""
    try:
        yield
    except OSError as error:
        what = "no space left on the disk" if error.errno == errno.ENOSPC else (error.strerror or str(error))
        raise CannotStart(f"{what}: {error.filename}" if error.filename else what) from error


class Attachment:
    """Our use of the servers of one DATA_DIR, from `attach` until `leave`."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.postgres: Postgres | None = None
        self.valkey: Valkey | None = None
        self._users = locks.FileLock(data_dir / "users.lock")
        self._owner = os.getpid()

    def join(self, durable: bool) -> None:
        """Start what no variable names, and set the variables."""
        self._users.share(60)
        with locks.alone(self.data_dir / "start.lock", 150):
            if env.text("DATABASE_URL") is None:
                self.postgres = Postgres(self.data_dir)
                os.environ["DATABASE_URL"] = self.postgres.start(durable)
            if env.text("REDIS_URL") is None:
                self.valkey = Valkey(self.data_dir)
                os.environ["REDIS_URL"] = self.valkey.start()

    def revive(self) -> list[str]:
        """Start again those of our servers that have ended, and return their names."""
        revived = []
        with locks.alone(self.data_dir / "start.lock", 150):
            if self.postgres is not None and self.postgres.running() is None:
                self.postgres.start()
                revived.append("PostgreSQL")
            if self.valkey is not None and self.valkey.running() is None:
                self.valkey.start()
                revived.append("Valkey")
        return revived

    def leave(self) -> None:
        """Stop the servers when nobody else uses them. A forked child leaves nothing."""
        if os.getpid() == self._owner and self._users.try_exclusive():
            self.stop()
        self._users.release()
        self._owner = -1

    def stop(self) -> None:
        """Stop the servers, whoever uses them."""
        if self.valkey is None and self.postgres is None:
            return
        with contextlib.ExitStack() as held:
            # Without its folder, or behind a command that hangs, the service still has to end all it started.
            with contextlib.suppress(OSError, CannotStart):
                held.enter_context(locks.alone(self.data_dir / "start.lock", 2))
            if self.valkey is not None:
                self.valkey.stop()
            if self.postgres is not None:
                self.postgres.stop()


def attach(data_dir: Path, durable: bool = True) -> Attachment:
    """Make the servers and the secret key of `data_dir` available to this process and to those it starts.

    Sets DATA_DIR, and DATABASE_URL, REDIS_URL and SECRET_KEY where they are not set. `durable=False` is for
    tests: PostgreSQL then does not wait for the disk. Raises `CannotStart`.
    """
    with one_line():
        needs_secret = env.text("SECRET_KEY") is None and env.text("ENVIRONMENT", "local") != "production"
        places.prepare(data_dir)
        os.environ["DATA_DIR"] = str(data_dir)
        if needs_secret:
            with locks.alone(data_dir / "start.lock", 150):
                os.environ["SECRET_KEY"] = places.secret(data_dir, "secret_key")
        attachment = Attachment(data_dir)
        if env.text("DATABASE_URL") is None or env.text("REDIS_URL") is None:
            atexit.register(_leave_quietly, attachment)
            _end_on_sigterm()
            attachment.join(durable)
    return attachment


def _leave_quietly(attachment: Attachment) -> None:
    try:
        with one_line():
            attachment.leave()
    except CannotStart as reason:
        sys.stderr.write(f"{reason}\n")


def _end_on_sigterm() -> None:
    """Let SIGTERM end a command through its exit handlers; without it the servers would be left running."""

    def leave(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    with contextlib.suppress(ValueError):
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, leave)
