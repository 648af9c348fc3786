"""Promotions and what belongs to them: audiences, offers' images, promo codes, scanned receipts."""

from promos.models.audiences import (
    Audience,
    Segment,
    SegmentChange,
    SegmentChangeStatus,
    SegmentMember,
    SegmentMode,
)
from promos.models.codes import LARGEST_BATCH, CodeBatch, CodeBatchStatus, CodeUse, PromoCode
from promos.models.fiscal_receipts import FiscalReceipt, FiscalReceiptStatus, ReceiptReason
from promos.models.images import OfferImage
from promos.models.promotions import (
    COUNTED,
    TERMS,
    CustomerGrant,
    LivePeriod,
    Promotion,
    PromotionKind,
    PromotionStatus,
    PromotionTrigger,
)

__all__ = [
    "COUNTED",
    "LARGEST_BATCH",
    "TERMS",
    "Audience",
    "CodeBatch",
    "CodeBatchStatus",
    "CodeUse",
    "CustomerGrant",
    "FiscalReceipt",
    "FiscalReceiptStatus",
    "LivePeriod",
    "OfferImage",
    "PromoCode",
    "Promotion",
    "PromotionKind",
    "PromotionStatus",
    "PromotionTrigger",
    "ReceiptReason",
    "Segment",
    "SegmentChange",
    "SegmentChangeStatus",
    "SegmentMember",
    "SegmentMode",
]
