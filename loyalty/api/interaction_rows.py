"""From calls as they were to entries of the interaction log: identifiers found, everything personal masked."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from cards import numbers
from cards import selectors as cards
from customers import identifiers
from customers.errors import ContactCodeInvalid
from loyalty.api import masking
from loyalty.api.interaction_log import Call
from loyalty.api.masking import Masker
from loyalty.models import ApiClient, Interaction

LARGEST_READ = 512 * 1024
"""A larger body is neither read nor kept: reading it would hold up the calls of this process."""

REST, LONGEST_REST = 3, 0.05
"""The log takes a quarter of a processor at most: beyond that it falls behind, and drops, rather than slow a call."""

FORMATS_SECONDS = 60.0
_NUMBER, _TILL, _PURCHASE = ("number", "cardnumber"), ("till",), ("purchaseid",)
# COPY knows no defaults.
_BLANK = dict.fromkeys(("card_number", "till", "purchase_id", "request_body", "response_body"), "")
_formats: tuple[float, frozenset[tuple[int, str]]] = (0.0, frozenset())


def rows(calls: Iterable[Call], *, gently: bool = False) -> list[Interaction]:
    """Return the entries of calls. `gently`: rest after each three times as long as it took, for the calls' sake."""
    calls = list(calls)
    is_card, known = _card_check(), _known_logins(calls)
    found: list[Interaction] = []
    for call in calls:
        started = time.thread_time()
        if call.stranger and call.login not in known:
            # What was sent as a log-in may be a secret in the wrong place.
            call.login = ""
        found.extend(_rows(call, is_card))
        if gently:
            time.sleep(min(REST * (time.thread_time() - started), LONGEST_REST))
    return found


def _rows(call: Call, is_card: Callable[[str], bool]) -> Iterator[Interaction]:
    asked, answered = _read(call.request), _read(call.response) if call.in_full else None
    query = masking.pairs(call.query)
    masker = Masker(lambda text: is_card(text) or _is_code(text))
    for source in (asked, answered, dict(query), dict(call.route)):
        masker.learn(source)
    entry = _entry(call, masker, query)
    sources = [each for each in (asked, dict(query), dict(call.route), answered) if isinstance(each, dict)]
    _identify(entry, sources, masker, is_card)
    if call.in_full:
        entry.request_body = _body(call.request, asked, masker)
        entry.response_body = _body(call.response, answered, masker)
    yield entry
    yield from _items(call, entry, asked, masker, is_card)


def _entry(call: Call, masker: Masker, query: list[tuple[str, str]]) -> Interaction:
    path = masker.path(call.path, call.route)
    return Interaction(
        **_BLANK,
        recorded_at=call.recorded_at,
        surface=call.surface,
        login=masker.plain(call.login)[:40],
        role=call.role,
        address=masker.plain(call.address)[:45],
        method=call.method[:10],
        path=(f"{path}?{masker.query(query)}" if query else path)[:500],
        status=call.status,
        failed=call.failed,
        key=masker.plain(call.key)[:60],
        text=masker.text(call.text, 300),
        duration_ms=Decimal(f"{min(call.duration_ms, 9e8):.1f}"),
        correlation_id=masker.plain(call.correlation_id)[:64],
    )


def _identify(
    entry: Interaction, sources: list[dict[str, Any]], masker: Masker, is_card: Callable[[str], bool]
) -> None:
    number = next((text for source in sources for text in _values(source, _NUMBER) if is_card(text)), "")
    entry.card_number = masker.plain(number)[:40]
    entry.till = masker.plain(_first(sources, _TILL))[:40]
    entry.purchase_id = masker.plain(_first(sources, _PURCHASE))[:80]


def _items(
    call: Call, entry: Interaction, asked: Any, masker: Masker, is_card: Callable[[str], bool]
) -> Iterator[Interaction]:
    """Yield an entry for each refused item of a batch, so that a search for its receipt finds the reason."""
    sent = _sent(asked) if call.items else {}
    for item in call.items:
        purchase_id = str(item.get("PurchaseId", ""))
        own = Interaction(
            **_BLANK, recorded_at=call.recorded_at, surface=entry.surface, login=entry.login, role=entry.role,
            address=entry.address, method=entry.method, path=entry.path, status=entry.status, failed=True,
            key=masker.plain(str(item.get("Key", "")))[:60], text=masker.text(str(item.get("Value", "")), 300),
            duration_ms=entry.duration_ms, correlation_id=entry.correlation_id,
        )  # fmt: skip
        _identify(own, [sent.get(purchase_id, {}), {"PurchaseId": purchase_id}], masker, is_card)
        yield own


def _sent(asked: Any) -> dict[str, dict[str, Any]]:
    purchases = _value(asked, "purchases") if isinstance(asked, dict) else None
    listed = purchases if isinstance(purchases, list) else []
    return {str(_value(each, "purchaseid")).strip(): each for each in listed if isinstance(each, dict)}


def _read(content: bytes) -> Any:
    return masking.parse(content) if content and len(content) <= LARGEST_READ else None


def _body(content: bytes, value: Any, masker: Masker) -> str:
    if not content:
        return ""
    if len(content) > LARGEST_READ:
        return f"{len(content)} bytes, too many to be kept"
    if value is None:
        # Broken JSON hides its names from any mask: what is left is how it is built.
        return masking.shape(content[:8_000].decode(errors="replace"))
    return masker.value(value)


def _value(source: Mapping[str, Any], name: str) -> Any:
    return next((value for key, value in source.items() if str(key).lower().replace("_", "") == name), None)


def _values(source: dict[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    """Yield the texts under names of an object and of the objects in it, one level down."""
    for each in (source, *(value for value in source.values() if isinstance(value, dict))):
        for name in names:
            value = _value(each, name)
            if isinstance(value, str | int) and not isinstance(value, bool):
                yield str(value).strip()


def _first(sources: list[dict[str, Any]], names: tuple[str, ...]) -> str:
    return next((text for source in sources for text in _values(source, names) if text), "")


def _is_code(text: str) -> bool:
    try:
        return bool(identifiers.read_code(text))
    except ContactCodeInvalid:
        return False


def _card_check() -> Callable[[str], bool]:
    global _formats  # noqa: PLW0603 - what this process remembers
    if _formats[0] < time.monotonic():
        _formats = (time.monotonic() + FORMATS_SECONDS, cards.number_formats())
    formats = _formats[1]
    return lambda text: numbers.has_format(text, formats)


def _known_logins(calls: list[Call]) -> set[str]:
    claimed = {call.login for call in calls if call.stranger and 0 < len(call.login) <= 40 and "\x00" not in call.login}
    return set(ApiClient.objects.filter(login__in=claimed).values_list("login", flat=True)) if claimed else set()
