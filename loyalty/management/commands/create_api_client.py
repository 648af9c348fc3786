"""Make an API credential; its secret is on the last line of stdout, once."""

from typing import Any

from django.core.management.base import CommandParser

from loyalty.management.use_case_command import UseCaseCommand
from loyalty.models import CashDeskRole, Surface
from loyalty.services import api_clients


class Command(UseCaseCommand):
    help = "Make an API credential and print LOGIN:SECRET on the last line. The secret is shown once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--surface", required=True, choices=Surface.values)
        parser.add_argument("--login", required=True, help="Letters, digits and dashes, up to 40.")
        parser.add_argument("--role", default="", choices=CashDeskRole.values, help="For cash_desk only.")

    def run(self, **options: Any) -> None:
        """Print LOGIN:SECRET."""
        client, secret = api_clients.create(
            self.actor(), surface=options["surface"], login=options["login"], role=options["role"]
        )
        self.stdout.write(f"{client.login}:{secret}")
