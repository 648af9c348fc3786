"""Make New cards with the next numbers of the series."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from cards.models import CardCategory
from loyalty.management.use_case_command import UseCaseCommand
from loyalty.services import cards

CATEGORIES = {"plastic": CardCategory.PLASTIC, "virtual": CardCategory.VIRTUAL}


class Command(UseCaseCommand):
    help = "Make New cards and write their numbers, one a line. Virtual ones form the wallet's pool."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--count", required=True, type=int)
        parser.add_argument("--category", choices=CATEGORIES, default="virtual")
        parser.add_argument("--output", type=Path, help="A file for the numbers; stdout unless given.")

    def run(self, **options: Any) -> None:
        """Write the numbers; the file is opened first, so that no numbers are made that cannot be written."""
        output: Path | None = options["output"]
        category = CATEGORIES[options["category"]]
        if output is None:
            self.stdout.write("\n".join(self._make(options["count"], category)))
            return
        try:
            with output.open("w", encoding="ascii") as file:
                file.write("\n".join(self._make(options["count"], category)) + "\n")
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}.") from error
        self.stderr.write(f"{options['count']} numbers are in {output}.")

    def _make(self, count: int, category: CardCategory) -> list[str]:
        return cards.create_card_pool(self.actor(), count=count, category=category)
