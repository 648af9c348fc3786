"""Check a server of the Koshelek API, ours or anybody's (docs/koshelek_check.md)."""

import io
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from loyalty.core import clock
from loyalty.koshelek_check import command_line


class Command(BaseCommand):
    help = command_line.HELP
    # The server is checked from outside: nothing of ours is asked, and no database is needed.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        command_line.add_arguments(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        report = io.StringIO()
        # Progress is drawn on stderr itself: Django's wrapper would end every stroke with a new line.
        code = command_line.run(options, clock.now().date(), report, sys.stderr)
        self.stdout.write(report.getvalue(), ending="")
        if code:
            sys.exit(code)
