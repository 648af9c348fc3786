"""The fifth law, of lots: draws, landings, adjustments, expiry and closed years (specs/points_and_tiers.md, Laws)."""

from loyalty.ledger.law import LOTS, Law

LOT_LAWS = (
    Law(
        5,
        "a lot holds what was earned less what was drawn",
        LOTS,
        """
        WITH drawn AS (SELECT contact_id, lot_id, sum(amount) AS amount FROM ledger_draw GROUP BY contact_id, lot_id)
        SELECT coalesce(lot.id, drawn.lot_id) AS id
        FROM ledger_lot lot FULL JOIN drawn ON drawn.lot_id = lot.id AND drawn.contact_id = lot.contact_id
        WHERE lot.id IS NULL OR lot.remaining <> lot.earned - coalesce(drawn.amount, 0)
           OR lot.remaining < 0 OR lot.remaining > lot.earned""",
    ),
    # An adjustment lands its lot itself: such a lot matures at the very moment of its own operation.
    Law(
        5,
        "a lot lands by a rollover, at its maturity or later, or by the adjustment or the merge that made it",
        "SELECT count(*) FROM ledger_lot WHERE landed IS NOT NULL",
        """
        SELECT lot.id FROM ledger_lot lot
        LEFT JOIN ledger_operation operation
            ON operation.id = lot.landed AND operation.contact_id = lot.contact_id
        WHERE lot.landed IS NOT NULL AND CASE
            WHEN lot.landed <> lot.operation_id
            THEN operation.kind IS DISTINCT FROM 'rollover' OR operation.effective_at < lot.matures_at
            WHEN operation.kind = 'adjustment' THEN operation.effective_at <> lot.matures_at
            ELSE operation.kind <> 'merge' OR operation.effective_at < lot.matures_at END""",
    ),
    # What a lot brought is what it held when it landed: draws of earlier operations, which are returns in escrow,
    # had taken theirs; the draws of the rollover itself pay a debt and come after.
    Law(
        5,
        "a rollover moves exactly what its lots held",
        "SELECT count(*) FROM ledger_operation WHERE kind = 'rollover'",
        """
        WITH drawn AS (
            SELECT lot.id, sum(draw.amount) AS amount FROM ledger_lot lot
            JOIN ledger_draw draw
                ON draw.lot_id = lot.id AND draw.contact_id = lot.contact_id AND draw.operation_id < lot.landed
            WHERE lot.landed <> lot.operation_id GROUP BY lot.id
        ), brought AS (
            SELECT lot.contact_id, lot.landed AS operation_id, lot.account,
                sum(lot.earned - coalesce(drawn.amount, 0)) AS amount
            FROM ledger_lot lot LEFT JOIN drawn ON drawn.id = lot.id
            WHERE lot.landed IS NOT NULL AND lot.landed <> lot.operation_id GROUP BY 1, 2, 3
        ), moved AS (
            SELECT transfer.contact_id, transfer.operation_id, transfer.target AS account,
                sum(transfer.amount) AS amount,
                bool_or(transfer.source <> transfer.target + 1 OR transfer.target NOT IN (1, 3)) AS astray
            FROM ledger_transfer transfer JOIN ledger_operation operation
                ON operation.id = transfer.operation_id AND operation.contact_id = transfer.contact_id
            WHERE operation.kind = 'rollover' GROUP BY 1, 2, 3
        )
        SELECT DISTINCT operation_id AS id
        FROM brought FULL JOIN moved USING (contact_id, operation_id, account)
        WHERE coalesce(brought.amount, 0) <> coalesce(moved.amount, 0) OR moved.astray
        UNION
        SELECT id FROM ledger_operation operation WHERE kind = 'rollover' AND NOT EXISTS (
            SELECT 1 FROM ledger_lot lot WHERE lot.contact_id = operation.contact_id AND lot.landed = operation.id)""",
    ),
    Law(
        5,
        "what the clock does is booked when its moment has come, not before",
        "SELECT count(*) FROM ledger_operation WHERE kind IN ('rollover', 'expiry', 'year_close')",
        """
        SELECT id FROM ledger_operation
        WHERE kind IN ('rollover', 'expiry', 'year_close') AND effective_at > recorded_at""",
    ),
    Law(
        5,
        "a redemption takes, and an expiry burns, exactly what it draws from spendable lots",
        "SELECT count(*) FROM ledger_operation WHERE kind IN ('redemption', 'expiry')",
        """
        WITH gone AS (
            SELECT id AS operation_id, contact_id, CASE kind WHEN 'expiry' THEN 7 ELSE 6 END AS counter
            FROM ledger_operation WHERE kind IN ('redemption', 'expiry')
        ), moved AS (
            SELECT gone.contact_id, gone.operation_id, sum(transfer.amount) AS amount,
                bool_or(transfer.source <> 1 OR transfer.target <> gone.counter) AS astray
            FROM gone JOIN ledger_transfer transfer USING (contact_id, operation_id) GROUP BY 1, 2
        ), drawn AS (
            SELECT gone.contact_id, gone.operation_id, sum(draw.amount) AS amount,
                bool_or(draw.amount < 0 OR lot.account IS DISTINCT FROM 1) AS astray
            FROM gone JOIN ledger_draw draw USING (contact_id, operation_id)
            LEFT JOIN ledger_lot lot ON lot.id = draw.lot_id AND lot.contact_id = draw.contact_id GROUP BY 1, 2
        )
        SELECT gone.operation_id AS id
        FROM gone LEFT JOIN moved USING (contact_id, operation_id) LEFT JOIN drawn USING (contact_id, operation_id)
        WHERE moved.amount IS DISTINCT FROM drawn.amount OR moved.amount IS NULL OR moved.astray OR drawn.astray""",
    ),
    Law(
        5,
        "an adjustment gives its one lot, or takes what it draws and leaves owed, in one account",
        "SELECT count(*) FROM ledger_operation WHERE kind = 'adjustment'",
        """
        WITH moved AS (
            SELECT transfer.contact_id, transfer.operation_id, count(*) AS legs, min(transfer.source) AS source,
                min(transfer.target) AS target, sum(transfer.amount) AS amount
            FROM ledger_transfer transfer JOIN ledger_operation operation
                ON operation.id = transfer.operation_id AND operation.contact_id = transfer.contact_id
            WHERE operation.kind = 'adjustment' GROUP BY 1, 2
        ), made AS (
            SELECT lot.contact_id, lot.operation_id, count(*) AS lots, min(lot.account) AS account,
                sum(lot.earned) AS amount
            FROM ledger_lot lot JOIN ledger_operation operation
                ON operation.id = lot.operation_id AND operation.contact_id = lot.contact_id
            WHERE operation.kind = 'adjustment' GROUP BY 1, 2
        ), drawn AS (
            SELECT draw.contact_id, draw.operation_id, sum(draw.amount) AS amount
            FROM ledger_draw draw JOIN ledger_operation operation
                ON operation.id = draw.operation_id AND operation.contact_id = draw.contact_id
            WHERE operation.kind = 'adjustment' GROUP BY 1, 2
        )
        SELECT operation.id FROM ledger_operation operation
        LEFT JOIN moved ON moved.contact_id = operation.contact_id AND moved.operation_id = operation.id
        LEFT JOIN made ON made.contact_id = operation.contact_id AND made.operation_id = operation.id
        LEFT JOIN drawn ON drawn.contact_id = operation.contact_id AND drawn.operation_id = operation.id
        WHERE operation.kind = 'adjustment' AND CASE
            WHEN moved.legs = 1 AND moved.source = 8 AND moved.target IN (1, 3)
            THEN made.lots IS DISTINCT FROM 1 OR made.account <> moved.target OR made.amount <> moved.amount
            WHEN moved.legs = 1 AND moved.target = 8 AND moved.source IN (1, 3)
            THEN made.lots IS NOT NULL OR coalesce(drawn.amount, 0) > moved.amount
                OR (moved.source = 3 AND drawn.amount IS DISTINCT FROM moved.amount)
            ELSE true END""",
    ),
    Law(
        5,
        "a lot expires once, after landing, by an expiry of its contact, not before its time",
        "SELECT count(*) FROM ledger_lot WHERE expired IS NOT NULL",
        """
        SELECT lot.id FROM ledger_lot lot
        LEFT JOIN ledger_operation operation
            ON operation.id = lot.expired AND operation.contact_id = lot.contact_id
        WHERE lot.expired IS NOT NULL AND (operation.kind IS DISTINCT FROM 'expiry'
            OR lot.landed IS NULL OR (coalesce(operation.effective_at < lot.expires_at, true)
                -- A return may put points into an expired lot, with days of grace to spend them.
                AND NOT EXISTS (SELECT FROM ledger_draw WHERE contact_id = lot.contact_id
                    AND lot_id = lot.id AND amount < 0 AND operation_id > lot.expired)))
        UNION
        SELECT draw.lot_id FROM ledger_draw draw
        JOIN ledger_operation operation
            ON operation.id = draw.operation_id AND operation.contact_id = draw.contact_id
        JOIN ledger_lot lot ON lot.id = draw.lot_id AND lot.contact_id = draw.contact_id
        WHERE operation.kind = 'expiry'
        GROUP BY draw.contact_id, draw.lot_id, draw.operation_id, lot.expired
        HAVING count(*) > 1 OR lot.expired IS NULL""",
    ),
    Law(
        5,
        "a year close moves exactly what its lots held when the year was over, and nothing else is closed",
        "SELECT count(*) FROM ledger_operation WHERE kind = 'year_close'",
        """
        WITH drawn AS (
            SELECT draw.contact_id, draw.operation_id, sum(draw.amount) AS amount,
                bool_or(draw.amount <= 0 OR lot.account <> 3 OR lot.landed IS NULL
                    OR lot.matures_at >= operation.effective_at) AS astray
            FROM ledger_draw draw
            JOIN ledger_operation operation
                ON operation.id = draw.operation_id AND operation.contact_id = draw.contact_id
            JOIN ledger_lot lot ON lot.id = draw.lot_id AND lot.contact_id = draw.contact_id
            WHERE operation.kind = 'year_close' GROUP BY 1, 2
        ), moved AS (
            SELECT transfer.contact_id, transfer.operation_id, sum(transfer.amount) AS amount,
                bool_or(operation.kind <> 'year_close' OR transfer.source <> 3 OR transfer.target <> 9) AS astray
            FROM ledger_transfer transfer JOIN ledger_operation operation
                ON operation.id = transfer.operation_id AND operation.contact_id = transfer.contact_id
            -- An undone merge takes what was closed meanwhile back out, to be closed where it belongs.
            WHERE operation.kind = 'year_close'
               OR (9 IN (transfer.source, transfer.target) AND operation.kind <> 'merge') GROUP BY 1, 2
        )
        SELECT operation_id AS id FROM drawn FULL JOIN moved USING (contact_id, operation_id)
        WHERE coalesce(drawn.amount, 0) <> coalesce(moved.amount, 0) OR drawn.astray OR moved.astray
        UNION
        SELECT id FROM ledger_operation operation WHERE kind = 'year_close' AND NOT EXISTS (
            SELECT FROM moved WHERE moved.operation_id = operation.id)""",
    ),
    Law(
        5,
        "a closed lot is not drawn again",
        "SELECT count(*) FROM ledger_transfer WHERE target = 9",
        """
        WITH closed AS (
            SELECT draw.contact_id, draw.lot_id, min(draw.operation_id) AS operation_id
            FROM ledger_draw draw JOIN ledger_operation operation
                ON operation.id = draw.operation_id AND operation.contact_id = draw.contact_id
            WHERE operation.kind = 'year_close' GROUP BY 1, 2
        )
        SELECT DISTINCT draw.lot_id AS id FROM ledger_draw draw JOIN closed
            ON closed.lot_id = draw.lot_id AND closed.contact_id = draw.contact_id
        WHERE draw.operation_id > closed.operation_id""",
    ),
    Law(
        5,
        "qualifying points that count landed after the last close of their contact",
        "SELECT count(*) FROM ledger_lot WHERE account = 3 AND landed IS NOT NULL AND remaining > 0",
        """
        WITH closed AS (
            SELECT contact_id, max(effective_at) AS turned_at FROM ledger_operation year_close
            -- One that came with an undone merge is effective then, for before it the points were not there.
            WHERE kind = 'year_close' AND NOT EXISTS (SELECT FROM ledger_move move JOIN ledger_operation came
                ON came.id = move.in_operation AND came.contact_id = move.in_contact
                WHERE move.in_contact = year_close.contact_id AND came.effective_at = year_close.effective_at)
            GROUP BY contact_id
        )
        SELECT lot.id FROM ledger_lot lot JOIN closed USING (contact_id)
        WHERE lot.account = 3 AND lot.landed IS NOT NULL AND lot.remaining > 0 AND lot.matures_at < closed.turned_at""",
    ),
    Law(
        5,
        "a forfeiture burns what it draws, of points that could be or become spendable",
        "SELECT count(*) FROM ledger_operation WHERE kind = 'forfeiture'",
        """
        WITH drawn AS (
            SELECT operation.id, sum(draw.amount) AS amount FROM ledger_operation operation JOIN ledger_draw draw
                ON draw.contact_id = operation.contact_id AND draw.operation_id = operation.id
            WHERE operation.kind = 'forfeiture' GROUP BY 1
        ), moved AS (
            SELECT operation.id, sum(transfer.amount) AS amount,
                bool_and(transfer.source IN (1, 2) AND transfer.target = 7) AS burned
            FROM ledger_operation operation JOIN ledger_transfer transfer
                ON transfer.contact_id = operation.contact_id AND transfer.operation_id = operation.id
            WHERE operation.kind = 'forfeiture' GROUP BY 1
        )
        SELECT id FROM ledger_operation operation LEFT JOIN drawn USING (id) LEFT JOIN moved USING (id)
        WHERE operation.kind = 'forfeiture'
          AND (drawn.amount IS NULL OR drawn.amount IS DISTINCT FROM moved.amount OR NOT moved.burned)""",
    ),
)
