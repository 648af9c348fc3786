"""Files of card numbers on their way into the system: one row an import, one a line that was refused."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django_fsm import FSMField, transition

from cards.models.cards import CardCategory, CardSeries


class ImportMode(models.TextChoices):
    """What happens to the good lines of a file that has bad ones."""

    ALL_OR_NOTHING = "all_or_nothing", "All or nothing"
    SKIP_BAD = "skip_bad", "Skip bad lines"


class ImportStatus(models.TextChoices):
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    REFUSED = "refused", "Refused"
    FAILED = "failed", "Failed"


class ImportCause(models.TextChoices):
    """Why a line of a file brings no card."""

    EMPTY = "empty", "No number in this line"
    NOT_DIGITS = "not_digits", "Not only digits"
    LENGTH = "length", "Wrong length for the series"
    PREFIX = "prefix", "Wrong beginning for the series"
    CHECK_DIGIT = "check_digit", "Wrong check digit"
    REPEATED = "repeated", "Twice in the file"
    KNOWN = "known", "In the system already"


UNFINISHED = (ImportStatus.WAITING, ImportStatus.RUNNING)


class CardImport(models.Model):
    """A file of numbers on its way into the pool. `done` of `total` lines are judged; `added` became cards.

    Whoever works on it holds its `attempt`: a worker that was given up for dead and comes back changes nothing.
    """

    series = models.ForeignKey(CardSeries, models.PROTECT, related_name="imports")
    category = models.PositiveSmallIntegerField(choices=CardCategory.choices)
    mode = models.CharField(max_length=16, choices=ImportMode.choices)
    status = FSMField(choices=ImportStatus.choices, default=ImportStatus.WAITING, protected=True)
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    attempt = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True, db_default="")
    actor = models.CharField(max_length=80)
    reason = models.CharField(max_length=300)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(status__in=ImportStatus.values), name="import_status_known"),
            models.CheckConstraint(condition=Q(mode__in=ImportMode.values), name="import_mode_known"),
            models.CheckConstraint(
                condition=Q(done__lte=F("total"), done__gte=F("added") + F("refused")), name="import_counts_add_up"
            ),
            models.CheckConstraint(
                condition=Q(mode=ImportMode.SKIP_BAD) | Q(added=0) | Q(refused=0), name="import_all_or_nothing"
            ),
            models.CheckConstraint(
                condition=Q(status__in=UNFINISHED, finished_at__isnull=True)
                | (~Q(status__in=UNFINISHED) & Q(finished_at__isnull=False)),
                name="import_finished_has_a_date",
            ),
            # A button pressed twice is one import.
            models.UniqueConstraint(
                fields=("sha256", "series", "category", "mode"),
                condition=Q(status__in=UNFINISHED),
                name="one_import_of_a_file_at_a_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=("id",), name="import_unfinished", condition=Q(status__in=UNFINISHED)),
            models.Index(fields=("sha256", "series"), name="import_of_file"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @transition(field=status, source=list(UNFINISHED), target=ImportStatus.RUNNING)
    def take(self) -> None:
        """A worker begins, or goes on where another was killed."""

    @transition(field=status, source=ImportStatus.RUNNING, target=ImportStatus.DONE)
    def finish(self) -> None:
        """Every line is judged, and the good ones are cards."""

    @transition(field=status, source=ImportStatus.RUNNING, target=ImportStatus.REFUSED)
    def refuse(self) -> None:
        """All or nothing, and a line is bad: nothing was added."""

    @transition(field=status, source=ImportStatus.RUNNING, target=ImportStatus.FAILED)
    def fail(self) -> None:
        """It cannot be read, or workers died of it."""


class CardImportFile(models.Model):
    """What was uploaded, apart from its import so that no list reads it; gone when the import is over."""

    card_import = models.OneToOneField(CardImport, models.CASCADE, primary_key=True, related_name="file")
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"file of import {self.card_import_id}"


class CardImportFault(models.Model):
    """A line that brought no card: what stood there, and why. `first_line` is the one that it repeats."""

    card_import = models.ForeignKey(CardImport, models.CASCADE, related_name="faults", db_index=False)
    line = models.PositiveIntegerField()
    number = models.CharField(max_length=40, blank=True, db_default="")
    cause = models.CharField(max_length=12, choices=ImportCause.choices)
    first_line = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("card_import", "line"), name="one_fault_a_line"),
            models.CheckConstraint(condition=Q(cause__in=ImportCause.values), name="import_cause_known"),
        ]

    def __str__(self) -> str:
        return f"line {self.line}: {self.cause}"
