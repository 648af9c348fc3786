"""Where things lie under DATA_DIR, and what to do when a place cannot be used.

DATA_DIR/postgres   the home of PostgreSQL: data/, log/, run/ (its socket); a link when it must lie elsewhere
DATA_DIR/valkey     the append-only files of Valkey and its socket
DATA_DIR/log        logs of web, worker, beat, Valkey; `postgres` is a link to PostgreSQL's
DATA_DIR/secrets    passwords and the secret key, readable by their owner only
"""

import contextlib
import hashlib
import os
import secrets
import stat
import tempfile
from pathlib import Path

from config.embedded.accounts import Account
from config.embedded.faults import CannotStart

# The kernel's limit for the path of a socket is 107 bytes on Linux and 103 on macOS.
SOCKET_PATH_BYTES = 103


def fingerprint(data_dir: Path) -> str:
    """Return a short name for `data_dir` that differs from that of any other folder."""
    return hashlib.sha256(os.fsencode(os.path.realpath(data_dir))).hexdigest()[:12]


def prepare(data_dir: Path) -> None:
    """Make DATA_DIR and the folders in it that belong to us."""
    if not data_dir.exists():
        data_dir.mkdir(parents=True)
        # The account of PostgreSQL has to pass through; everything secret in here has its own lock.
        data_dir.chmod(0o711 if os.geteuid() == 0 else 0o700)
    if not data_dir.is_dir():
        raise CannotStart(f"DATA_DIR {data_dir} is not a folder")
    if not os.access(data_dir, os.W_OK | os.X_OK):
        raise CannotStart(f"DATA_DIR {data_dir} is not writable for this user")
    for name in ("log", "secrets", "static", "valkey"):
        (data_dir / name).mkdir(mode=0o700, exist_ok=True)


def open_folder(folder: Path) -> None:
    """Make `folder`, which everybody may enter and only we may write, whatever the umask is.

    Raises `OSError` when it cannot be made, or exists and others may write to it.
    """
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
        folder.chmod(0o755)
    require_ours(folder)


def require_ours(folder: Path) -> None:
    """Raise `PermissionError` when somebody else could have put something into `folder`."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise PermissionError(f"{folder} may be written by others")


def secret(data_dir: Path, name: str) -> str:
    """Return the random secret `name` kept under DATA_DIR, made at the first call."""
    path = data_dir / "secrets" / name
    try:
        kept = path.read_text().strip()
    except FileNotFoundError:
        kept = ""
    if kept:
        return kept
    fresh = secrets.token_urlsafe(48)
    write_private(path, fresh + "\n")
    return fresh


def write_private(path: Path, text: str) -> None:
    """Replace `path` by a file that its owner alone can read, whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    partial.replace(path)


def socket_folder(wanted: Path, file_name: str, account: Account) -> Path:
    """Return `wanted`, made if need be, or a short private folder when its path is too long for sockets."""
    if len(os.fsencode(wanted / file_name)) <= SOCKET_PATH_BYTES:
        wanted.mkdir(mode=0o700, exist_ok=True)
        account.own(wanted)
        return wanted
    return private_folder(f"loyalty-{fingerprint(wanted)}", account)


def private_folder(name: str, account: Account) -> Path:
    """Return a folder in the system's temporary place that belongs to `account` and is closed to others."""
    for parent in dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp")):  # noqa: S108 - checked below
        folder = Path(parent) / name
        if len(os.fsencode(folder)) > SOCKET_PATH_BYTES - 20:
            continue
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            pass
        except OSError:
            continue
        else:
            account.own(folder)
        # Anyone may create names in there: trust the folder only when it is what we would have made.
        found = folder.lstat()
        is_private = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o700
        if is_private and found.st_uid == account.uid and account.can("w", folder):
            return folder
    raise CannotStart("the path of DATA_DIR is too long for sockets, and no temporary folder can hold them")


def last_reason(path: Path, default: str) -> str:
    """Return the last line of a server's output that names an error, without its time stamp."""
    try:
        lines = path.read_text(errors="replace").splitlines()[-200:]
    except OSError:
        return default
    for line in reversed(lines):
        for word in ("FATAL:", "PANIC:", "error:", "ERROR:", "No space left"):
            if word in line:
                return line[line.index(word) :].strip()
    return next((line.strip() for line in reversed(lines) if line.strip()), default)
