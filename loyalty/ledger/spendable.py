"""What every contact may spend, as a table for other statements: the set form of `balances.read`, by the same clock.

The rule is written twice because a till asks for one contact with literals that serve its indexes, and a list asks
for a million at once; a property test holds both to each other (tests/properties/test_audiences.py).
"""

# Columns contact_id and amount; a contact without a row holds nothing. `kept` is what a mature lot still holds after
# the debt, if any, is paid in the order of maturity. Grouping and windows are by contact, so that a condition on
# contact_id reaches the indexes. Takes the parameter `now`.
SPENDABLE = """
SELECT balance.contact_id,
    greatest(balance.amount + coalesce(pending.due, 0) - coalesce(pending.expired, 0), 0) AS amount
FROM ledger_bonusbalance balance LEFT JOIN (
    SELECT contact_id, sum(remaining) FILTER (WHERE landed IS NULL) AS due,
        sum(kept) FILTER (WHERE expires_at <= %(now)s) AS expired
    FROM (
        SELECT lot.contact_id, lot.landed, lot.remaining, lot.expires_at, CASE
            WHEN lot.landed IS NOT NULL OR held.amount >= 0 THEN lot.remaining
            ELSE greatest(0, least(lot.remaining,
                sum(CASE WHEN lot.landed IS NULL THEN lot.remaining ELSE 0 END)
                    OVER (PARTITION BY lot.contact_id ORDER BY lot.matures_at, lot.id) + held.amount))
            END AS kept
        FROM ledger_lot lot JOIN ledger_bonusbalance held ON held.contact_id = lot.contact_id AND held.account = 1
        WHERE lot.account = 1 AND lot.remaining > 0 AND lot.matures_at <= %(now)s
          AND (lot.landed IS NULL OR lot.expires_at <= %(now)s)
    ) AS mature GROUP BY contact_id
) AS pending ON pending.contact_id = balance.contact_id
WHERE balance.account = 1
"""

# What open holds set aside, by contact: the rest of what is spendable is available. Takes the parameter `now`.
HELD_NOW = """
SELECT contact_id, sum(amount) AS amount FROM ledger_hold
WHERE resolved_at IS NULL AND ends_at > %(now)s GROUP BY contact_id
"""
