"""Contacts, the consents they gave, and nothing about points (design.md, customers/)."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django_fsm import RETURN_VALUE, FSMField, transition

from loyalty.ledger.models import append_only


class ContactStatus(models.TextChoices):
    """Statuses of specs/bonus_commands.md: a New contact becomes Active by any accrual or entry.

    A Merged one is another contact now (docs/decisions/merging.md): whoever asks for it is led there.
    """

    NEW = "new", "New"
    ACTIVE = "active", "Active"
    BLOCKED = "blocked", "Blocked"
    MERGED = "merged", "Merged"


class Sex(models.TextChoices):
    MALE = "m", "Male"
    FEMALE = "f", "Female"


class Contact(models.Model):
    """A person. `phone` is E.164 with `+` and belongs to one contact; an e-mail may be shared.

    `merged_into` always names the contact at the end of the chain, so that one look finds it. `erased_at`: the
    personal data were erased for good; the code stays, for the books.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    code = models.CharField(max_length=24, unique=True)
    external_id = models.CharField(max_length=64, null=True, blank=True, unique=True)
    phone = models.CharField(max_length=16, null=True, blank=True, unique=True)
    email = models.EmailField(max_length=254, blank=True, db_default="")
    first_name = models.CharField(max_length=80, blank=True, db_default="")
    surname = models.CharField(max_length=80, blank=True, db_default="")
    patronymic = models.CharField(max_length=80, blank=True, db_default="")
    sex = models.CharField(max_length=1, choices=Sex.choices, blank=True, db_default="")
    birth_date = models.DateField(null=True, blank=True)
    country_code = models.CharField(max_length=3, blank=True, db_default="")
    locality = models.CharField(max_length=120, blank=True, db_default="")
    attributes = models.JSONField(default=dict, blank=True)
    status = FSMField(choices=ContactStatus.choices, default=ContactStatus.NEW, protected=True)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged", db_index=False, editable=False
    )
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status=ContactStatus.MERGED, merged_into__isnull=False)
                | (~Q(status=ContactStatus.MERGED) & Q(merged_into__isnull=True)),
                name="contact_merged_into_another",
            ),
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="contact_not_merged_into_itself"),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True)
                | Q(
                    phone__isnull=True,
                    email="",
                    external_id__isnull=True,
                    first_name="",
                    surname="",
                    patronymic="",
                    sex="",
                    birth_date__isnull=True,
                    country_code="",
                    locality="",
                    attributes={},
                ),
                name="contact_erased_is_empty",
            ),
            models.CheckConstraint(condition=Q(status__in=ContactStatus.values), name="contact_status_known"),
            models.CheckConstraint(condition=Q(sex__in=["", *Sex.values]), name="contact_sex_known"),
            models.CheckConstraint(
                condition=Q(phone__isnull=True) | Q(phone__regex=r"^\+[1-9][0-9]{6,14}$"),
                name="contact_phone_e164",
            ),
            models.CheckConstraint(condition=Q(code__regex=r"^C[0-9]{6,22}$"), name="contact_code_form"),
        ]
        indexes: ClassVar = [
            models.Index(Lower("email"), name="contact_email_lower", condition=~Q(email="")),
            # Pattern classes, so that the beginning of a name is found by the index in any collation.
            models.Index(
                fields=("surname", "first_name"),
                name="contact_names",
                opclasses=("varchar_pattern_ops", "varchar_pattern_ops"),
            ),
            models.Index(fields=("merged_into",), name="contact_merged", condition=Q(merged_into__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.full_name or self.code

    @property
    def full_name(self) -> str:
        """Surname, first name and patronymic, as far as they are known."""
        return " ".join(part for part in (self.surname, self.first_name, self.patronymic) if part)

    @transition(field=status, source=ContactStatus.NEW, target=ContactStatus.ACTIVE)
    def activate(self) -> None:
        """Enter the programme: by an accrual, an event, or own entry."""

    @transition(field=status, source=[ContactStatus.NEW, ContactStatus.ACTIVE], target=ContactStatus.BLOCKED)
    def block(self) -> None:
        """Stop entry and spending."""

    @transition(field=status, source=ContactStatus.BLOCKED, target=ContactStatus.ACTIVE)
    def unblock(self) -> None:
        """Take part again."""

    @transition(
        field=status,
        source=[ContactStatus.NEW, ContactStatus.ACTIVE, ContactStatus.BLOCKED],
        target=ContactStatus.MERGED,
    )
    def merge(self, survivor: "Contact") -> None:
        """Become another contact."""
        self.merged_into = survivor

    @transition(
        field=status,
        source=ContactStatus.MERGED,
        target=RETURN_VALUE(ContactStatus.NEW, ContactStatus.ACTIVE, ContactStatus.BLOCKED),
    )
    def unmerge(self, former: str) -> str:
        """Be oneself again, with the status of before."""
        self.merged_into = None
        return former

    @transition(
        field=status,
        source=[ContactStatus.NEW, ContactStatus.ACTIVE, ContactStatus.BLOCKED],
        target=RETURN_VALUE(ContactStatus.NEW, ContactStatus.ACTIVE, ContactStatus.BLOCKED),
    )
    def take_status(self, status: str) -> str:
        """Take the stricter status of the other at a merge, or one's own of before when it is undone."""
        return status


class Consent(models.Model):
    """One dated statement of a contact about one channel; the newest of a channel counts, all are kept."""

    contact = models.ForeignKey(Contact, models.PROTECT, related_name="consents", db_index=False)
    channel = models.CharField(max_length=40)
    allowed = models.BooleanField()
    source = models.CharField(max_length=40)
    actor = models.CharField(max_length=80)
    given_at = models.DateTimeField()

    class Meta:
        triggers = append_only()
        indexes: ClassVar = [models.Index(fields=("contact", "channel", "-id"), name="consent_of_channel")]

    def __str__(self) -> str:
        return f"{self.channel}: {'allowed' if self.allowed else 'denied'}"
