"""Make the demo retailer, once."""

from pathlib import Path
from typing import Any

from django.conf import settings
from rich.console import Console
from rich.progress import Progress

from loyalty.core.actors import Actor
from loyalty.management import demo
from loyalty.management.use_case_command import UseCaseCommand
from loyalty.models import CashDeskRole, StaffRole, Surface
from loyalty.services import api_clients, staff
from loyalty.services.unit_of_work import all_or_nothing

CREDENTIALS_FILE = "demo_credentials.txt"


class Command(UseCaseCommand):
    help = "Fill an empty database with a demo retailer; its log-ins are written to DATA_DIR/demo_credentials.txt."

    def run(self, **options: Any) -> None:
        """Seed, unless somebody is registered already."""
        if not demo.is_empty():
            self.stderr.write("The database has contacts already: nothing was added.")
            return
        path = settings.DATA_DIR / CREDENTIALS_FILE
        # A start that is interrupted here leaves an empty database behind: the next one begins again.
        with all_or_nothing(), Progress(console=Console(stderr=True)) as bar:
            task = bar.add_task("demo retailer", total=None)
            demo.seed(lambda done, total: bar.update(task, completed=done, total=total))
            _write_private(path, _make_credentials(self.actor()))
        self.stdout.write(f"The demo retailer is ready; its log-ins are in {path}.")


def _make_credentials(actor: Actor) -> list[str]:
    lines = ["Back office (/admin/), name:password"]
    for role in StaffRole:
        _, password = staff.create(actor, username=f"demo-{role.value.replace('_', '-')}", role=role.value)
        lines.append(f"  {role.label:<24} demo-{role.value.replace('_', '-')}:{password}")
    lines.append("APIs (HTTP Basic), login:secret")
    for surface in Surface:
        roles = (CashDeskRole.TILL, CashDeskRole.CC_OPERATOR) if surface == Surface.CASH_DESK else ("",)
        for till_role in roles:
            login = f"demo-{surface.value}{'-' + till_role if till_role else ''}".replace("_", "-")
            _, secret = api_clients.create(actor, surface=surface.value, login=login, role=till_role)
            lines.append(f"  {surface.label + (' ' + till_role if till_role else ''):<24} {login}:{secret}")
    return lines


def _write_private(path: Path, lines: list[str]) -> None:
    path.touch(mode=0o600)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
