"""The models of cards; every other module imports them from here."""

from cards.models.cards import (
    FORMAT,
    Barcode,
    BlockRecord,
    Card,
    CardCategory,
    CardSeries,
    CardStatus,
    CardType,
    CheckDigit,
    Reservation,
)
from cards.models.imports import (
    UNFINISHED,
    CardImport,
    CardImportFault,
    CardImportFile,
    ImportCause,
    ImportMode,
    ImportStatus,
)

__all__ = [
    "FORMAT",
    "UNFINISHED",
    "Barcode",
    "BlockRecord",
    "Card",
    "CardCategory",
    "CardImport",
    "CardImportFault",
    "CardImportFile",
    "CardSeries",
    "CardStatus",
    "CardType",
    "CheckDigit",
    "ImportCause",
    "ImportMode",
    "ImportStatus",
    "Reservation",
]
