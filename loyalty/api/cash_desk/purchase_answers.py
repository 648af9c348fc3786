"""Purchases in the words of the cash desk (specs/cash_desk.md, Purchases). Amounts are JSON numbers with two places."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from loyalty.api.cash_desk.card_answers import CASH, STATUS, Coded
from loyalty.api.json_body import amount
from loyalty.core import clock
from loyalty.ledger import expiry
from loyalty.models import PurchaseLine, PurchaseReturn, PurchaseStatus, ReturnKind
from loyalty.selectors.purchases import Redeemed, StoredPurchase
from loyalty.services import program
from loyalty.services.purchases import Credited, Quote


def credited(answer: Credited) -> dict[str, Any]:
    """Return the fields of `POST /purchase/add`."""
    return {
        "Accrued": amount(answer.accrued),
        "Paid": amount(answer.paid),
        "Balance": amount(answer.balance),
    }


def stored(found: StoredPurchase) -> dict[str, Any]:
    """Return the fields of `GET /purchase/{PurchaseId}`; times are in the retailer's zone."""
    purchase, zone = found.purchase, program.settings().tzinfo
    return {
        "PurchaseId": purchase.purchase_id,
        "PurchaseStatus": PurchaseStatus(purchase.status).label,
        "Number": purchase.card.number,
        "MobileNumber": purchase.contact.phone or "",
        "Date": _moment(purchase.purchased_at, zone),
        "RecordedAt": _moment(purchase.recorded_at, zone),
        "Store": purchase.store.code,
        "Till": purchase.till,
        "Cashier": purchase.cashier,
        "Offline": purchase.offline,
        "Amount": amount(purchase.amount),
        "Accrued": amount(purchase.accrued),
        "Paid": amount(purchase.paid),
        "Lines": [_line(line) for line in found.lines],
        "Accruals": _accruals(found, zone),
        "Redemptions": [_redemption(each, zone) for each in found.redeemed],
        "Returns": [_return(each, found, zone) for each in found.returns],
    }


def quoted(answer: Quote) -> dict[str, Any]:
    """Return the fields of `POST /purchase/quote`."""
    return {
        "Accrue": amount(answer.accrue),
        "CanPay": amount(answer.can_pay),
        "Promotions": [
            {"PromotionId": each.promotion_id, "Name": each.name, "Points": amount(each.points)}
            for each in answer.promotions
        ],
    }


def _return(each: PurchaseReturn, found: StoredPurchase, zone: ZoneInfo) -> dict[str, Any]:
    skus = {line.position: line.sku for line in found.lines}
    return {
        "Kind": ReturnKind(each.kind).label,
        "RefundId": each.return_id or "",
        "Date": _moment(each.recorded_at, zone),
        "Amount": amount(each.amount),
        "TakenBack": amount(each.taken_back),
        "Restored": amount(each.restored),
        "Lines": [
            {
                "Sku": skus[line["position"]],
                "Quantity": orjson.Fragment(f"{Decimal(line['quantity']):.3f}".encode()),
                "Amount": amount(Decimal(line["amount"])),
            }
            for line in each.lines
        ],
    }


def _line(line: PurchaseLine) -> dict[str, Any]:
    return {
        "Sku": line.sku,
        "Name": line.name,
        "Category": line.category,
        "Quantity": orjson.Fragment(f"{line.quantity:.3f}".encode()),
        "Price": amount(line.price),
        "Amount": amount(line.amount),
        "Paid": amount(line.paid),
        "Accrued": amount(line.accrued),
    }


def _accruals(found: StoredPurchase, zone: ZoneInfo) -> list[dict[str, Any]]:
    earned = ((CASH, found.purchase.accrued), (STATUS, found.purchase.qualifying))
    return [_accrual(kind, points, found, zone) for kind, points in earned if points]


def _accrual(kind: Coded, points: Decimal, found: StoredPurchase, zone: ZoneInfo) -> dict[str, Any]:
    accrual: dict[str, Any] = {
        "Amount": amount(points),
        "TypeCode": kind.code,
        "TypeName": kind.name,
        "InEscrow": found.matures_at is not None and found.matures_at > clock.now(),
    }
    if found.matures_at is not None:
        accrual["MaturesAt"] = _moment(found.matures_at, zone)
    if kind is CASH and found.expires_at is not None:
        accrual["ExpireDate"] = expiry.last_day(found.expires_at, zone).isoformat()
    return accrual


def _redemption(redeemed: Redeemed, zone: ZoneInfo) -> dict[str, Any]:
    redemption: dict[str, Any] = {"Amount": amount(redeemed.amount)}
    if redeemed.expires_at is not None:
        redemption["ExpireDate"] = expiry.last_day(redeemed.expires_at, zone).isoformat()
    return redemption


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat()
