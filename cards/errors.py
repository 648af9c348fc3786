"""What can be wrong with a card."""

from loyalty.core.errors import LoyaltyError


class CardNumberInvalid(LoyaltyError):
    code = "CardNumberInvalid"
    message = "This is not a card number: check the digits, the last one is a check digit."


class CardNotFound(LoyaltyError):
    code = "CardNotFound"
    message = "No card has this number."


class CardUnbound(LoyaltyError):
    code = "CardUnbound"
    message = "This card belongs to no customer yet."


class ContactWithoutCard(LoyaltyError):
    code = "ContactWithoutCard"
    message = "The customer has no card."


class OnlyBlockedCard(LoyaltyError):
    code = "OnlyBlockedCard"
    message = "The customer's only card is blocked."


class CardStatusRefused(LoyaltyError):
    """`status`: the card's; `action`: what was asked."""

    code = "CardStatusRefused"
    message = "The card's status does not allow this."


class CardBoundToAnother(LoyaltyError):
    code = "CardBoundToAnother"
    message = "This card belongs to another customer."


class BlockReasonForbidden(LoyaltyError):
    code = "BlockReasonForbidden"
    message = "This role may not block this card for this reason."


class UnblockReasonForbidden(LoyaltyError):
    code = "UnblockReasonForbidden"
    message = "This role may not unblock this card with this reason."


class ContactHasAnotherCard(LoyaltyError):
    code = "ContactHasAnotherCard"
    message = "The customer has another card. Block that one for replacement first."


class ContactCardBlocked(LoyaltyError):
    code = "ContactCardBlocked"
    message = "The customer's card is blocked. It must be unblocked or replaced first."


class PoolEmpty(LoyaltyError):
    code = "PoolEmpty"
    message = "There is no free card number. Add numbers to the pool."


class CardNotReserved(LoyaltyError):
    code = "CardNotReserved"
    message = "This number is not reserved, or the reservation has ended. Ask for a new number."


class CardTaken(LoyaltyError):
    code = "CardTaken"
    message = "This number already belongs to a customer."
