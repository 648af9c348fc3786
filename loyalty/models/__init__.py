"""The programme's own records."""

from loyalty.models.api_clients import ApiClient, CashDeskRole, Surface
from loyalty.models.jobs import JobRun
from loyalty.models.journal import JournalEntry
from loyalty.models.program import ExpiryRounding, PointsExpiry, Program, ReturnPolicy
from loyalty.models.purchases import Purchase, PurchaseLine, PurchaseStatus
from loyalty.models.staff import StaffRole
from loyalty.models.stores import Store

__all__ = [
    "ApiClient",
    "CashDeskRole",
    "ExpiryRounding",
    "JobRun",
    "JournalEntry",
    "PointsExpiry",
    "Program",
    "Purchase",
    "PurchaseLine",
    "PurchaseStatus",
    "ReturnPolicy",
    "StaffRole",
    "Store",
    "Surface",
]
