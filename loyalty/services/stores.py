"""Stores as the retailer names them; a till may make one by selling in it (a setting)."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection

from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import InvalidParameter
from loyalty.models import Program, Store
from loyalty.services import journal, locks
from loyalty.services.unit_of_work import unit_of_work

CHANGEABLE = ("name", "region")


def add_store(actor: Actor, *, code: str, name: str, region: str, reason: str) -> Store:
    """Add a store under the code that its tills send. Raises InvalidParameter with the name of the wrong value."""
    with unit_of_work():
        given = {"name": name, "region": region, "created_at": clock.now()}
        _require_valid(Store(code=code, **given))
        # A till may open the same store in this moment; then it is there.
        store, new = Store.objects.get_or_create(code=code, defaults=given)
        if not new:
            raise InvalidParameter("A store has this code already.", name="code")
        journal.record(actor, "store.add", code, reason=reason, name=name, region=region)
    return store


def change_store(actor: Actor, store_id: int, changes: dict[str, Any], reason: str) -> Store:
    """Store a new name or region; the journal keeps the old and the new values. Codes stay: tills send them.

    Raises InvalidParameter with the name of the first value that cannot be so.
    """
    unknown = set(changes) - set(CHANGEABLE)
    if unknown:
        raise InvalidParameter("Only the name and the region may change.", name=min(unknown))
    with unit_of_work():
        store = locks.lock_store(store_id)
        changed = {name: value for name, value in changes.items() if getattr(store, name) != value}
        details = {name: [getattr(store, name), value] for name, value in changed.items()}
        for name, value in changed.items():
            setattr(store, name, value)
        _require_valid(store)
        if changed:
            store.save(update_fields=list(changed))
            journal.record(actor, "store.change", store.code, reason=reason, changes=details)
    return store


# Every till asks this with every receipt: composing it anew each time cost as much as the database's answer.
_STORE = "SELECT id FROM loyalty_store WHERE code = %(code)s"


def require_store(code: str, settings: Program) -> int | None:
    """Return the store's row, None for one that a purchase would create. Raises InvalidParameter."""
    with connection.cursor() as cursor:
        cursor.execute(_STORE, {"code": code})
        row = cursor.fetchone()
    if row is None and not settings.unknown_stores:
        raise InvalidParameter("This store is not known. Add it in the back office.", name="Store")
    return row[0] if row else None


def of_sale(code: str, settings: Program) -> int:
    """Return the row of the store a till sells in, made when it is unknown and the settings let it."""
    known = require_store(code, settings)
    if known is not None:
        return known
    return Store.objects.get_or_create(code=code, defaults={"created_at": clock.now()})[0].pk


def _require_valid(store: Store) -> None:
    try:
        store.full_clean(validate_unique=False)
    except ValidationError as error:
        name, texts = next(iter(error.message_dict.items()))
        raise InvalidParameter(texts[0], name=name) from error
