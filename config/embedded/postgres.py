"""PostgreSQL for one machine: made, started, joined, recovered and stopped by ourselves."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import psutil

from config.embedded import places, processes
from config.embedded.accounts import Account, server_account
from config.embedded.binaries import postgres_programs
from config.embedded.faults import CannotStart

MAJOR = 18
ROLE = "loyalty"
_SOCKET = ".s.PGSQL.5432"
_READY_SECONDS = 120.0
_NEEDED_BYTES = 300 * 1024 * 1024
_ELSEWHERE = ("/var/lib/loyalty-platform", "/var/tmp/loyalty-platform")  # noqa: S108 - owner checked
_CLEAN = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin", "HOME": "/"}

_CONFIGURATION = """# Written at every start. Your own settings go into local.conf next to this file.
listen_addresses = ''
unix_socket_directories = {sockets}
unix_socket_permissions = 0700
max_connections = 100
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
default_text_search_config = 'pg_catalog.simple'
shared_buffers = '256MB'
work_mem = '16MB'
maintenance_work_mem = '128MB'
max_wal_size = '2GB'
min_wal_size = '128MB'
checkpoint_timeout = '15min'
checkpoint_completion_target = 0.9
random_page_cost = 1.1
jit = off
fsync = {durable}
synchronous_commit = {durable}
full_page_writes = {durable}
logging_collector = on
log_directory = {logs}
log_filename = 'postgresql-%a.log'
log_truncate_on_rotation = on
log_rotation_age = '1d'
log_rotation_size = 0
log_line_prefix = '%m [%p] %u@%d '
log_min_duration_statement = '2s'
log_checkpoints = off
log_lock_waits = on
# A row that was refused, and the values of a slow statement, are personal data.
log_error_verbosity = 'terse'
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
include_if_exists = 'local.conf'
"""


class Postgres:
    """The PostgreSQL of one DATA_DIR. Callers hold the start lock while they call `start` or `stop`."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.account: Account = server_account()
        self.link = data_dir / "postgres"
        self._joined: psutil.Process | None = None
        self._launched: subprocess.Popen[bytes] | None = None

    @property
    def home(self) -> Path:
        """The folder that belongs to the server's account."""
        return Path(os.path.realpath(self.link))

    @property
    def data(self) -> Path:
        return self.home / "data"

    def running(self) -> psutil.Process | None:
        """Return the server's main process when it runs on this very data."""
        return processes.named_in(self.data / "postmaster.pid", self.data, "postgres")

    def start(self, durable: bool = True) -> str:
        """Make sure that the server runs, and return the DATABASE_URL of the application's role."""
        self._settle()
        programs = postgres_programs(self.account)
        if not (self.data / "PG_VERSION").exists():
            self._initialise(programs)
        self._refuse_other_version()
        sockets = places.socket_folder(self.home / "run", _SOCKET, self.account)
        self._launched = None
        if self.running() is None:
            self._clear_after_crash(sockets)
            self._launch(programs, sockets, durable)
        self._wait_ready()
        self._joined = self.running()
        if not (self.home / "prepared").exists():
            self._create_role(sockets)
        return self._url(sockets)

    def stop(self, seconds: float = 6.0) -> None:
        """Stop the server: open sessions are rolled back, data are flushed; force comes after `seconds`."""
        # The one we joined is known even when somebody has deleted its folder.
        process = self.running() or self._joined
        if process is not None:
            # SIGINT is a fast shutdown, SIGQUIT an immediate one, from which the next start recovers.
            processes.end([process], (signal.SIGINT, seconds), (signal.SIGQUIT, 2.0))

    def _settle(self) -> None:
        """Find or make the home of the server, at a place that its account can reach."""
        if self.link.is_symlink() and not self.link.exists():
            raise CannotStart(f"{self.link} points to {os.readlink(self.link)}, which does not exist any more")
        if not self.link.exists() and not self._settle_here():
            self._settle_elsewhere()
        if not self.account.can("w", self.home):
            raise CannotStart(f"account {self.account.name}, which runs PostgreSQL, cannot write to {self.home}")
        logs = self.home / "log"
        if not logs.exists():
            logs.mkdir()
            self.account.own(logs)
        shown = self.data_dir / "log" / "postgres"
        if not shown.is_symlink():
            shown.symlink_to(logs if self.link.is_symlink() else Path("../postgres/log"))

    def _settle_here(self) -> bool:
        self.link.mkdir()
        self.account.own(self.link)
        if self.account.can("w", self.link):
            return True
        self.link.rmdir()
        return False

    def _settle_elsewhere(self) -> None:
        """Put the data where the account can reach them. A random name: a DATA_DIR may be made anew."""
        for parent in map(Path, _ELSEWHERE):
            try:
                places.open_folder(parent)
                prefix = places.fingerprint(self.data_dir) + "-"
                home = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
            except OSError:
                continue
            self.account.own(home)
            if not self.account.can("w", home):
                home.rmdir()
                continue
            self.link.symlink_to(home)
            sys.stderr.write(
                f"account {self.account.name} cannot reach {self.data_dir}: PostgreSQL's data lie in {home}\n"
            )
            return
        raise CannotStart(f"account {self.account.name}, which runs PostgreSQL, cannot reach {self.data_dir}")

    def _initialise(self, programs: Path) -> None:
        free = shutil.disk_usage(self.home).free
        if free < _NEEDED_BYTES:
            raise CannotStart(f"no disk: {self.home} has {free >> 20} MB free, a new database needs 300 MB")
        fresh, password = self.home / "data.new", self.home / "password.new"
        shutil.rmtree(fresh, ignore_errors=True)
        places.write_private(password, places.secret(self.data_dir, "database_superuser") + "\n")
        self.account.own(password, 0o600)
        try:
            self._run_initdb(programs, fresh, password)
        finally:
            password.unlink(missing_ok=True)
        fresh.rename(self.data)

    def _run_initdb(self, programs: Path, fresh: Path, password: Path) -> None:
        done = subprocess.run(
            [
                str(programs / "initdb"),
                f"--pgdata={fresh}",
                f"--pwfile={password}",
                "--username=postgres",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
                "--no-instructions",
                "--no-sync",
            ],
            check=False,
            capture_output=True,
            text=True,
            env=_CLEAN,
            **self.account.popen_arguments(),
        )
        if done.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            lines = [line for line in done.stderr.splitlines() if "error" in line or "FATAL" in line]
            raise CannotStart(f"initdb failed: {lines[0] if lines else done.stderr.strip()[-200:]}")

    def _refuse_other_version(self) -> None:
        version = (self.data / "PG_VERSION").read_text().strip()
        if version != str(MAJOR):
            raise CannotStart(
                f"{self.data} was made by PostgreSQL {version} and this release brings {MAJOR}: dump it with "
                "the old release and load it into an empty DATA_DIR"
            )

    def _clear_after_crash(self, sockets: Path) -> None:
        """Make way for a start after `kill -9`.

        Sessions of a killed server may still write: they go first. Then the pid file goes, because its number
        may belong to another process by now, which PostgreSQL would take for a running server.
        """
        if (self.data / "postmaster.pid").exists():
            processes.end(processes.working_in(self.data, "postgres"), (signal.SIGQUIT, 5.0))
            (self.data / "postmaster.pid").unlink(missing_ok=True)
        for name in (f"{_SOCKET}.lock", _SOCKET):
            (sockets / name).unlink(missing_ok=True)

    def _launch(self, programs: Path, sockets: Path, durable: bool) -> None:
        text = _CONFIGURATION.format(
            sockets=_quoted(sockets), logs=_quoted(self.home / "log"), durable="on" if durable else "off"
        )
        configuration = self.data / "postgresql.conf"
        places.write_private(configuration, text)
        self.account.own(configuration, 0o600)
        output = self._output()
        with output.open("wb") as file:
            self._launched = subprocess.Popen(
                [str(programs / "postgres"), "-D", str(self.data)],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                env=_CLEAN,
                start_new_session=True,
                **self.account.popen_arguments(),
            )

    def _output(self) -> Path:
        return self.data_dir / "log" / "postgres-start.log"

    def _wait_ready(self) -> None:
        """Wait until the pid file says so; a recovery after a crash may take a while."""
        deadline = time.monotonic() + _READY_SECONDS
        launched = self._launched
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, IndexError):
                if (self.data / "postmaster.pid").read_text().split("\n")[7].strip() == "ready":
                    return
            if launched is not None and launched.poll() is not None:
                raise CannotStart(f"PostgreSQL did not start: {self._reason()}")
            if launched is None and self.running() is None:
                raise CannotStart("PostgreSQL was stopped while it was being joined: try again")
            time.sleep(0.02)
        raise CannotStart(f"PostgreSQL is not ready after {_READY_SECONDS:.0f} s: {self._reason()}")

    def _reason(self) -> str:
        """Return what the server said last: to its own log once that is open, before that to its output."""
        logs = sorted((self.home / "log").glob("*.log"), key=lambda path: path.stat().st_mtime)
        said = places.last_reason(self._output(), "")
        if logs and ("redirecting log output" in said or "Future log output" in said or not said):
            said = places.last_reason(logs[-1], said)
        return said or f"see {self.home / 'log'}"

    def _create_role(self, sockets: Path) -> None:
        """Create the application's role and database; a start that was cut short here does it again."""
        import psycopg
        from psycopg import sql

        password = places.secret(self.data_dir, "database_superuser")
        with psycopg.connect(
            host=str(sockets), user="postgres", password=password, dbname="postgres", autocommit=True
        ) as connection:
            role, secret = sql.Identifier(ROLE), sql.Literal(places.secret(self.data_dir, "database"))
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(role))
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, secret))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [ROLE]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))
        (self.home / "prepared").touch()

    def _url(self, sockets: Path) -> str:
        password = places.secret(self.data_dir, "database")
        return f"postgresql://{ROLE}:{quote(password, safe='')}@/{ROLE}?host={quote(str(sockets), safe='')}"


def _quoted(path: Path) -> str:
    """Return a path as a string of PostgreSQL's configuration file."""
    return "'" + str(path).replace("'", "''") + "'"
