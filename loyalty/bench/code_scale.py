"""Single-use promo codes: a batch made by a worker, and handed out as a file by the back office."""

from loyalty.bench import downloads, measured, servers
from loyalty.bench.scale import Findings, Row, Stage, prepared

_LONGEST_SECONDS = 900.0
_TOKEN = "b" * 32


def run(count: int, stage: Stage) -> Findings:
    """Make a batch of so many codes, and download them over HTTP from a server of one worker."""
    findings = Findings("Promo codes", {"codes": count})
    with prepared(stage) as url:
        stage("making codes")(0, 1)
        _, ordered = measured.step("order_codes", url, seconds=_LONGEST_SECONDS, count=count)
        cost, found = measured.step("make_codes", url, seconds=_LONGEST_SECONDS)
        findings.rows.append(Row("made by a worker", cost, note=f"{found['made']:,} codes"))
        stage("exporting codes")(0, 1)
        _, session = measured.step("staff_session", url, seconds=_LONGEST_SECONDS)
        # The token in the form is compared with the one in the cookie: a caller may choose it.
        headers = {"Cookie": f"{session['name']}={session['key']}; csrftoken={_TOKEN}"}
        form = {"reason": "bench", "csrfmiddlewaretoken": _TOKEN}
        with servers.serve(url, workers=1) as server:
            path = f"/admin/promos/codebatch/{ordered['batch']}/export/"
            exported, lines = downloads.download(server, path, headers, b"\r\n", form)
        findings.rows.append(Row("exported over HTTP", exported, note=f"{lines - 1:,} lines of CSV"))
    if (found["made"], lines - 1) != (count, count):
        findings.failures.append(f"{count} codes were ordered, {found['made']} made and {lines - 1} exported")
    return findings
