"""What can be wrong with a purchase or an adjustment."""

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


class AdjustmentDecided(LoyaltyError):
    """`status`: what became of the request."""

    code = "AdjustmentDecided"
    message = "This request has been decided already."


class OwnAdjustment(LoyaltyError):
    code = "OwnAdjustment"
    message = "Nobody approves or refuses their own request."


class TooManyWrongCodes(LoyaltyError):
    """`retry_after`: seconds until this customer may try again."""

    code = "TooManyWrongCodes"
    message = "This customer has typed too many wrong codes."
