"""The thirteen calls of the API (specs/koshelek.md, the table of calls)."""

from dataclasses import dataclass
from enum import StrEnum


class Standing(StrEnum):
    """How sure a rule is: stated by the vendor, built by partners that run against the app, or our own choice."""

    DOC = "DOC"
    SEEN = "SEEN"
    OWN = "OWN"


@dataclass(frozen=True, slots=True)
class Call:
    """One call: `path` has `{cardNumber}` where the number stands; `since` is the version of the API it came with."""

    number: int
    name: str
    method: str
    path: str
    since: str
    standing: Standing
    optional: bool = False

    @property
    def title(self) -> str:
        """Return what the table shows."""
        return f"{self.number} {self.name}"

    @property
    def written(self) -> str:
        """Return method and path."""
        return f"{self.method} {self.path}"


_DOC, _SEEN, _OWN = Standing.DOC, Standing.SEEN, Standing.OWN

FIND = Call(1, "find", "GET", "/v1/card", "1.0", _DOC)
CHANNELS = Call(2, "channels", "PUT", "/v1/card/{cardNumber}/communication", "1.0", _DOC)
BALANCE = Call(3, "balance", "GET", "/v1/card/{cardNumber}", "1.0", _SEEN)
UPDATE = Call(4, "update", "POST", "/v1/card/{cardNumber}", "1.0", _SEEN)
HISTORY = Call(5, "history", "GET", "/v1/card/{cardNumber}/purchases", "1.0", _SEEN)
RESERVE = Call(6, "reserve", "GET", "/v1/card/anonymous", "1.0", _SEEN)
REGISTER = Call(7, "register", "POST", "/v1/card/anonymous/{cardNumber}", "1.0", _SEEN)
ISSUE = Call(8, "issue", "POST", "/v1/card/anonymous", "1.2", _DOC)
PROMOTIONS = Call(9, "promotions", "GET", "/v1/card/{cardNumber}/promotions", "1.0", _OWN)
# The vendor documents the two lists and leaves it to the partner to serve them: not to serve them is a remark.
USERS = Call(10, "users", "GET", "/v1/card/getAllUsers", "1.0", _DOC, optional=True)
USERS_EXTENDED = Call(11, "users, extended", "GET", "/v1/card/getAllUsersExtended", "1.0", _DOC, optional=True)
RECEIPT = Call(12, "receipt", "POST", "/v1/promo/qrCode", "1.1", _DOC)
PROMO_CODE = Call(13, "promo code", "POST", "/v1/promo/code", "1.3", _DOC)

CALLS = (
    FIND, CHANNELS, BALANCE, UPDATE, HISTORY, RESERVE, REGISTER, ISSUE, PROMOTIONS, USERS, USERS_EXTENDED, RECEIPT,
    PROMO_CODE,
)  # fmt: skip
VERSIONS = ("1.0", "1.1", "1.2", "1.3")


def version(text: str) -> tuple[int, ...]:
    """Return a version as numbers that compare."""
    return tuple(int(part) for part in text.split("."))
