"""Exchange files with a wallet partner that has no online link."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from loyalty.api.koshelek.exchange import formats, reading, writing
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.management.use_case_command import UseCaseCommand
from loyalty.services import exchange


class Command(UseCaseCommand):
    help = (
        "Files instead of calls (docs/koshelek_exchange.md). `export` writes the registries of issued cards and of free"
        " numbers; `import` takes the registry of cards that the app has issued. Both may be repeated at any time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        export = acts.add_parser("export", help="Write the two registries into a folder.")
        export.add_argument("--output", type=Path, default=Path(), help="The folder; the present one unless given.")
        export.add_argument(
            "--numbers", type=int, default=1000, help="Free numbers the partner holds in all (1000); never less."
        )
        taken = acts.add_parser("import", help="Take the registry of issued cards; a bad line never stops the rest.")
        taken.add_argument("file", type=Path)
        taken.add_argument("--report", type=Path, help="Our answer, a ZIP; beside the registry unless given.")

    def actor(self) -> Actor:
        """Return who acts: the partner's files are a channel of their own, which consents name as their source."""
        return Actor("system", "koshelek_exchange", channel="koshelek_exchange")

    def run(self, **options: Any) -> None:
        """Write or take files; progress goes to stderr."""
        try:
            if options["act"] == "export":
                self._export(options["output"], options["numbers"])
            else:
                registry: Path = options["file"]
                self._import(registry, options["report"] or registry.with_name(f"{registry.stem}-report.zip"))
        except OSError as error:
            raise CommandError(f"{error.filename or 'The file'} cannot be written: {error.strerror}.") from error

    def _export(self, folder: Path, numbers: int) -> None:
        if not folder.is_dir():
            raise CommandError(f"{folder} is not a folder. Make it first.")
        lent = exchange.lend_numbers(self.actor(), numbers)
        stamp = f"{clock.now():%Y%m%dT%H%M%SZ}"
        cards, free = (folder / f"{formats.file_name(each, stamp)}.zip" for each in (formats.CARDS, formats.NUMBERS))
        with self._bar("writing") as advance:
            issued = writing.write_cards(cards, advance)
            lines = writing.write_numbers(free, str(self.actor()), advance)
        self.stdout.write(f"{cards}: {issued} issued cards")
        self.stdout.write(f"{free}: {lines} free numbers, {lent.added} of them new")
        if lent.held < numbers:
            self.stderr.write(f"The pool had too few numbers: {numbers - lent.held} are missing. Add some to the pool.")

    def _import(self, registry: Path, report: Path) -> None:
        with self._bar("taking") as advance:
            outcome = reading.read_issued(self.actor(), registry, report, advance)
        if outcome.before:
            self.stdout.write(f"{outcome.before} lines had been done by a call that was interrupted.")
        self.stdout.write(f"{outcome.accepted} cards were registered, {outcome.refused} lines were refused.")
        self.stdout.write(f"{report}: what became of each line")

    def _bar(self, name: str) -> "_Bar":
        return _Bar(name)


class _Bar:
    """A progress bar on stderr, without an end: nobody has counted the lines."""

    def __init__(self, name: str) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._progress.add_task(name, total=None)

    def __enter__(self) -> writing.Progress:
        self._progress.start()
        return lambda done: self._progress.update(self._task, completed=done)

    def __exit__(self, *_details: object) -> None:
        self._progress.stop()
