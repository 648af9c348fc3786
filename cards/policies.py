"""The transition table of specs/cash_desk.md, row by row. Pure."""

from enum import Enum

from cards.models import Card, CardStatus


class State(Enum):
    """Rows of the table: the status, and for Issued whether the card is bound and the data suffice."""

    NEW = "New"
    ISSUED_UNBOUND = "Issued, unbound"
    ISSUED_INSUFFICIENT = "Issued, bound, data insufficient"
    ISSUED_SUFFICIENT = "Issued, bound, data sufficient"
    ACTIVE = "Active"
    BLOCKED = "Blocked"


class Outcome(Enum):
    """What a method does in a state."""

    CHANGE = "change"
    NO_CHANGE = "OK, no change"
    REFUSE = "StatusError"


change, keep, refuse = Outcome.CHANGE, Outcome.NO_CHANGE, Outcome.REFUSE
METHODS = ("issue", "bindto", "active", "block", "unblock")


# fmt: off
TRANSITIONS: dict[State, tuple[Outcome, ...]] = {
    #                           issue   bindto  active  block   unblock
    State.NEW:                 (change, refuse, refuse, refuse, refuse),
    State.ISSUED_UNBOUND:      (keep,   change, refuse, refuse, refuse),
    State.ISSUED_INSUFFICIENT: (keep,   keep,   refuse, change, refuse),
    State.ISSUED_SUFFICIENT:   (keep,   keep,   change, change, refuse),
    State.ACTIVE:              (refuse, keep,   keep,   change, refuse),
    State.BLOCKED:             (refuse, refuse, refuse, refuse, change),
}
# fmt: on


def state_of(card: Card, data_suffice: bool) -> State:
    """Return the row of the table a card stands in."""
    if card.status != CardStatus.ISSUED:
        return {
            CardStatus.NEW: State.NEW,
            CardStatus.ACTIVE: State.ACTIVE,
            CardStatus.BLOCKED: State.BLOCKED,
        }[CardStatus(card.status)]
    if card.contact_id is None:
        return State.ISSUED_UNBOUND
    return State.ISSUED_SUFFICIENT if data_suffice else State.ISSUED_INSUFFICIENT


def outcome(method: str, card: Card, data_suffice: bool) -> Outcome:
    """Return what `method` (one of METHODS) does with a card."""
    return TRANSITIONS[state_of(card, data_suffice)][METHODS.index(method)]
