"""The wallet's lists of phones over HTTP: everybody, from a server of one worker (specs/koshelek.md, calls 10, 11)."""

import base64

from loyalty.bench import crowd, downloads, servers
from loyalty.bench.scale import Findings, Row, Stage, prepared
from loyalty.core import actors, clock
from loyalty.services import api_clients, audiences

_PROMISED_MEGABYTES = 100
_LISTS = (
    ("GET v1/card/getAllUsers", "/v1/card/getAllUsers", b'"7900'),
    ("GET v1/card/getAllUsersExtended", "/v1/card/getAllUsersExtended", b'"phone":'),
)


def run(contacts: int, stage: Stage) -> Findings:
    """Read both lists to their ends; one contact in ten wants no messages and is not in them."""
    findings = Findings("Lists for the wallet", {"contacts": contacts})
    with prepared(stage) as url:
        crowd.seed(contacts, clock.now(), stage)
        headers = _headers()
        with servers.serve(url, workers=1) as server:
            # What a worker loads with its first call is not the list's.
            downloads.download(server, "/v1/card?msisdn=79000000001", headers, b"card")
            for name, path, counted in _LISTS:
                stage(name)(0, 1)
                cost, phones = downloads.download(server, path, headers, counted)
                findings.rows.append(Row(name, cost, f"< {_PROMISED_MEGABYTES} MB more", f"{phones:,} phones"))
                _require(findings, cost.grown or 0.0, phones)
    return findings


def _require(findings: Findings, grown: float, phones: int) -> None:
    contacts = findings.sizes["contacts"]
    listed = contacts - (contacts // 5 - contacts // 10)
    if phones != listed:
        findings.failures.append(f"{listed} phones were to be listed, {phones} came")
    if grown >= _PROMISED_MEGABYTES:
        findings.failures.append(f"a list took {grown:.0f} MB")


def _headers() -> dict[str, str]:
    actor = actors.system("bench")
    everybody = audiences.create_audience(actor, "Everybody", {}, "bench")
    audiences.choose_for_wallet(actor, everybody.pk, "bench")
    client, secret = api_clients.create(actor, surface="koshelek", login="bench-lists", role="")
    credential = base64.b64encode(f"{client.login}:{secret}".encode()).decode()
    return {"Authorization": f"Basic {credential}"}
