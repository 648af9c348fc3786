"""The doors over HTTP, each beside a bare view: two servers as shipped, one load generator, in turns."""

import base64
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from loyalty.bench import servers
from loyalty.bench.load import COUNTER
from loyalty.bench.rounds import Comparison
from loyalty.bench.servers import HOST
from loyalty.core import actors, clock
from loyalty.services import api_clients

_VARIETY = 2_000
_SHORTEST_BATCH_RUN = 10.0


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a door and the path of its bare twin, if it has one; `body` is None for a GET.

    `batch`: how many such bodies one request carries under `Purchases`; its rates count purchases. `connections`:
    callers at once, unless the run's own number is meant.
    """

    name: str
    path: str
    bare_path: str | None
    surface: str
    role: str = ""
    body: dict[str, Any] | None = None
    bare_body: dict[str, Any] | None = None
    aim: float | None = None
    batch: int = 0
    connections: int | None = None


_PURCHASE = {"Number": "{number}", "Date": "{date}", "Store": "0001", "Amount": 100}

CALLS = (
    Call("GET card/balance", "/api/card/balance/by/{number}", "/bare/balance/{number}", "cash_desk", "till", aim=0.7),
    Call("GET v1/card", "/v1/card/{number}", "/bare/points/{number}", "koshelek", aim=0.7),
    Call(
        "POST purchase/add",
        "/api/purchase/add",
        "/bare/purchase",
        "cash_desk",
        "till",
        body={"PurchaseId": f"bench-{COUNTER}"} | _PURCHASE,
        bare_body={"id": f"bare-{COUNTER}", "number": "{number}", "store": "0001", "amount": "100.00"},
    ),
    Call("POST purchase/quote", "/api/purchase/quote", None, "cash_desk", "till", body=_PURCHASE),
    Call(
        "POST purchase/batch of 500, purchases",
        "/api/purchase/batch",
        None,
        "cash_desk",
        "till",
        body={"PurchaseId": f"batch-{COUNTER}"} | _PURCHASE,
        batch=500,
        connections=2,
    ),
)


@dataclass(slots=True)
class WebComparison(Comparison):
    """Requests a second, with the milliseconds that our answers took."""

    latencies: list[float] = field(default_factory=list)

    def milliseconds(self, part: float) -> float:
        """Return the latency that `part` (0 to 1) of our answers kept to."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


@dataclass(slots=True)
class WebRuns:
    """Measures calls against two servers on the bench's database."""

    database_url: str
    numbers: list[str]
    connections: int
    workers: int
    counter: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(3))  # noqa: S311 - not a secret

    def run(self, seconds: float, rounds: int) -> Iterator[WebComparison]:
        """Yield a comparison for each call the service has."""
        calls = [call for call in CALLS if _exists(call)]
        surfaces = {call.surface: call for call in calls}
        secrets = {surface: _credential(call) for surface, call in surfaces.items()}
        with ExitStack() as stack:
            ours = stack.enter_context(servers.serve(self.database_url, self.workers)).port
            bare = stack.enter_context(servers.serve(self.database_url, self.workers, {"BENCH_BARE": "1"})).port
            for call in calls:
                yield self._compare(call, ours, bare, secrets[call.surface], seconds, rounds)

    def _compare(self, call: Call, ours: int, bare: int, secret: str, seconds: float, rounds: int) -> WebComparison:
        comparison = WebComparison(call.name, aim=call.aim)
        numbers = self.chance.sample(self.numbers, min(_VARIETY, len(self.numbers)))
        our_requests = [_request(call.path, body, number, secret) for number, body in _bodies(call, numbers)]
        if call.bare_path is None:
            return self._alone(call, comparison, ours, our_requests, seconds)
        bare_requests = [_request(call.bare_path, call.bare_body, number) for number in numbers]
        length = seconds / rounds
        # Every worker's connection prepares its statements before anything counts.
        self._load(ours, our_requests, min(1.0, length))
        self._load(bare, bare_requests, min(1.0, length))
        for number in range(rounds):
            turns = [(ours, our_requests), (bare, bare_requests)]
            rates = {}
            for port, requests in turns if number % 2 == 0 else reversed(turns):
                found = self._load(port, requests, length)
                rates[port] = found["done"] / found["seconds"]
                if port == ours:
                    comparison.latencies += found["latencies"]
            comparison.add(rates[ours], rates[bare])
        return comparison

    def _alone(
        self, call: Call, comparison: WebComparison, port: int, requests: list[str], seconds: float
    ) -> WebComparison:
        if call.batch:
            # A batch takes seconds: the run has to outlast the first answers.
            seconds = max(seconds, _SHORTEST_BATCH_RUN)
        else:
            self._load(port, requests, min(1.0, seconds), call.connections)
        found = self._load(port, requests, seconds, call.connections)
        if not found["latencies"]:
            raise RuntimeError(f"{call.name}: no answer within {seconds:.0f} s; give --seconds more")
        comparison.latencies = found["latencies"]
        comparison.ours.append(found["done"] / found["seconds"] * (call.batch or 1))
        return comparison

    def _load(self, port: int, requests: list[str], seconds: float, connections: int | None = None) -> dict[str, Any]:
        order = {"host": HOST, "port": port, "connections": connections or self.connections, "seconds": seconds}
        order |= {"requests": requests, "counter": self.counter}
        done = subprocess.run(
            [sys.executable, "-m", "loyalty.bench.load"],
            input=json.dumps(order),
            capture_output=True,
            text=True,
            check=False,
            cwd=settings.BASE_DIR,
            timeout=seconds + 120,
        )
        if done.returncode != 0:
            raise RuntimeError(f"the load generator ended: {done.stderr.strip().splitlines()[-1:]}")
        found: dict[str, Any] = json.loads(done.stdout)
        self.counter = found["counter"]
        if found["failed"]:
            raise RuntimeError(f"{found['failed']} of {found['done']} calls failed: {found['first_failure']}")
        return found


def _exists(call: Call) -> bool:
    from django.urls import Resolver404, resolve

    try:
        resolve(call.path.format(number="2990000000019"))
    except Resolver404:
        return False
    return True


def _credential(call: Call) -> str:
    client, secret = api_clients.create(
        actors.system("bench"), surface=call.surface, login=f"bench-{call.surface}".replace("_", "-"), role=call.role
    )
    return base64.b64encode(f"{client.login}:{secret}".encode()).decode()


def _bodies(call: Call, numbers: list[str]) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Yield the body of each request; a batch carries its purchases, each with a card of its own."""
    if not call.batch or call.body is None:
        yield from ((number, call.body) for number in numbers)
        return
    for start in range(8):
        chosen = [numbers[(start * call.batch + place) % len(numbers)] for place in range(call.batch)]
        yield numbers[0], {"Purchases": [_item(call.body, place, number) for place, number in enumerate(chosen)]}


def _item(body: dict[str, Any], place: int, number: str) -> dict[str, Any]:
    return body | {"PurchaseId": f"{body['PurchaseId']}-{place}", "Number": number}


def _request(path: str, body: dict[str, Any] | None, number: str, secret: str = "") -> str:
    lines = [f"{'POST' if body else 'GET'} {path.format(number=number)} HTTP/1.1", f"Host: {HOST}"]
    if secret:
        lines.append(f"Authorization: Basic {secret}")
    text = ""
    if body:
        moment = clock.now().isoformat(timespec="seconds")
        filled = {key: _fill(value, number, moment) for key, value in body.items()}
        text = json.dumps(filled)
        # COUNTER becomes nine digits when it is sent.
        length = len(text.replace(COUNTER, "0" * 9))
        lines += ["Content-Type: application/json", f"Content-Length: {length}"]
    return "\r\n".join([*lines, "", text])


def _fill(value: Any, number: str, moment: str) -> Any:
    if isinstance(value, list):
        return [{key: _fill(each, number, moment) for key, each in item.items()} for item in value]
    return value.format(number=number, date=moment) if isinstance(value, str) else value
