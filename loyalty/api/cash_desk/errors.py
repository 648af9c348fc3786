"""Our errors in the words of specs/cash_desk.md: one table from our classes to the Keys of the envelope."""

from collections.abc import Mapping

from cards.errors import (
    BlockReasonForbidden,
    CardBoundToAnother,
    CardNotFound,
    CardNumberInvalid,
    CardStatusRefused,
    ContactHasAnotherCard,
    UnblockReasonForbidden,
)
from customers.errors import ContactCodeInvalid, ContactNotFound, PhoneInvalid
from loyalty.api.json_body import MalformedJson
from loyalty.core.errors import (
    Busy,
    InsufficientPoints,
    InvalidParameter,
    LimitExceeded,
    LoyaltyError,
    OperationConflict,
    RequiredParameterMissing,
)
from loyalty.selectors.purchases import PurchaseNotFound
from loyalty.services.errors import HoldNotFound, HoldResolved, RefundExceedsPurchase

Keys = Mapping[type[LoyaltyError], str]

KEYS: Keys = {
    RequiredParameterMissing: "RequiredParameterNotSpecified",
    InvalidParameter: "InvalidParameter",
    PhoneInvalid: "InvalidMobileNumber",
    ContactNotFound: "CannotFindMobile",
    ContactCodeInvalid: "InvalidContactCode",
    CardNumberInvalid: "InvalidCardNumber",
    CardNotFound: "CannotFindCardNumber",
    CardBoundToAnother: "CardNumberBindToAnotherContact",
    ContactHasAnotherCard: "ContactBindToAnotherCardNumber",
    BlockReasonForbidden: "BlockReasonError",
    UnblockReasonForbidden: "UnBlockReasonError",
    CardStatusRefused: "StatusError",
    InsufficientPoints: "InsufficientBonuses",
    OperationConflict: "OperationConflict",
    # OWN: the specification speaks of limits and has no Key for them.
    LimitExceeded: "LimitExceeded",
    PurchaseNotFound: "CannotFindPurchase",
    RefundExceedsPurchase: "RefundExceedsPurchase",
    HoldNotFound: "InvalidParameter",
    HoldResolved: "StatusError",
    # Only inside a batch: a whole call that cannot be read, or meets a busy row, is answered by its HTTP code.
    MalformedJson: "InvalidRequest",
    Busy: "Busy",
}
"""Class of the error -> Key; the calls that spell a Key in their own way override it below."""

ISSUE_KEYS: Keys = {**KEYS, CardNotFound: "CardNumberCannotFind"}
BALANCE_BY_PHONE_KEYS: Keys = {**KEYS, ContactNotFound: "CannotFindMobileNumber"}
BALANCE_BY_CODE_KEYS: Keys = {**KEYS, ContactNotFound: "CannotFindContactCode"}

PURCHASE_KEYS: Keys = {**KEYS, CardNumberInvalid: "InvalidParameter", PhoneInvalid: "InvalidParameter"}
"""The purchase service has no Key of its own for a malformed number or phone: it names the parameter."""

_NAMES: Mapping[type[LoyaltyError], str] = {
    CardNumberInvalid: "Number",
    PhoneInvalid: "MobileNumber",
    HoldNotFound: "HoldId",
}


def key_and_value(error: LoyaltyError, keys: Keys) -> tuple[str, str]:
    """Return the envelope's Key and Value; the Value of InvalidParameter begins with the parameter's name."""
    key = keys.get(type(error), error.code)
    if key == "InvalidParameter":
        name = error.data.get("name") or _NAMES.get(type(error), "")
        return key, f"{name}: {error.text}" if name else error.text
    return key, error.text
