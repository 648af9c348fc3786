"""The same work as the kernel's, written by hand for psycopg alone: same tables, rows, locks and effects.

A copy on purpose: a change that makes the kernel slower must not make its measure slower too.
"""

LOCK = """
SELECT balance.account, balance.amount, EXISTS (
    SELECT 1 FROM ledger_lot
    WHERE contact_id = %(contact)s AND landed IS NULL AND remaining > 0 AND matures_at <= %(now)s
)
FROM ledger_bonusbalance balance WHERE contact_id = %(contact)s ORDER BY account FOR UPDATE OF balance
"""

ACCRUE = """
WITH claim AS (
    INSERT INTO ledger_operationkey (key, fingerprint, contact_id, operation_id)
    VALUES (%(key)s, %(fingerprint)s, %(contact)s, nextval('ledger_operation_id_seq'))
    ON CONFLICT (key) DO NOTHING RETURNING operation_id AS id
), operation AS (
    INSERT INTO ledger_operation (id, contact_id, kind, effective_at, recorded_at, actor, cause)
    SELECT id, %(contact)s, 'accrual', %(now)s, %(now)s, %(actor)s, %(cause)s FROM claim
), earned AS (
    SELECT id, account, amount, expires_at
    FROM claim, (VALUES (1, %(spendable)s::numeric, %(expires_at)s::timestamptz),
        (3, %(qualifying)s::numeric, NULL)) AS part (account, amount, expires_at)
), transfer AS (
    INSERT INTO ledger_transfer (contact_id, operation_id, source, target, amount)
    SELECT %(contact)s, id, 5, account + 1, amount FROM earned
), lot AS (
    INSERT INTO ledger_lot (contact_id, operation_id, account, earned, remaining, matures_at, expires_at)
    SELECT %(contact)s, id, account, amount, amount, %(matures_at)s, expires_at FROM earned
)
INSERT INTO ledger_bonusbalance (contact_id, account, public_id, amount, lifetime)
SELECT %(contact)s, held.account, gen_random_uuid(), coalesce(amount, 0), coalesce(amount, 0)
FROM generate_series(1, 4) AS held (account) LEFT JOIN earned ON earned.account + 1 = held.account
WHERE EXISTS (SELECT 1 FROM claim) AND (amount IS NOT NULL OR NOT EXISTS (
    SELECT 1 FROM ledger_bonusbalance WHERE contact_id = %(contact)s AND account = held.account))
ORDER BY held.account
ON CONFLICT (contact_id, account) DO UPDATE SET amount = ledger_bonusbalance.amount + EXCLUDED.amount,
    lifetime = ledger_bonusbalance.lifetime + EXCLUDED.lifetime
RETURNING (SELECT id FROM claim)
"""

REDEEM = """
WITH open AS (
    SELECT id, remaining, sum(remaining) OVER (ORDER BY expires_at, id) AS running FROM ledger_lot
    WHERE contact_id = %(contact)s AND account = 1 AND remaining > 0 AND landed IS NOT NULL
      AND (expires_at IS NULL OR expires_at > %(now)s)
), taken AS (
    SELECT id, least(remaining, %(amount)s::numeric - running + remaining) AS amount FROM open
    WHERE running - remaining < %(amount)s::numeric
), claim AS (
    INSERT INTO ledger_operationkey (key, fingerprint, contact_id, operation_id)
    SELECT %(key)s, %(fingerprint)s, %(contact)s, nextval('ledger_operation_id_seq')
    WHERE (SELECT sum(remaining) FROM open) - coalesce((SELECT sum(amount) FROM ledger_hold
        WHERE contact_id = %(contact)s AND resolved_at IS NULL AND ends_at > %(now)s), 0) >= %(amount)s::numeric
    ON CONFLICT (key) DO NOTHING RETURNING operation_id AS id
), operation AS (
    INSERT INTO ledger_operation (id, contact_id, kind, effective_at, recorded_at, actor, cause)
    SELECT id, %(contact)s, 'redemption', %(now)s, %(now)s, %(actor)s, %(cause)s FROM claim
), lot AS (
    UPDATE ledger_lot SET remaining = ledger_lot.remaining - taken.amount
    FROM taken, claim WHERE ledger_lot.id = taken.id
), draw AS (
    INSERT INTO ledger_draw (contact_id, lot_id, operation_id, amount)
    SELECT %(contact)s, taken.id, claim.id, taken.amount FROM taken, claim
), transfer AS (
    INSERT INTO ledger_transfer (contact_id, operation_id, source, target, amount)
    SELECT %(contact)s, id, 1, 6, %(amount)s::numeric FROM claim
)
UPDATE ledger_bonusbalance balance SET amount = balance.amount - %(amount)s::numeric
FROM claim WHERE contact_id = %(contact)s AND account = 1 RETURNING claim.id
"""

BALANCE = """
WITH held AS (
    SELECT coalesce(greatest(-max(amount) FILTER (WHERE account = 1), 0), 0) AS debt
    FROM ledger_bonusbalance WHERE contact_id = %(contact)s
), mature AS (
    SELECT expires_at, remaining, landed, CASE
        WHEN landed IS NOT NULL OR held.debt = 0 THEN remaining
        ELSE greatest(0, least(remaining,
            sum(CASE WHEN landed IS NULL THEN remaining ELSE 0 END) OVER (ORDER BY matures_at, id) - held.debt))
        END AS kept
    FROM ledger_lot, held
    WHERE contact_id = %(contact)s AND account = 1 AND remaining > 0 AND matures_at <= %(now)s
), standing AS (
    SELECT coalesce(sum(remaining) FILTER (WHERE landed IS NULL), 0) AS due,
        coalesce(sum(kept) FILTER (WHERE expires_at <= %(now)s), 0) AS expired
    FROM mature
), live AS (
    SELECT expires_at, sum(kept) AS amount FROM mature
    WHERE kept > 0 AND expires_at > %(now)s GROUP BY expires_at ORDER BY expires_at LIMIT 1
)
SELECT standing.due, standing.expired,
    (SELECT coalesce(sum(remaining), 0) FROM ledger_lot WHERE contact_id = %(contact)s AND account = 3
        AND landed IS NULL AND remaining > 0 AND matures_at <= %(now)s),
    (SELECT coalesce(sum(amount), 0) FROM ledger_transfer WHERE contact_id = %(contact)s AND target = 7),
    live.expires_at, live.amount,
    (SELECT json_agg(json_build_array(account, amount::text, lifetime::text, public_id))
        FROM ledger_bonusbalance WHERE contact_id = %(contact)s),
    (SELECT coalesce(sum(amount), 0) FROM ledger_hold
        WHERE contact_id = %(contact)s AND resolved_at IS NULL AND ends_at > %(now)s)
FROM standing LEFT JOIN live ON true
"""

RANGES = """
SELECT array_agg(contact_id ORDER BY contact_id) FROM (
    SELECT contact_id, (sum(lots) OVER (ORDER BY contact_id) - lots)::bigint / %(size)s AS part FROM (
        SELECT contact_id, count(*) AS lots FROM ledger_lot
        WHERE landed IS NULL AND remaining > 0 AND matures_at <= %(as_of)s GROUP BY contact_id
    ) AS held
) AS due GROUP BY part ORDER BY part
"""

LOCK_RANGE = """
WITH locked AS (
    SELECT contact_id, account, amount FROM ledger_bonusbalance WHERE contact_id = ANY(%(contacts)s)
    ORDER BY contact_id, account FOR UPDATE
)
SELECT contact_id, greatest(-amount, 0) FROM locked WHERE account = 1
"""

LAND = """
WITH due AS MATERIALIZED (
    SELECT id, contact_id, matures_at FROM ledger_lot
    WHERE landed IS NULL AND remaining > 0 AND matures_at <= %(as_of)s AND contact_id = ANY(%(contacts)s)
), operation AS (
    INSERT INTO ledger_operation (contact_id, kind, effective_at, recorded_at, actor, cause)
    SELECT DISTINCT contact_id, 'rollover', matures_at, %(now)s::timestamptz, %(actor)s, %(cause)s FROM due
    ORDER BY contact_id, matures_at
    RETURNING id, contact_id, effective_at
), landed AS (
    UPDATE ledger_lot lot SET landed = operation.id
    FROM due JOIN operation
      ON operation.contact_id = due.contact_id AND operation.effective_at = due.matures_at
    WHERE lot.id = due.id
    RETURNING lot.contact_id, lot.account, lot.remaining, operation.id AS operation_id
), transfer AS (
    INSERT INTO ledger_transfer (contact_id, operation_id, source, target, amount)
    SELECT contact_id, operation_id, account + 1, account, sum(remaining)
    FROM landed GROUP BY contact_id, operation_id, account
), moved AS (
    SELECT contact_id, account, sum(remaining) AS amount FROM landed GROUP BY contact_id, account
), balance AS (
    UPDATE ledger_bonusbalance balance
    SET amount = balance.amount + change.amount, lifetime = balance.lifetime + change.entered
    FROM (
        SELECT contact_id, account, amount, amount AS entered FROM moved
        UNION ALL SELECT contact_id, account + 1, -amount, 0 FROM moved
    ) change
    WHERE balance.contact_id = change.contact_id AND balance.account = change.account
)
SELECT count(*), coalesce(array_agg(DISTINCT contact_id) FILTER (WHERE account = 3), '{}') FROM landed
"""

LEAVE_FOR_HIGHER = """
WITH reached AS (
    SELECT DISTINCT ON (balance.contact_id) balance.contact_id, tier.id AS tier_id, tier.rank
    FROM ledger_bonusbalance balance JOIN tiers_tier tier ON tier.target <= balance.amount
    WHERE balance.account = 3 AND balance.contact_id = ANY(%(contacts)s)
    ORDER BY balance.contact_id, tier.rank DESC
)
UPDATE tiers_standing standing SET left_at = %(now)s FROM reached, tiers_tier tier
WHERE standing.contact_id = reached.contact_id AND standing.left_at IS NULL
  AND tier.id = standing.tier_id AND tier.rank >= 1 AND reached.rank > tier.rank
RETURNING standing.contact_id, reached.tier_id
"""

CARD = """
SELECT card.number, card.status, card.category, card.card_type, series.barcode, contact.id, contact.phone,
    contact.code, contact.surname, contact.first_name, contact.patronymic, program.zone
FROM cards_card card JOIN cards_cardseries series ON series.id = card.series_id
    LEFT JOIN customers_contact contact ON contact.id = card.contact_id, loyalty_program program
WHERE card.number = %(number)s AND program.id = 1
"""

PORTIONS = (
    BALANCE[: BALANCE.index("), standing AS")]
    + """)
SELECT sum(kept), true, expires_at FROM mature
WHERE kept > 0 AND (expires_at IS NULL OR expires_at > %(now)s) GROUP BY expires_at
UNION ALL
SELECT sum(remaining), false, matures_at FROM ledger_lot
WHERE contact_id = %(contact)s AND account = 1 AND landed IS NULL AND remaining > 0 AND matures_at > %(now)s
GROUP BY matures_at ORDER BY 3 NULLS LAST
"""
)

HOLDER = """
SELECT card.id, card.contact_id, (SELECT id FROM loyalty_store WHERE code = %(store)s),
    (SELECT tier.multiplier FROM tiers_standing standing JOIN tiers_tier tier ON tier.id = standing.tier_id
        WHERE standing.contact_id = card.contact_id AND entered_at <= %(moment)s
          AND (left_at IS NULL OR left_at > %(moment)s))
FROM cards_card card WHERE card.number = %(number)s FOR NO KEY UPDATE OF card
"""

RECEIPT = """
WITH receipt AS (
    INSERT INTO loyalty_purchase (purchase_id, fingerprint, contact_id, card_id, store_id, till, cashier,
        purchased_at, recorded_at, actor, offline, amount, paid, accrued, qualifying, status, terms, answer)
    VALUES (%(purchase)s, %(fingerprint)s, %(contact)s, %(card)s, %(store)s, '', '', %(now)s, %(now)s, %(actor)s,
        false, %(amount)s, 0, %(spendable)s, %(qualifying)s, 'completed',
        '{"earn_rate": "1", "multiplier": "1"}', '{}')
    ON CONFLICT (purchase_id) DO NOTHING RETURNING id
), line AS (
    INSERT INTO loyalty_purchaseline
        (purchase_id, position, quantity, price, amount, paid, accrued)
    SELECT id, 1, 1, 0, %(amount)s, 0, %(spendable)s FROM receipt
), journal AS (
    INSERT INTO loyalty_journalentry (recorded_at, actor, role, channel, action, target, contact_id, details)
    SELECT %(now)s, %(actor)s, 'till', 'cash_desk', 'purchase.add', %(purchase)s, %(contact)s, '{}' FROM receipt
)
SELECT id FROM receipt
"""

AVAILABLE = """
SELECT greatest(0, coalesce((
    SELECT amount FROM ledger_bonusbalance WHERE contact_id = %(contact)s AND account = 1), 0) + coalesce((
    SELECT sum(CASE WHEN expires_at <= %(now)s THEN 0 ELSE remaining END) FILTER (WHERE landed IS NULL)
        - coalesce(sum(remaining) FILTER (WHERE expires_at <= %(now)s AND landed IS NOT NULL), 0)
    FROM ledger_lot
    WHERE contact_id = %(contact)s AND account = 1 AND remaining > 0 AND matures_at <= %(now)s), 0))
"""

FINISH = """
UPDATE loyalty_purchase SET answer = %(answer)s, accrual_id = %(operation)s WHERE id = %(receipt)s
"""
