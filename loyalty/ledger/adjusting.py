"""Adjustments: a person gives or takes points by hand, with a reason (specs/points_and_tiers.md, Laws 6 and 7).

The caller holds the contact's balances, has rolled over what is due and burned what has expired. What is given is a
lot that stands in its account from its own operation on; what is taken is drawn from lots as a spend draws.
"""

from dataclasses import asdict
from datetime import datetime
from decimal import Decimal

from django.db import connection

from loyalty.core.errors import InsufficientPoints
from loyalty.ledger import posting, rounding
from loyalty.ledger.accounts import Account
from loyalty.ledger.locks import require_transaction
from loyalty.ledger.posting import Fact, Posted

# A contact in debt has no lots that have landed: the new lot pays, as one that a rollover lands does.
_CREDIT = (
    "WITH "
    + posting.CLAIM.format(kind="adjustment", condition="")
    + """
, debt AS (
    SELECT least(greatest(-amount, 0), %(amount)s::numeric) AS amount FROM ledger_bonusbalance
    WHERE contact_id = %(contact_id)s AND account = %(account)s
), lot AS (
    INSERT INTO ledger_lot
        (contact_id, operation_id, account, earned, remaining, matures_at, expires_at, landed)
    SELECT %(contact_id)s, operation_id, %(account)s, %(amount)s::numeric, %(amount)s::numeric - debt.amount,
        %(effective_at)s, %(expires_at)s::timestamptz, operation_id
    FROM claim, debt RETURNING id
), draw AS (
    INSERT INTO ledger_draw (contact_id, lot_id, operation_id, amount)
    SELECT %(contact_id)s, lot.id, operation_id, debt.amount FROM lot, claim, debt WHERE debt.amount > 0
), transfer AS (
    INSERT INTO ledger_transfer (contact_id, operation_id, source, target, amount)
    SELECT %(contact_id)s, operation_id, 8, %(account)s, %(amount)s::numeric FROM claim
), balance AS (
    UPDATE ledger_bonusbalance balance
    SET amount = balance.amount + %(amount)s::numeric, lifetime = balance.lifetime + %(amount)s::numeric
    FROM claim WHERE balance.contact_id = %(contact_id)s AND balance.account = %(account)s
)
SELECT operation_id FROM claim
"""
)

# `free` is what no hold keeps. Beside an open hold there is no debt: a debt leaves no lots for the hold to take from.
_DEBIT = (
    """
WITH open AS (
    SELECT id, remaining, sum(remaining) OVER (ORDER BY expires_at NULLS LAST, id) AS running
    FROM ledger_lot
    WHERE contact_id = %(contact_id)s AND account = %(account)s AND remaining > 0 AND landed IS NOT NULL
), taken AS (
    SELECT id, least(remaining, %(amount)s::numeric - (running - remaining)) AS amount
    FROM open WHERE running - remaining < %(amount)s::numeric
), held AS (
    SELECT coalesce(sum(amount), 0) AS amount FROM ledger_hold
    WHERE contact_id = %(contact_id)s AND %(account)s = 1 AND resolved_at IS NULL AND ends_at > %(recorded_at)s
), free AS (
    SELECT coalesce((SELECT sum(remaining) FROM open), 0) - held.amount AS amount,
        %(debt)s::boolean AND held.amount = 0 AS endless
    FROM held
), """
    + posting.CLAIM.format(
        kind="adjustment", condition="FROM free WHERE free.amount >= %(amount)s::numeric OR free.endless"
    )
    + """
, lot AS (
    UPDATE ledger_lot lot SET remaining = lot.remaining - taken.amount FROM taken, claim WHERE lot.id = taken.id
), draw AS (
    INSERT INTO ledger_draw (contact_id, lot_id, operation_id, amount)
    SELECT %(contact_id)s, taken.id, claim.operation_id, taken.amount FROM taken, claim
), transfer AS (
    INSERT INTO ledger_transfer (contact_id, operation_id, source, target, amount)
    SELECT %(contact_id)s, operation_id, %(account)s, 8, %(amount)s::numeric FROM claim
), balance AS (
    UPDATE ledger_bonusbalance balance SET amount = balance.amount - %(amount)s::numeric
    FROM claim WHERE balance.contact_id = %(contact_id)s AND balance.account = %(account)s
)
SELECT (SELECT operation_id FROM claim), (SELECT amount FROM free)
"""
)


def credit(fact: Fact, *, account: Account, amount: Decimal, expires_at: datetime | None = None) -> Posted:
    """Give points to the spendable or the tier-qualifying account at once (1 statement; 2 when repeated).

    A debt is paid first. `expires_at` is for spendable points; None: never. The fact's reason may not be empty.
    """
    _require(fact, account, amount)
    parameters = asdict(fact) | {"account": account.value, "amount": amount, "expires_at": expires_at}
    with connection.cursor() as cursor:
        cursor.execute(_CREDIT, parameters)
        row = cursor.fetchone()
    return Posted(row[0], replayed=False) if row else _replayed(fact)


def debit(fact: Fact, *, account: Account, amount: Decimal, debt: bool = False) -> Posted:
    """Take points, from the lot that expires first on, never what open holds keep (1 statement; 2 when repeated).

    `debt`: spendable points that are missing may be owed, unless a hold is open. Raises InsufficientPoints with
    `available`; then nothing is written. Tier-qualifying points never go below zero.
    """
    _require(fact, account, amount)
    if debt and account != Account.SPENDABLE:
        raise ValueError("only spendable points can be owed")
    parameters = asdict(fact) | {"account": account.value, "amount": amount, "debt": debt}
    with connection.cursor() as cursor:
        if debt:
            cursor.execute("SELECT set_config('ledger.debt_allowed', 'yes', true)")
        cursor.execute(_DEBIT, parameters)
        operation, free = cursor.fetchone()
        if debt:
            cursor.execute("SELECT set_config('ledger.debt_allowed', '', true)")
    if operation is not None:
        return Posted(operation, replayed=False)
    posted = posting.find(fact)
    if posted is None:
        raise InsufficientPoints(available=max(free, rounding.ZERO))
    return posted


def _replayed(fact: Fact) -> Posted:
    posted = posting.find(fact)
    if posted is None:
        raise RuntimeError("an operation key was refused but is not there")
    return posted


def _require(fact: Fact, account: Account, amount: Decimal) -> None:
    require_transaction()
    if not fact.reason:
        raise ValueError("an adjustment has a reason")
    if account not in (Account.SPENDABLE, Account.QUALIFYING):
        raise ValueError("points are adjusted where they have landed")
    if not rounding.is_exact(amount) or amount <= 0:
        raise ValueError("points are decimals with two places, above zero")
