"""Make a log-in for the back office; its password is on the last line of stdout, once."""

from typing import Any

from django.core.management.base import CommandParser

from loyalty.management.use_case_command import UseCaseCommand
from loyalty.models import StaffRole
from loyalty.services import staff


class Command(UseCaseCommand):
    help = "Make a back-office log-in and print NAME:PASSWORD on the last line. The password is shown once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--username", required=True, help="Letters, digits and dashes, up to 40.")
        parser.add_argument("--role", required=True, choices=StaffRole.values)

    def run(self, **options: Any) -> None:
        """Print NAME:PASSWORD."""
        user, password = staff.create(self.actor(), username=options["username"], role=options["role"])
        self.stdout.write(f"{user.username}:{password}")
