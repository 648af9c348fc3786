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
