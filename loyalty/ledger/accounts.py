"""The point accounts, defined once for the retailer (specs/points_and_tiers.md, Accounts)."""

from django.db import models


class Account(models.IntegerChoices):
    """Accounts of a contact (1-4) and the retailer's counter-accounts (5-10), which keep no balance row."""

    SPENDABLE = 1, "Spendable"
    SPENDABLE_ESCROW = 2, "Spendable escrow"
    QUALIFYING = 3, "Tier-qualifying"
    QUALIFYING_ESCROW = 4, "Tier-qualifying escrow"
    ISSUED = 5, "Issued"
    REDEEMED = 6, "Redeemed"
    BURNED = 7, "Burned"
    ADJUSTED = 8, "Adjusted"
    CLOSED = 9, "Closed with the year"
    MERGED = 10, "Merged"


HELD = (Account.SPENDABLE, Account.SPENDABLE_ESCROW, Account.QUALIFYING, Account.QUALIFYING_ESCROW)
"""Accounts that a contact holds, in the order in which their balances are locked."""

ESCROW_OF = {Account.SPENDABLE: Account.SPENDABLE_ESCROW, Account.QUALIFYING: Account.QUALIFYING_ESCROW}
"""The escrow account whose points roll over into each landing account."""


class OperationKind(models.TextChoices):
    """What kind of business fact an operation records."""

    ACCRUAL = "accrual", "Accrual"
    REDEMPTION = "redemption", "Redemption"
    ROLLOVER = "rollover", "Rollover"
    RETURN = "return", "Return"
    RESTORATION = "restoration", "Restoration"
    EXPIRY = "expiry", "Expiry"
    ADJUSTMENT = "adjustment", "Adjustment"
    YEAR_CLOSE = "year_close", "Year closed"
    MERGE = "merge", "Merge"
    FORFEITURE = "forfeiture", "Given up"
