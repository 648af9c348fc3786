"""What can be wrong with a purchase, a hold, an adjustment, a merge."""

from loyalty.core.errors import InvalidParameter, LoyaltyError


class RefundExceedsPurchase(LoyaltyError):
    code = "RefundExceedsPurchase"
    message = "More would come back than was bought."


class HoldNotFound(LoyaltyError):
    code = "HoldNotFound"
    message = "No hold has this id."


class HoldResolved(LoyaltyError):
    code = "HoldResolved"
    message = "This hold was captured, voided, or has timed out."


class BonusesOnHold(LoyaltyError):
    """`until`: when the hold ends by itself."""

    code = "BonusesOnHold"
    message = "A till is holding bonuses of this customer, or waits to send the receipt of a payment with them."


class NotEnrolled(LoyaltyError):
    code = "NotEnrolled"
    message = "This customer does not take part in the programme, or left it before."


class EnrolledAlready(LoyaltyError):
    code = "EnrolledAlready"
    message = "This customer takes part in the programme already."


class NotConfirmed(LoyaltyError):
    code = "NotConfirmed"
    message = "What was typed to confirm it is not the customer's code."


class MergeWithItself(LoyaltyError):
    code = "MergeWithItself"
    message = "This is the same customer."


class MergeNotFound(LoyaltyError):
    code = "MergeNotFound"
    message = "There is no such merge."


class MergeUndone(LoyaltyError):
    code = "MergeUndone"
    message = "This merge was undone already."


class MergeNotLast(LoyaltyError):
    """`later`: the merge that has to be undone first, by its public id."""

    code = "MergeNotLast"
    message = "A later merge builds on this one. Undo that one first."


class AdjustmentDecided(LoyaltyError):
    """`status`: what became of the request."""

    code = "AdjustmentDecided"
    message = "This request has been decided already."


class OwnAdjustment(LoyaltyError):
    code = "OwnAdjustment"
    message = "Nobody approves or refuses their own request."


class FiscalDriveInvalid(InvalidParameter):
    """`number`: what is no fiscal drive, "" when there is none; `elsewhere`: it is one, and not this store's."""

    code = "FiscalDriveInvalid"
    message = "A fiscal drive has 16 digits, and belongs to the store it is taken from."


class TooManyWrongCodes(LoyaltyError):
    """`retry_after`: seconds until this customer may try again."""

    code = "TooManyWrongCodes"
    message = "This customer has typed too many wrong codes."
