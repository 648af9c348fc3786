"""The published error codes of the wallet API: one for each cause, never reused, never renumbered.

1xxx the call itself, 2xxx its values, 3xxx customers, 4xxx cards, 5xxx promo codes, 6xxx receipts. `error` is our own
name of the cause.
"""

from dataclasses import dataclass

from loyalty.core.errors import LoyaltyError


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. With `detailed`, the answer's description tells the case, as `description` begins."""

    code: str
    status: int
    error: str
    description: str
    detailed: bool = False


TABLE = (
    Row("1001", 401, "Unauthorized", "Wrong or missing credentials. Check login and secret of the API client."),
    Row("1002", 403, "Forbidden", "This credential may not call this."),
    Row("1003", 404, "NotFound", "There is nothing at this address. Check the path."),
    Row("1004", 405, "MethodNotAllowed", "This address takes another method; see the header Allow."),
    Row("1005", 413, "TooLarge", "The body is too large."),
    Row("1006", 429, "TooManyRequests", "Too many wrong credentials. Wait as long as Retry-After says."),
    Row("1007", 503, "Busy", "The service or the record is busy. Nothing was changed; repeat the same call."),
    Row("1008", 500, "InternalError", "A fault on our side. Nothing was changed; tell us the time of the call."),
    Row("1009", 422, "InvalidRequest", "The request cannot be read."),
    Row("1010", 422, "MalformedJson", "The body is not a JSON object.", detailed=True),
    Row("2001", 422, "RequiredParameterMissing", "A required parameter is missing.", detailed=True),
    Row("2002", 422, "InvalidParameter", "A parameter has a wrong value.", detailed=True),
    Row("2003", 422, "PhoneInvalid", "This is not a phone number.", detailed=True),
    Row("2004", 422, "EmailInvalid", "This is not an e-mail address.", detailed=True),
    Row("3001", 422, "SeveralContacts", "Several customers fit. Support must find out which one this is."),
    Row("3002", 422, "BirthDateFitsNone", "Several customers fit, and none of them has this birth date. Ask support."),
    Row("3003", 422, "PhoneBelongsToAnother", "This phone number belongs to another customer. Ask support."),
    Row(
        "3004", 422, "ContactNotFound", "No customer fits. Check the phone; with a card number it must be its holder's."
    ),
    Row("3005", 422, "ContactBlocked", "The customer is blocked. Ask support."),
    Row("4001", 422, "CardNumberInvalid", "This is not a card number: check the digits."),
    Row("4002", 422, "CardNotFound", "No card has this number."),
    Row("4003", 422, "CardUnbound", "This card belongs to no customer yet."),
    Row("4004", 422, "OnlyBlockedCard", "The customer's only card is blocked. Ask support to unblock or replace it."),
    Row("4005", 422, "ContactCardBlocked", "The customer's card is blocked. Unblock it, or block it for replacement."),
    Row("4006", 422, "ContactHasAnotherCard", "The customer has another card already. Find it by phone."),
    Row("4007", 422, "CardNotReserved", "This number is not reserved, or the hold has ended. Reserve a new number."),
    Row("4008", 422, "CardTaken", "This number was given to a customer already. Reserve a new number."),
    Row("4009", 422, "PoolEmpty", "There is no free card number. The retailer must add numbers to the pool."),
    Row("4010", 422, "ContactWithoutCard", "The customer has no card. Issue one first."),
    Row("4099", 422, "LoyaltyError", "The request was refused by a rule of the programme."),
    Row("5001", 422, "PromoCodeMisspelled", "A character is wrong. Compare the code with the print and type it again."),
    Row("5002", 422, "PromoCodeUnknown", "There is no such promo code. Check where it comes from."),
    Row(
        "5003", 422, "PromoCodeNotValidNow", "The promo code cannot be used now. Look up its terms and try again later."
    ),
    Row("5004", 422, "PromoCodeExpired", "The promo code has expired. It gives nothing any more."),
    Row("5005", 422, "PromoCodeExhausted", "The promo code is used up: others were faster. It gives nothing any more."),
    Row(
        "5006", 422, "PromoCodeAlreadyUsed", "This customer has used it already, as often as allowed. See the balance."
    ),
    Row("5007", 422, "PromoCodeNotForCustomer", "The promo code is meant for other customers. Look up its terms."),
    Row("5008", 429, "TooManyWrongCodes", "This customer typed too many wrong codes. Wait as Retry-After says."),
    Row("6001", 422, "ReceiptQrInvalid", "This is not the QR code of a fiscal receipt.", detailed=True),
    Row("6002", 422, "ReceiptKindRefused", "Only the receipt of a sale is accepted, not of a return or an expense."),
    Row("6003", 422, "ReceiptFromFuture", "The receipt's time lies in the future. Check the clock of the till."),
    Row("6004", 422, "ReceiptTooOld", "The receipt is too old to be accepted."),
    Row("6005", 422, "ReceiptSentBefore", "This receipt was sent before. It counts once."),
)

_ROWS = {row.error: row for row in TABLE}


def row_of(name: str) -> Row:
    """Return the line of a cause; an unknown one gets the last line of the table."""
    return _ROWS.get(name) or _ROWS[LoyaltyError.code]


def body_of(row: Row, text: str) -> dict[str, str]:
    """Return the error body: `text` where the line is detailed, else the line's own description."""
    return {"code": row.code, "description": text if row.detailed and text else row.description}


def as_markdown() -> str:
    """Return the table for the page of the API."""
    rows = "\n".join(f"| `{row.code}` | {row.status} | {row.error} | {row.description} |" for row in TABLE)
    return f"| Code | HTTP | Cause | Description |\n|---|---|---|---|\n{rows}"
