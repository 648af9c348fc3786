"""Points that a customer gives up: by leaving the programme, or when personal data are erased for good.

What is spendable, in escrow or not, goes to Burned, drawn from its lots as an expiry draws: a later return takes no
burned point again. A debt stays, and tier-qualifying points end with their year. Serves docs/decisions/leaving.md.
"""

from dataclasses import asdict
from decimal import Decimal

from loyalty.ledger import moves, posting
from loyalty.ledger.locks import require_transaction
from loyalty.ledger.posting import Fact
from loyalty.ledger.rounding import ZERO

_FORFEIT = (
    """
WITH open AS MATERIALIZED (
    SELECT id, remaining, CASE WHEN landed IS NULL THEN 2 ELSE 1 END AS account FROM ledger_lot
    WHERE contact_id = %(contact_id)s AND account = 1 AND remaining > 0
), """
    + posting.CLAIM.format(kind="forfeiture", condition="WHERE EXISTS (SELECT FROM open)")
    + """
, lot AS (
    UPDATE ledger_lot lot SET remaining = 0 FROM open, claim WHERE lot.id = open.id
), draw AS (
    INSERT INTO ledger_draw (contact_id, lot_id, operation_id, amount)
    SELECT %(contact_id)s, open.id, claim.operation_id, open.remaining FROM open, claim
), gone AS (
    SELECT account, sum(remaining) AS amount FROM open GROUP BY account
), transfer AS (
    INSERT INTO ledger_transfer (contact_id, operation_id, source, target, amount)
    SELECT %(contact_id)s, claim.operation_id, gone.account, 7, gone.amount FROM gone, claim
), balance AS (
    UPDATE ledger_bonusbalance balance SET amount = balance.amount - gone.amount FROM gone, claim
    WHERE balance.contact_id = %(contact_id)s AND balance.account = gone.account
)
SELECT claim.operation_id, sum(gone.amount) FROM claim, gone GROUP BY 1
"""
)


def forfeit(fact: Fact) -> Decimal:
    """Burn all spendable points of the contact, in escrow too; return how many (1 statement).

    The caller holds the balances, has landed what is due and burned what has expired; no hold is open. Nothing is
    written where nothing is held. The key of the fact is new each time.
    """
    require_transaction()
    found = moves.rows(_FORFEIT, asdict(fact))
    return found[0][1] if found else ZERO
