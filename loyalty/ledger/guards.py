"""Triggers that the tables of the books share: what has been written stays written (law 3)."""

import pgtrigger

APPEND_ONLY_MESSAGE = "the books are append-only: correct them with a new operation that names the old"


def append_only() -> list[pgtrigger.Trigger]:
    """Return the triggers that refuse UPDATE, DELETE and TRUNCATE on a table, whoever asks (law 3)."""
    refuse = f"RAISE EXCEPTION '{APPEND_ONLY_MESSAGE}' USING ERRCODE = 'restrict_violation';"
    return [
        pgtrigger.Trigger(
            name="append_only",
            when=pgtrigger.Before,
            operation=pgtrigger.Update | pgtrigger.Delete,
            func=refuse,
        ),
        no_truncate(refuse),
    ]


def never_removed(message: str) -> list[pgtrigger.Trigger]:
    """Return the triggers that refuse DELETE and TRUNCATE on a table whose rows may change."""
    refuse = f"RAISE EXCEPTION '{message}' USING ERRCODE = 'restrict_violation';"
    return [
        pgtrigger.Trigger(name="no_delete", when=pgtrigger.Before, operation=pgtrigger.Delete, func=refuse),
        no_truncate(refuse),
    ]


def no_truncate(refuse: str) -> pgtrigger.Trigger:
    """Return the trigger that refuses TRUNCATE with the statement `refuse`."""
    return pgtrigger.Trigger(
        name="no_truncate",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func=refuse,
    )
