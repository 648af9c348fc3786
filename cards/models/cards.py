"""Cards, the series their numbers come from, reservations and block records (specs/cash_desk.md)."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django_fsm import FSMIntegerField, transition

from customers.models import Contact
from loyalty.ledger.models import append_only


class CardStatus(models.IntegerChoices):
    """Codes of specs/cash_desk.md, Code tables."""

    NEW = 0, "New"
    ISSUED = 1, "Issued"
    ACTIVE = 2, "Active"
    BLOCKED = 3, "Blocked"


class CardCategory(models.IntegerChoices):
    PLASTIC = 0, "Plastic"
    VIRTUAL = 1, "Virtual"


class CardType(models.IntegerChoices):
    BONUS = 0, "Bonus"
    DISCOUNT = 1, "Discount"
    BONUS_DISCOUNT = 2, "Bonus/Discount"


class Barcode(models.TextChoices):
    """Barcode types of specs/koshelek.md, call 1."""

    EAN_8 = "EAN_8", "EAN-8"
    EAN_13 = "EAN_13", "EAN-13"
    CODE_128 = "CODE_128", "Code 128"
    UPC_A = "UPC_A", "UPC-A"
    QR_CODE = "QR_CODE", "QR code"


class CheckDigit(models.TextChoices):
    EAN = "ean", "EAN"
    LUHN = "luhn", "Luhn"


FORMAT = ("prefix", "length", "check_digit")
"""What a number of a series looks like. Cards in people's hands carry it: it never changes."""


class CardSeries(models.Model):
    """Numbers that share a prefix, a length and a check digit. `next_serial` is the next one to be made."""

    name = models.CharField(max_length=60, unique=True)
    prefix = models.CharField(max_length=12, unique=True)
    length = models.PositiveSmallIntegerField(default=13)
    check_digit = models.CharField(max_length=8, choices=CheckDigit.choices, default=CheckDigit.EAN)
    barcode = models.CharField(max_length=10, choices=Barcode.choices, default=Barcode.EAN_13)
    card_type = models.PositiveSmallIntegerField(choices=CardType.choices, default=CardType.BONUS)
    next_serial = models.BigIntegerField(default=1)
    issuing = models.BooleanField(default=True, help_text="New virtual cards take their numbers from this series.")

    class Meta:
        verbose_name_plural = "card series"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("issuing",), condition=Q(issuing=True), name="one_issuing_series"),
            models.CheckConstraint(condition=Q(prefix__regex=r"^[0-9]{1,12}$"), name="series_prefix_digits"),
            models.CheckConstraint(condition=Q(length__gte=8, length__lte=19), name="series_length"),
            models.CheckConstraint(condition=Q(next_serial__gte=1), name="series_serial_positive"),
            # At least one digit for the serial, and the check digit.
            models.CheckConstraint(condition=Q(length__gte=Length("prefix") + 2), name="series_has_room"),
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="format_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf(*FORMAT),
                condition=pgtrigger.AnyChange(*FORMAT),
                func="RAISE EXCEPTION 'prefix, length and check digit of a series never change'"
                " USING ERRCODE = 'restrict_violation';",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Card(models.Model):
    """A card. Bound to at most one contact; a contact has at most one card not blocked for good."""

    number = models.CharField(max_length=19, unique=True)
    series = models.ForeignKey(CardSeries, models.PROTECT, related_name="cards")
    category = models.PositiveSmallIntegerField(choices=CardCategory.choices)
    card_type = models.PositiveSmallIntegerField(choices=CardType.choices, default=CardType.BONUS)
    status = FSMIntegerField(choices=CardStatus.choices, default=CardStatus.NEW, protected=True)
    contact = models.ForeignKey(Contact, models.PROTECT, null=True, blank=True, related_name="cards")
    blocked_for_good = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    issued_at = models.DateTimeField(null=True, blank=True)
    bound_at = models.DateTimeField(null=True, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(status__in=CardStatus.values), name="card_status_known"),
            models.CheckConstraint(condition=Q(number__regex=r"^[0-9]{8,19}$"), name="card_number_digits"),
            models.CheckConstraint(
                condition=~Q(status=CardStatus.NEW) | Q(contact__isnull=True), name="card_new_is_unbound"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=(CardStatus.ACTIVE, CardStatus.BLOCKED)) | Q(contact__isnull=False),
                name="card_active_or_blocked_is_bound",
            ),
            models.CheckConstraint(
                condition=Q(blocked_for_good=False) | Q(status=CardStatus.BLOCKED),
                name="card_for_good_is_blocked",
            ),
            models.CheckConstraint(
                condition=Q(contact__isnull=True) | Q(bound_at__isnull=False), name="card_bound_has_a_date"
            ),
            models.UniqueConstraint(
                fields=("contact",), condition=Q(blocked_for_good=False), name="one_card_not_blocked_for_good"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=("category", "id"), name="card_pool", condition=Q(status=CardStatus.NEW)),
        ]

    def __str__(self) -> str:
        return self.number

    @transition(field=status, source=[CardStatus.NEW, CardStatus.ISSUED], target=CardStatus.ISSUED)
    def issue(self) -> None:
        """New or Issued to Issued: the number was sold or assigned."""

    @transition(field=status, source=[CardStatus.ISSUED, CardStatus.ACTIVE], target=CardStatus.ACTIVE)
    def activate(self) -> None:
        """Issued and bound with sufficient data, to Active."""

    @transition(field=status, source=[CardStatus.ISSUED, CardStatus.ACTIVE], target=CardStatus.BLOCKED)
    def block(self) -> None:
        """Issued and bound, or Active, to Blocked."""

    @transition(field=status, source=CardStatus.BLOCKED, target=CardStatus.ACTIVE)
    def unblock_to_active(self) -> None:
        """Blocked to Active: the personal data suffice."""

    @transition(field=status, source=CardStatus.BLOCKED, target=CardStatus.ISSUED)
    def unblock_to_issued(self) -> None:
        """Blocked to Issued: the personal data do not suffice."""


class Reservation(models.Model):
    """A number held for a wallet until `reserved_until`; the clock ends it, no job is needed."""

    card = models.OneToOneField(Card, models.CASCADE, primary_key=True, related_name="reservation")
    reserved_at = models.DateTimeField()
    reserved_until = models.DateTimeField()
    actor = models.CharField(max_length=80)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(reserved_until__gt=F("reserved_at")), name="reservation_has_a_length")
        ]

    def __str__(self) -> str:
        return f"{self.card_id} until {self.reserved_until:%Y-%m-%d %H:%M}"


class BlockRecord(models.Model):
    """One block or unblock: who, in which role and channel, why, when, and both states of the card."""

    card = models.ForeignKey(Card, models.PROTECT, related_name="block_records", db_index=False)
    blocking = models.BooleanField()
    reason_code = models.PositiveSmallIntegerField()
    reason_name = models.CharField(max_length=300, blank=True, db_default="")
    actor = models.CharField(max_length=80)
    role = models.CharField(max_length=40)
    channel = models.CharField(max_length=40)
    status_before = models.PositiveSmallIntegerField(choices=CardStatus.choices)
    status_after = models.PositiveSmallIntegerField(choices=CardStatus.choices)
    recorded_at = models.DateTimeField()

    class Meta:
        triggers = append_only(typed="reason_name")
        indexes: ClassVar = [models.Index(fields=("card", "-id"), name="block_record_of_card")]

    def __str__(self) -> str:
        return f"{'block' if self.blocking else 'unblock'} {self.card_id}: {self.reason_code}"
