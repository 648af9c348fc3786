"""What can be wrong with a purchase."""

from loyalty.core.errors import LoyaltyError


class RefundExceedsPurchase(LoyaltyError):
    code = "RefundExceedsPurchase"
    message = "More would come back than was bought."


class HoldNotFound(LoyaltyError):
    code = "HoldNotFound"
    message = "No hold has this id."


class HoldResolved(LoyaltyError):
    code = "HoldResolved"
    message = "This hold was captured, voided, or has timed out."


class TooManyWrongCodes(LoyaltyError):
    """`retry_after`: seconds until this customer may try again."""

    code = "TooManyWrongCodes"
    message = "This customer has typed too many wrong codes."
