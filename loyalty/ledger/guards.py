"""Triggers that the tables of the books share: what has been written stays written (law 3)."""

import pgtrigger

APPEND_ONLY_MESSAGE = "the books are append-only: correct them with a new operation that names the old"

ERASED = "The personal data were erased."
"""What stands where a person had typed a text about somebody whose data were erased (docs/decisions/erasure.md)."""


def append_only(*, typed: str = "") -> list[pgtrigger.Trigger]:
    """Return the triggers that refuse UPDATE, DELETE and TRUNCATE on a table, whoever asks (law 3).

    `typed`: a column that holds what people typed. An erasure, and nothing else, may put ERASED in its place and
    leaves all the rest of the row as it was. No table of the kernel has one: the books hold no such text.
    """
    refuse = f"RAISE EXCEPTION '{APPEND_ONLY_MESSAGE}' USING ERRCODE = 'restrict_violation';"
    return [
        pgtrigger.Trigger(
            name="append_only",
            when=pgtrigger.Before,
            operation=pgtrigger.Update | pgtrigger.Delete,
            func=_unless_erased(typed) + refuse if typed else refuse,
        ),
        no_truncate(refuse),
    ]


def _unless_erased(typed: str) -> str:
    # One IF inside the other: a DELETE has no NEW to look at.
    return (
        "IF TG_OP = 'UPDATE' AND coalesce(current_setting('loyalty.erasing', true), '') = 'yes' THEN"
        f" IF NEW.{typed} = '{ERASED}' AND to_jsonb(NEW) - '{typed}' = to_jsonb(OLD) - '{typed}'"
        " THEN RETURN NEW; END IF; END IF; "
    )


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
