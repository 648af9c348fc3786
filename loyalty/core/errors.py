"""One family of errors for every rule of the platform: a stable code and the data behind it.

A surface turns a code into its partner's words in its own `errors.py`; nothing else does.
"""

from typing import Any, ClassVar


class LoyaltyError(Exception):
    """A refusal by a rule: nothing was written. `code` is stable; `data` says what to do next."""

    code: ClassVar[str] = "LoyaltyError"
    message: ClassVar[str] = "The request was refused."

    def __init__(self, message: str | None = None, **data: Any) -> None:
        self.data = data
        self.text = message or self.message
        super().__init__(self.text)


class RequiredParameterMissing(LoyaltyError):
    """`names`: the list of every missing parameter."""

    code = "RequiredParameterMissing"
    message = "A required parameter is missing."


class InvalidParameter(LoyaltyError):
    """`name`: the parameter; the text says what is wrong with it."""

    code = "InvalidParameter"
    message = "A parameter has a wrong value."


class OperationConflict(LoyaltyError):
    """The same key came with other content."""

    code = "OperationConflict"
    message = "This id was already used with other content."


class InsufficientPoints(LoyaltyError):
    """`available`: what could be spent."""

    code = "InsufficientPoints"
    message = "There are not enough points."


class PointsPassedOn(LoyaltyError):
    """A merge inside another: what was returned meanwhile cannot be told apart any more."""

    code = "PointsPassedOn"
    message = "Points of this customer went on to a third one, and part of them was returned there."


class LimitExceeded(LoyaltyError):
    """`scope`, `what`, `measure`, `bound`: the limit of the day that this call would break."""

    code = "LimitExceeded"
    message = "A limit of the day is reached."


class Busy(LoyaltyError):
    """A row stayed locked beyond the lock time-out: the same call may be sent again."""

    code = "Busy"
    message = "The record is being changed by another call; please repeat in a second."


class PermissionRefused(LoyaltyError):
    """The actor's role does not include this act."""

    code = "PermissionRefused"
    message = "This role may not do that."
