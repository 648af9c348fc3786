"""Runs of long jobs, with their progress: for the engineer who is called at night."""

from typing import ClassVar

from django.db import models


class JobRun(models.Model):
    """One run of a job. A run without `finished_at` is going on, or was killed: its work goes on in the next run."""

    job = models.CharField(max_length=40)
    actor = models.CharField(max_length=80)
    as_of = models.DateTimeField()
    started_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    result = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [models.Index(fields=("job", "-id"), name="job_run_of_job")]

    def __str__(self) -> str:
        return f"{self.job} {self.done}/{self.total}"
