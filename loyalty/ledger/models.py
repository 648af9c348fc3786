"""The books: append-only operations, transfers and draws; lots; balances as a checked cache.

Serves specs/points_and_tiers.md. The laws that the database can hold are constraints and triggers here;
`invariants` recomputes the rest. Every row carries its contact, an opaque number to this kernel, and the
keys include it (migration 0002), so that the books can be distributed by contact.
"""

import uuid
from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q

from loyalty.ledger.accounts import Account, OperationKind
from loyalty.ledger.guards import APPEND_ONLY_MESSAGE, append_only, never_removed
from loyalty.ledger.move_models import CarriedLifetime, Move, MovedLot

__all__ = [
    "APPEND_ONLY_MESSAGE",
    "BonusBalance",
    "CarriedLifetime",
    "Draw",
    "Hold",
    "Lot",
    "Move",
    "MovedLot",
    "Operation",
    "OperationKey",
    "PointAccount",
    "Transfer",
    "append_only",
    "never_removed",
]

DEBT_REFUSED = (
    "IF coalesce(current_setting('ledger.debt_allowed', true), '') <> 'yes' THEN"
    " RAISE EXCEPTION 'a spendable balance goes below zero only by a return or an adjustment'"
    " USING ERRCODE = 'check_violation'; END IF; RETURN NEW;"
)


class PointAccount(models.Model):
    """A kind of account. The retailer may change its name and label; its id never changes."""

    code = models.PositiveSmallIntegerField(primary_key=True, choices=Account.choices)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=80)
    label = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ("code",)
        verbose_name = "point account"

    def __str__(self) -> str:
        return self.name


class BonusBalance(models.Model):
    """What one contact holds in one account: a cache, updated in the transaction of its transfers.

    `amount` may be below zero only in the spendable account (law 6); `lifetime` is all that ever entered.
    """

    contact_id = models.BigIntegerField()
    account = models.PositiveSmallIntegerField(choices=Account.choices)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    amount = models.DecimalField(max_digits=16, decimal_places=2, db_default=0)
    lifetime = models.DecimalField(max_digits=16, decimal_places=2, db_default=0)

    class Meta:
        verbose_name = "bonus balance"
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="debt_only_by_return",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("NEW.amount < 0 AND NEW.amount < OLD.amount"),
                func=DEBT_REFUSED,
            ),
            pgtrigger.Trigger(
                name="no_debt_at_birth",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.amount < 0"),
                func=DEBT_REFUSED,
            ),
            *never_removed("a balance is never deleted"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("contact_id", "account"), name="bonus_balance_once"),
            models.CheckConstraint(
                condition=Q(account__gte=Account.SPENDABLE, account__lte=Account.QUALIFYING_ESCROW),
                name="bonus_balance_is_held_by_a_contact",
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0) | Q(account=Account.SPENDABLE),
                name="bonus_balance_not_negative",
            ),
            models.CheckConstraint(condition=Q(lifetime__gte=0), name="bonus_balance_lifetime"),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id}/{self.get_account_display()}"


class Operation(models.Model):
    """One business fact: two times, an actor, a cause; a correction names the operation it corrects."""

    contact_id = models.BigIntegerField()
    kind = models.CharField(max_length=16, choices=OperationKind.choices)
    effective_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    cause = models.CharField(max_length=160)
    reason = models.CharField(max_length=300, blank=True, db_default="")
    corrects_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        triggers = append_only()
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=OperationKind.values), name="operation_kind_known"),
            models.CheckConstraint(condition=~Q(actor="") & ~Q(cause=""), name="operation_names_actor_and_cause"),
            models.CheckConstraint(
                condition=~Q(kind=OperationKind.ADJUSTMENT) | ~Q(reason=""),
                name="operation_adjustment_has_a_reason",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=("contact_id", "effective_at"), name="operation_of_contact")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class OperationKey(models.Model):
    """The caller's key of an operation and the fingerprint of its content (law 4). Its own table, not of the books."""

    key = models.CharField(max_length=200, primary_key=True)
    fingerprint = models.CharField(max_length=64)
    contact_id = models.BigIntegerField()
    operation_id = models.BigIntegerField()

    class Meta:
        triggers = append_only()

    def __str__(self) -> str:
        return self.key


class Transfer(models.Model):
    """An amount from one account to another, of one contact: books balance by construction (law 2)."""

    contact_id = models.BigIntegerField()
    operation = models.ForeignKey(Operation, models.DO_NOTHING, db_constraint=False, db_index=False)
    source = models.PositiveSmallIntegerField(choices=Account.choices)
    target = models.PositiveSmallIntegerField(choices=Account.choices)
    amount = models.DecimalField(max_digits=16, decimal_places=2)

    class Meta:
        triggers = append_only()
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfer_amount_positive"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="transfer_between_two"),
            models.CheckConstraint(
                condition=Q(source__gte=1, source__lte=10, target__gte=1, target__lte=10),
                name="transfer_accounts_known",
            ),
            models.CheckConstraint(
                condition=Q(source__lte=Account.QUALIFYING_ESCROW) | Q(target__lte=Account.QUALIFYING_ESCROW),
                name="transfer_touches_the_contact",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=("contact_id", "operation"), name="transfer_of_operation"),
            # Serves "burned so far" in a balance read, whatever the length of the history.
            models.Index(
                fields=("contact_id",),
                include=("amount",),
                name="transfer_burned",
                condition=Q(target=Account.BURNED),
            ),
            # The few that an undone merge took back out of "burned".
            models.Index(
                fields=("contact_id",),
                include=("amount",),
                name="transfer_unburned",
                condition=Q(source=Account.BURNED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.source}>{self.target}"


class Lot(models.Model):
    """Points earned together. `account` is where they land; until `landed` is set they stand in its escrow.

    `matures_at` and `expires_at` decide what a read shows; `landed` and `expired` are the bookkeeping,
    each set once (law 5). `remaining` is what draws have left of `earned`.
    """

    contact_id = models.BigIntegerField()
    operation = models.ForeignKey(Operation, models.DO_NOTHING, db_constraint=False, db_index=False)
    account = models.PositiveSmallIntegerField(choices=Account.choices)
    earned = models.DecimalField(max_digits=16, decimal_places=2)
    remaining = models.DecimalField(max_digits=16, decimal_places=2)
    matures_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    landed = models.BigIntegerField(null=True, blank=True, help_text="The operation that rolled the lot over.")
    expired = models.BigIntegerField(null=True, blank=True, help_text="The operation that burned the lot.")

    class Meta:
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="history_stands",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.contact_id <> NEW.contact_id OR OLD.operation_id <> NEW.operation_id"
                    " OR OLD.account <> NEW.account OR OLD.earned <> NEW.earned"
                    " OR OLD.matures_at <> NEW.matures_at"
                    " OR (OLD.landed IS NOT NULL AND NEW.landed IS DISTINCT FROM OLD.landed)"
                    " OR (OLD.expired IS NOT NULL AND NEW.expired IS DISTINCT FROM OLD.expired)"
                ),
                func="RAISE EXCEPTION 'a lot keeps its origin, rolls over once and expires once'"
                " USING ERRCODE = 'restrict_violation';",
            ),
            *never_removed("a lot is never deleted"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(earned__gt=0), name="lot_earned_positive"),
            models.CheckConstraint(
                condition=Q(remaining__gte=0, remaining__lte=F("earned")), name="lot_never_overdrawn"
            ),
            models.CheckConstraint(
                condition=Q(account__in=(Account.SPENDABLE, Account.QUALIFYING)), name="lot_account_lands"
            ),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gte=F("matures_at")),
                name="lot_expires_after_maturing",
            ),
        ]
        indexes: ClassVar = [
            # Serves spending (the lot that expires first) and every read of a balance.
            models.Index(fields=("contact_id", "account", "expires_at"), name="lot_open", condition=Q(remaining__gt=0)),
            # Serves the rollover of a range of contacts.
            models.Index(
                fields=("contact_id", "matures_at"),
                name="lot_in_escrow",
                condition=Q(landed__isnull=True, remaining__gt=0),
            ),
            # Serves finding what is due, whatever else waits in escrow.
            models.Index(
                fields=("matures_at", "contact_id"),
                name="lot_due",
                condition=Q(landed__isnull=True, remaining__gt=0),
            ),
            # Serves closing a year: qualifying points that still count, by the moment they landed.
            models.Index(
                fields=("matures_at", "contact_id"),
                name="lot_counting",
                condition=Q(account=Account.QUALIFYING, landed__isnull=False, remaining__gt=0),
            ),
            # Serves finding what has expired. Not for lots in escrow: an accrual never pays for it.
            models.Index(
                fields=("expires_at", "contact_id"),
                name="lot_to_expire",
                condition=Q(landed__isnull=False, remaining__gt=0, expires_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.remaining} of {self.earned}"


class Draw(models.Model):
    """What an operation took from a lot; below zero when it put points back into it."""

    contact_id = models.BigIntegerField()
    lot = models.ForeignKey(Lot, models.DO_NOTHING, db_constraint=False, db_index=False)
    operation = models.ForeignKey(Operation, models.DO_NOTHING, db_constraint=False, db_index=False)
    amount = models.DecimalField(max_digits=16, decimal_places=2)

    class Meta:
        triggers = append_only()
        constraints: ClassVar = [models.CheckConstraint(condition=~Q(amount=0), name="draw_not_zero")]
        indexes: ClassVar = [models.Index(fields=("contact_id", "operation"), name="draw_of_operation")]

    def __str__(self) -> str:
        return f"{self.amount} from {self.lot_id}"


class Hold(models.Model):
    """Spendable points set aside for a till: they count against what is available until the hold is resolved or ends.

    Not of the books (nothing has moved yet). `ends_at` decides by the clock; a hold is resolved once: captured in
    whole or part, voided, or swept after its end.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    contact_id = models.BigIntegerField()
    key = models.CharField(max_length=200, unique=True)
    fingerprint = models.CharField(max_length=64)
    amount = models.DecimalField(max_digits=16, decimal_places=2)
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    cause = models.CharField(max_length=160)
    resolved_at = models.DateTimeField(null=True, blank=True)
    captured = models.DecimalField(max_digits=16, decimal_places=2, null=True, blank=True)
    operation_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="resolved_once",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.resolved_at IS NOT NULL OR OLD.amount <> NEW.amount"
                    " OR OLD.contact_id <> NEW.contact_id OR OLD.ends_at <> NEW.ends_at"
                ),
                func="RAISE EXCEPTION 'a hold is resolved once and otherwise never changed'"
                " USING ERRCODE = 'restrict_violation';",
            ),
            *never_removed("a hold is never deleted"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="hold_amount_positive"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("made_at")), name="hold_has_a_length"),
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=True, captured__isnull=True, operation_id__isnull=True)
                | Q(resolved_at__isnull=False, captured=0, operation_id__isnull=True)
                | Q(resolved_at__isnull=False, captured__gt=0, captured__lte=F("amount"), operation_id__isnull=False),
                name="hold_resolution",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=("contact_id", "ends_at"),
                include=("amount",),
                name="hold_open",
                condition=Q(resolved_at__isnull=True),
            ),
            models.Index(fields=("ends_at",), name="hold_to_sweep", condition=Q(resolved_at__isnull=True)),
            # A merge, a leaving and an erasure ask for those of the last day, whose receipt may still come.
            models.Index(fields=("contact_id", "resolved_at"), name="hold_captured", condition=Q(captured__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.amount} until {self.ends_at:%Y-%m-%d %H:%M}"
