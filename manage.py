#!/usr/bin/env python
"""The platform's commands; servers that no variable names are started or joined."""

import os
import sys


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code; what cannot work is said in one line on stderr."""
    if sys.version_info < (3, 11):  # noqa: UP036 - somebody may call this with an older one
        sys.stderr.write(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}\n")
        return 1
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.base")
    from config import command_line

    return command_line.run(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
