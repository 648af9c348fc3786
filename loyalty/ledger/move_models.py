"""Points that went from one customer to another: a merge, or its undoing (docs/decisions/merging.md).

The books never span customers, so a move is two operations, one at each, with the counter-account Merged between them.
These tables stand beside the books and say which two belong together and which lot stands for which.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from loyalty.ledger.accounts import Account
from loyalty.ledger.guards import append_only


class Move(models.Model):
    """Everything that one customer held went to another; `undoes` names the move that this one takes back."""

    out_contact = models.BigIntegerField()
    out_operation = models.BigIntegerField(unique=True)
    in_contact = models.BigIntegerField()
    in_operation = models.BigIntegerField(unique=True)
    undoes = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="undone_by")

    class Meta:
        triggers = append_only()
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(out_contact=F("in_contact")), name="move_between_two_contacts"),
        ]
        indexes: ClassVar = [
            # Serves returns: whose points have come to this customer.
            models.Index(fields=("in_contact", "out_contact"), name="move_into"),
        ]

    def __str__(self) -> str:
        return f"{self.out_contact} to {self.in_contact}"


class MovedLot(models.Model):
    """A lot that stands, at its new owner, for one of the customer who was merged.

    `from_lot` is the lot it took over as it stood, `amount` what that one still held. `root` is the first lot of the
    chain and `accrual` the operation that earned it, so that returns of purchases find it whoever holds it now.
    """

    contact_id = models.BigIntegerField()
    lot_id = models.BigIntegerField()
    from_lot_id = models.BigIntegerField()
    root_id = models.BigIntegerField()
    accrual_id = models.BigIntegerField()
    amount = models.DecimalField(max_digits=16, decimal_places=2)

    class Meta:
        triggers = append_only()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("contact_id", "lot_id"), name="moved_lot_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="moved_lot_amount"),
        ]
        indexes: ClassVar = [
            models.Index(fields=("contact_id", "accrual_id"), name="moved_lot_of_accrual"),
            models.Index(fields=("contact_id", "root_id"), name="moved_lot_of_root"),
        ]

    def __str__(self) -> str:
        return f"{self.lot_id} for {self.from_lot_id}"


class CarriedLifetime(models.Model):
    """What a move took from, or gave to, the lifetime value of an account: it goes with the points."""

    contact_id = models.BigIntegerField()
    operation_id = models.BigIntegerField()
    account = models.PositiveSmallIntegerField(choices=Account.choices)
    amount = models.DecimalField(max_digits=16, decimal_places=2)

    class Meta:
        triggers = append_only()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("contact_id", "operation_id", "account"), name="carried_lifetime_once"),
            models.CheckConstraint(
                condition=Q(account__gte=Account.SPENDABLE, account__lte=Account.QUALIFYING_ESCROW),
                name="carried_lifetime_is_held_by_a_contact",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id}/{self.account}: {self.amount}"
