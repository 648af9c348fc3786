"""The base of our commands: a refusal by a rule is one line on stderr, never a traceback."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from loyalty.core import actors
from loyalty.core.actors import Actor
from loyalty.core.errors import LoyaltyError


class UseCaseCommand(BaseCommand):
    """Subclasses write `run`; what they print goes to stdout, progress and logs to stderr."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the use case; raises CommandError with the rule's text."""
        try:
            self.run(**options)
        except LoyaltyError as error:
            raise CommandError(_told(error)) from error

    def run(self, **options: Any) -> None:
        """Do the work."""
        raise NotImplementedError

    def actor(self) -> Actor:
        """Return who acts: the operator of this machine, by this command."""
        return actors.system(type(self).__module__.rpartition(".")[2])


def _told(error: LoyaltyError) -> str:
    """Return the rule's text, behind the name of what it speaks of where it names one."""
    names = error.data.get("names") or [error.data.get("name")]
    named = ", ".join(each for each in names if isinstance(each, str) and each)
    return f"{named}: {error.text}" if named else error.text
