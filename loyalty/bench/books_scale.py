"""`verify_ledger` on the books of a large shop: the command itself, in a process of its own."""

import json

from loyalty.bench import books_seeding, measured, seeding
from loyalty.bench.scale import Findings, Row, Stage, prepared
from loyalty.core import clock

LONGEST_SECONDS = 1800.0
_COMMAND = ("manage.py", "verify_ledger", "--json")


def run(transfers: int, stage: Stage) -> Findings:
    """Write at least so many transfers, check every law, and say what that cost beside a check of empty books."""
    contacts = -(-transfers // books_seeding.TRANSFERS_OF_A_CONTACT)
    findings = Findings("verify_ledger", {"transfers": 0, "contacts": contacts})
    with prepared(stage) as url:
        empty = measured.command(_COMMAND, url, seconds=LONGEST_SECONDS)
        findings.rows.append(Row("empty books", empty, note="what the process itself takes"))
        findings.sizes["transfers"] = books_seeding.seed_books(contacts, clock.now(), stage("transfers"))
        seeding.analyse()
        stage("checking every law")(0, 1)
        cost = measured.command(_COMMAND, url, seconds=LONGEST_SECONDS)
        laws = json.loads(cost.output)
    counted = next(law["counted"] for law in laws if law["name"].startswith("a transfer moves"))
    findings.rows.append(Row(f"{counted:,} transfers", cost, note=f"{len(laws)} laws, none broken"))
    findings.failures += [law["name"] for law in laws if law["broken"]]
    return findings
