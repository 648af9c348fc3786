"""The transition table of specs/cash_desk.md (columns issue, bindto, active), row by row. Pure."""

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


TRANSITIONS: dict[State, dict[str, Outcome]] = {
    State.NEW: {"issue": Outcome.CHANGE, "bindto": Outcome.REFUSE, "active": Outcome.REFUSE},
    State.ISSUED_UNBOUND: {"issue": Outcome.NO_CHANGE, "bindto": Outcome.CHANGE, "active": Outcome.REFUSE},
    State.ISSUED_INSUFFICIENT: {
        "issue": Outcome.NO_CHANGE,
        "bindto": Outcome.NO_CHANGE,
        "active": Outcome.REFUSE,
    },
    State.ISSUED_SUFFICIENT: {
        "issue": Outcome.NO_CHANGE,
        "bindto": Outcome.NO_CHANGE,
        "active": Outcome.CHANGE,
    },
    State.ACTIVE: {"issue": Outcome.REFUSE, "bindto": Outcome.NO_CHANGE, "active": Outcome.NO_CHANGE},
    State.BLOCKED: {"issue": Outcome.REFUSE, "bindto": Outcome.REFUSE, "active": Outcome.REFUSE},
}


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
    """Return what `method` (issue, bindto, active) does with a card."""
    return TRANSITIONS[state_of(card, data_suffice)][method]
