"""The programme's own records."""

from loyalty.models.adjustments import AdjustmentRequest, AdjustmentStatus, AdjustmentUse
from loyalty.models.api_clients import ApiClient, CashDeskRole, Surface
from loyalty.models.interactions import Interaction
from loyalty.models.jobs import JobRun
from loyalty.models.journal import JournalEntry
from loyalty.models.limits import Limit, LimitedAct, LimitMeasure, LimitScope, LimitUse
from loyalty.models.merges import Merge
from loyalty.models.program import ExpiryRounding, PointsExpiry, Program, ReturnPolicy
from loyalty.models.purchases import Purchase, PurchaseLine, PurchaseStatus
from loyalty.models.returns import PurchaseReturn, ReturnKind, TillAnswer
from loyalty.models.staff import StaffRole
from loyalty.models.stores import FiscalDrive, Store

__all__ = [
    "AdjustmentRequest",
    "AdjustmentStatus",
    "AdjustmentUse",
    "ApiClient",
    "CashDeskRole",
    "ExpiryRounding",
    "FiscalDrive",
    "Interaction",
    "JobRun",
    "JournalEntry",
    "Limit",
    "LimitMeasure",
    "LimitScope",
    "LimitUse",
    "LimitedAct",
    "Merge",
    "PointsExpiry",
    "Program",
    "Purchase",
    "PurchaseLine",
    "PurchaseReturn",
    "PurchaseStatus",
    "ReturnKind",
    "ReturnPolicy",
    "StaffRole",
    "Store",
    "Surface",
    "TillAnswer",
]
