"""Views with nothing but their SQL: the measure for the doors. They exist in the bench's own server only.

No authentication, no strict reading, no partner's words: what is left is what any Django view would cost that
asks the same questions of the same tables.
"""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from loyalty.bench import bare_sql
from loyalty.core import clock


def balance(_request: HttpRequest, number: str) -> JsonResponse:
    """Answer a card, its holder and the four amounts of the holder's points: two statements, as the till's door."""
    return _answer(_card_and_points(number, clock.now()))


def points_by_date(_request: HttpRequest, number: str) -> JsonResponse:
    """Answer the same and the points by date: three statements, as the wallet's door."""
    now = clock.now()
    found = _card_and_points(number, now)
    with connection.cursor() as cursor:
        cursor.execute(bare_sql.PORTIONS, {"contact": found["contact"], "now": now})
        return _answer(found | {"by_date": cursor.fetchall()})


def _card_and_points(number: str, now: datetime) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(bare_sql.CARD, {"number": number})
        card = cursor.fetchone()
        contact = card[5]
        cursor.execute(bare_sql.BALANCE, {"contact": contact, "now": now})
        due, expired, qualifying, burned, expires_at, expiring, rows, on_hold = cursor.fetchone()
    held = {account: Decimal(amount) for account, amount, _, _ in rows or ()}
    zero = Decimal(0)
    return {
        "card": card[:5],
        "contact": contact,
        "holder": card[6:],
        "spendable": held.get(1, zero) + due - expired,
        "spendable_escrow": held.get(2, zero) - due,
        "qualifying": held.get(3, zero) + qualifying,
        "qualifying_escrow": held.get(4, zero) - qualifying,
        "burned": burned + expired,
        "on_hold": on_hold,
        "expiring": [expiring, expires_at],
    }


@csrf_exempt
def purchase(request: HttpRequest) -> JsonResponse:
    """Book a purchase without bonuses: card locked, receipt, accrual, balance."""
    sale = json.loads(request.body, parse_float=Decimal)
    now = clock.now()
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(bare_sql.HOLDER, {"number": sale["number"], "moment": now, "store": sale["store"]})
        card, contact, store, multiplier = cursor.fetchone()
        points = (Decimal(sale["amount"]) * multiplier).quantize(Decimal("0.01"))
        parameters = _parameters(sale, contact, points, now)
        cursor.execute(bare_sql.RECEIPT, parameters | {"card": card, "store": store})
        receipt = cursor.fetchone()[0]
        cursor.execute(bare_sql.ACCRUE, parameters)
        operation = cursor.fetchone()[0]
        cursor.execute(bare_sql.AVAILABLE, {"contact": contact, "now": now})
        available = cursor.fetchone()[0]
        cursor.execute(
            bare_sql.FINISH,
            {"receipt": receipt, "answer": json.dumps({"balance": str(available)}), "operation": operation},
        )
    return _answer({"accrued": points, "paid": 0, "balance": available})


def _answer(body: dict[str, Any]) -> JsonResponse:
    # Without the middleware that adds it, the server would send the body in chunks.
    response = JsonResponse(body)
    response["Content-Length"] = str(len(response.content))
    return response


def _parameters(sale: dict[str, Any], contact: int, points: Decimal, now: datetime) -> dict[str, Any]:
    matures_at = now + timedelta(days=30)
    return {
        "purchase": sale["id"],
        "contact": contact,
        "key": f"purchase:{sale['id']}:accrual",
        "fingerprint": sale["id"],
        "now": now,
        "actor": "client:bench",
        "cause": f"purchase:{sale['id']}",
        "amount": Decimal(sale["amount"]),
        "spendable": points,
        "qualifying": points,
        "matures_at": matures_at,
        "expires_at": matures_at + timedelta(days=365),
    }
