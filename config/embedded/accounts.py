"""Which account of the machine the servers run as.

PostgreSQL refuses to run as root. Its account must reach the binaries and the data, and we never loosen the
permissions of folders that are not ours: what cannot be reached is put elsewhere.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.embedded.faults import CannotStart


@dataclass(frozen=True)
class Account:
    """The account that PostgreSQL runs as; `switch` says whether we have to change to it."""

    name: str
    uid: int
    gid: int
    switch: bool

    def popen_arguments(self) -> dict[str, Any]:
        """Return arguments of `subprocess` that start a process as this account, away from our folders."""
        if not self.switch:
            return {"cwd": "/"}
        return {"cwd": "/", "user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path, mode: int = 0o700) -> None:
        """Give `path`, which we have just made, to this account."""
        if self.switch:
            os.chown(path, self.uid, self.gid)
        path.chmod(mode)

    def can(self, test: str, path: Path) -> bool:
        """Return whether this account passes `test -r`, `-w` or `-x` on `path`.

        The kernel is asked, by a process of that account: it alone knows about every parent, mount and list.
        """
        return self.runs(["/bin/sh", "-c", f'test -{test} "$0"', str(path)])

    def runs(self, command: list[str]) -> bool:
        """Return whether this account can run `command` and it ends well."""
        try:
            done = subprocess.run(
                command,
                check=False,
                capture_output=True,
                timeout=10,
                **self.popen_arguments(),
            )
        except (FileNotFoundError, PermissionError) as error:
            if error.filename == command[0]:
                return False
            raise CannotStart(f"cannot run a process as account {self.name}: {error}") from None
        except (OSError, subprocess.SubprocessError) as error:
            raise CannotStart(f"cannot run a process as account {self.name}: {error}") from None
        return done.returncode == 0


def server_account() -> Account:
    """Return ourselves, or, when we are root, the existing `postgres` or `nobody`."""
    uid = os.geteuid()
    if uid != 0:
        try:
            name = pwd.getpwuid(uid).pw_name
        except KeyError:
            name = str(uid)
        return Account(name, uid, os.getegid(), switch=False)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid, switch=True)
    raise CannotStart("PostgreSQL cannot run as root, and there is no account postgres or nobody to run it as")
