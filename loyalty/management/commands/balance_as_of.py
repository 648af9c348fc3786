"""Tell any balance at any past moment."""

import json
from typing import Any

from django.core.management.base import CommandParser

from loyalty.management.moments import read_moment
from loyalty.management.use_case_command import UseCaseCommand
from loyalty.selectors import balance_history
from loyalty.services import program


class Command(UseCaseCommand):
    help = "Print what a customer held in each account at a past moment, from the ledger. Changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--contact", required=True, help="The contact's code, like C0000000014.")
        parser.add_argument(
            "--at", required=True, help="An ISO time or day (the retailer's zone unless it has an offset)."
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object, amounts as strings.")

    def run(self, **options: Any) -> None:
        """Print a line an account: its name and the points."""
        moment, zone = read_moment(options["at"], "at"), program.settings().tzinfo
        held = balance_history.of_code(options["contact"], moment, zone)
        if options["json"]:
            self.stdout.write(json.dumps({each.name: str(each.amount) for each in held}, ensure_ascii=False))
            return
        for each in held:
            self.stdout.write(f"{each.name}: {each.amount}")
