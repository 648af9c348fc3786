"""What can be wrong with a promotion."""

from loyalty.core.errors import InvalidParameter, LoyaltyError


class PromotionNotFound(LoyaltyError):
    code = "PromotionNotFound"
    message = "There is no such promotion."


class PromotionStatusRefused(LoyaltyError):
    """`status`: the promotion's; `action`: what was asked - change, go_live, pause, end."""

    code = "PromotionStatusRefused"
    message = "The promotion's status does not allow this."


class PromotionTriggerChanged(LoyaltyError):
    """`trigger`: what makes the promotion give now. Each trigger asks for other terms."""

    code = "PromotionTriggerChanged"
    message = "Somebody has changed meanwhile what makes this promotion give."


class StoresUnknown(InvalidParameter):
    """`name`: stores; `unknown`: the codes that no store has."""

    code = "StoresUnknown"
    message = "No store has this code."


class PromoCodeMisspelled(LoyaltyError):
    code = "PromoCodeMisspelled"
    message = "A character of the code is wrong. Compare it with what is printed and type it again."


class PromoCodeUnknown(LoyaltyError):
    code = "PromoCodeUnknown"
    message = "There is no such promo code."


class PromoCodeNotValidNow(LoyaltyError):
    code = "PromoCodeNotValidNow"
    message = "This promo code cannot be used at this moment."


class PromoCodeExpired(LoyaltyError):
    code = "PromoCodeExpired"
    message = "This promo code has expired."


class PromoCodeExhausted(LoyaltyError):
    code = "PromoCodeExhausted"
    message = "This promo code is used up."


class PromoCodeAlreadyUsed(LoyaltyError):
    code = "PromoCodeAlreadyUsed"
    message = "This customer has used the promo code already."


class PromoCodeNotForCustomer(LoyaltyError):
    code = "PromoCodeNotForCustomer"
    message = "This promo code is meant for other customers."


class PromoCodeTaken(InvalidParameter):
    """`name`: code; `promotion`: the name of the promotion that has it."""

    code = "PromoCodeTaken"
    message = "This code exists already."


class ReceiptQrInvalid(InvalidParameter):
    """`name`: the key of the QR code that is missing, repeated or wrong."""

    code = "ReceiptQrInvalid"
    message = "This is not the QR code of a fiscal receipt."


class ReceiptKindRefused(LoyaltyError):
    """`kind`: 2 return of a sale, 3 expense, 4 return of an expense."""

    code = "ReceiptKindRefused"
    message = "Only the receipt of a sale is accepted, not that of a return or an expense."


class ReceiptFromFuture(LoyaltyError):
    code = "ReceiptFromFuture"
    message = "The receipt's time lies in the future."


class ReceiptTooOld(LoyaltyError):
    code = "ReceiptTooOld"
    message = "The receipt is too old to be accepted."


class ReceiptSentBefore(LoyaltyError):
    """Says nothing of who sent it: it may have been another customer."""

    code = "ReceiptSentBefore"
    message = "This receipt was sent before."


class AudienceNotFound(LoyaltyError):
    code = "AudienceNotFound"
    message = "There is no such audience."


class AudienceInUse(LoyaltyError):
    """`promotion`: the name of one that has been live for this audience."""

    code = "AudienceInUse"
    message = "A promotion has been live for this audience: its conditions stay. Make a copy and change that."


class AudienceTooSlow(LoyaltyError):
    """`seconds`: how long was waited."""

    code = "AudienceTooSlow"
    message = "Counting this audience takes too long now."


class SegmentNotFound(LoyaltyError):
    code = "SegmentNotFound"
    message = "There is no such segment."


class CodesTooShort(InvalidParameter):
    """`name`: length; `least` and `most`: the characters that so many codes may have."""

    code = "CodesTooShort"
    message = "Codes so short could be guessed."
