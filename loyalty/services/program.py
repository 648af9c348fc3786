"""The retailer's settings and what a fresh installation starts with."""

from decimal import Decimal
from itertools import product
from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import connection

from cards.models import CardSeries
from cards.numbers import DEFAULT_LENGTH, DEFAULT_PREFIX
from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import InvalidParameter
from loyalty.ledger.accounts import Account
from loyalty.ledger.models import PointAccount
from loyalty.models import Limit, LimitedAct, LimitMeasure, LimitScope, Program, Store
from loyalty.models.staff import StaffRole
from loyalty.services import journal
from loyalty.services.unit_of_work import unit_of_work
from tiers.models import AssessmentPolicy, ExpiryPolicy, Tier, TierSystem

_ACCOUNTS = (
    (Account.SPENDABLE, "ACME Spendable Account", "Spend"),
    (Account.SPENDABLE_ESCROW, "ACME Spendable Escrow Account", ""),
    (Account.QUALIFYING, "ACME Tier-Qualifying Account", "Tier"),
    (Account.QUALIFYING_ESCROW, "ACME Tier-Qualifying Escrow Account", ""),
    (Account.ISSUED, "Issued", ""),
    (Account.REDEEMED, "Redeemed", ""),
    (Account.BURNED, "Burned", ""),
    (Account.ADJUSTED, "Adjusted", ""),
    (Account.CLOSED, "Closed with the year", ""),
    (Account.MERGED, "Merged", ""),
)

_TIERS = (
    ("Unenrolled", 0, None, ExpiryPolicy.NONE),
    ("Base", 1, None, ExpiryPolicy.NONE),
    ("Silver", 2, Decimal(2000), ExpiryPolicy.NEXT_YEAR_END),
    ("Gold", 3, Decimal(10000), ExpiryPolicy.NEXT_YEAR_END),
)


# Nearly every call begins with it, and composing the statement anew took three times as long as its answer.
_FIELDS = Program._meta.concrete_fields
_COLUMNS = ", ".join(f'"{field.column}"' for field in _FIELDS)
_SETTINGS = f"SELECT {_COLUMNS} FROM {Program._meta.db_table} WHERE id = 1"


def settings() -> Program:
    """Return the retailer's settings (1 statement)."""
    with connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
        row = cursor.fetchone()
    if row is None:
        raise Program.DoesNotExist
    values = [_as_python(field, value) for field, value in zip(_FIELDS, row, strict=True)]
    return Program.from_db(connection.alias, [field.attname for field in _FIELDS], values)


def _as_python(field: Any, value: Any) -> Any:
    return field.from_db_value(value, None, connection) if hasattr(field, "from_db_value") else value


def lock_settings() -> Program:
    """Return the retailer's settings, locked: what changes them, or what hangs on them, comes one after another."""
    return Program.objects.select_for_update().get(pk=1)


def install_defaults() -> None:
    """Give an empty database the defaults of specs/points_and_tiers.md; what is there already stays as it is."""
    now = clock.now()
    Program.objects.get_or_create(pk=1, defaults={"updated_at": now})
    for code, name, label in _ACCOUNTS:
        PointAccount.objects.get_or_create(code=code, defaults={"name": name, "label": label})
    if not TierSystem.objects.exists():
        system = TierSystem.objects.create(name="ACME Tier System")
        Tier.objects.bulk_create(
            Tier(system=system, name=name, rank=rank, target=target, expiry_policy=policy)
            for name, rank, target, policy in _TIERS
        )
    if not CardSeries.objects.exists():
        CardSeries.objects.create(name="Main series", prefix=DEFAULT_PREFIX, length=DEFAULT_LENGTH)
    Store.objects.get_or_create(code="0001", defaults={"name": "Store 0001", "created_at": now})
    _install_limits()
    for role in StaffRole.values:
        Group.objects.get_or_create(name=role)


def _install_limits() -> None:
    known = set(Limit.objects.values_list("scope", "what", "measure"))
    every = product(LimitScope.values, LimitedAct.values, LimitMeasure.values)
    missing = [Limit(scope=scope, what=what, measure=measure, updated_at=clock.now())
               for scope, what, measure in every if (scope, what, measure) not in known]  # fmt: skip
    Limit.objects.bulk_create(missing, ignore_conflicts=True)


def change_settings(
    actor: Actor, changes: dict[str, Any], accounts: dict[int, tuple[str, str]], *, assessment: str | None = None
) -> Program:
    """Store new settings and account names (code -> name, label); the journal keeps the old and new values.

    `assessment`: how tiers are judged when they end (`tiers.models.AssessmentPolicy`), unchanged unless given.
    Raises InvalidParameter with the name of the first setting that cannot be so.
    """
    with unit_of_work():
        program = lock_settings()
        changed = {name: value for name, value in changes.items() if getattr(program, name) != value}
        details: dict[str, Any] = {name: [str(getattr(program, name)), str(value)] for name, value in changed.items()}
        now = clock.now()
        if "earn_rate" in changed:
            program.change_earn_rate(changed["earn_rate"], now)
        for name, value in changed.items():
            setattr(program, name, value)
        program.updated_at = now
        try:
            program.full_clean()
        except ValidationError as error:
            name, texts = next(iter(error.message_dict.items()))
            raise InvalidParameter(texts[0], name=name) from error
        program.save()
        details |= _rename_accounts(accounts)
        if assessment is not None:
            details |= _change_assessment(assessment)
        journal.record(actor, "settings.change", "program", **details)
    return program


def _change_assessment(policy: str) -> dict[str, Any]:
    details: dict[str, Any] = {}
    for system in TierSystem.objects.exclude(assessment=AssessmentPolicy(policy)):
        details["assessment"] = [system.assessment, policy]
        system.assess_by(policy, clock.now())
        system.save(update_fields=["assessment", "assessment_since", "former_assessments"])
    return details


def _rename_accounts(accounts: dict[int, tuple[str, str]]) -> dict[str, Any]:
    details: dict[str, Any] = {}
    for account in PointAccount.objects.filter(code__in=accounts):
        name, label = accounts[account.code]
        if (account.name, account.label) != (name, label):
            details[f"account {account.code}"] = [account.name, name]
            account.name, account.label = name, label
            account.save(update_fields=["name", "label"])
    return details
