"""What can be wrong with a promotion."""

from loyalty.core.errors import InvalidParameter, LoyaltyError


class PromotionNotFound(LoyaltyError):
    code = "PromotionNotFound"
    message = "There is no such promotion."


class PromotionStatusRefused(LoyaltyError):
    """`status`: the promotion's; `action`: what was asked - change, go_live, pause, end."""

    code = "PromotionStatusRefused"
    message = "The promotion's status does not allow this."


class StoresUnknown(InvalidParameter):
    """`name`: stores; `unknown`: the codes that no store has."""

    code = "StoresUnknown"
    message = "No store has this code."
