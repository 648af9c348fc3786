"""Merges that may still be undone remember shares of promotions in points and times; before, in points alone."""

from typing import Any

from django.db import migrations


def add_times(apps: Any, editor: Any) -> None:
    """Times were not shared before: none are taken back."""
    for merge in apps.get_model("loyalty", "Merge").objects.filter(undone_at=None):
        told = merge.former.get("promotions")
        if told is None or "own_most" in told:
            continue
        for name in ("granted", "awarded"):
            told[name] = {promotion: [points, 0] for promotion, points in told[name].items()}
        told["own_most"] = dict.fromkeys(told["granted"])
        merge.save(update_fields=["former"])


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0011_merges")]
    operations = [migrations.RunPython(add_times, migrations.RunPython.noop)]
