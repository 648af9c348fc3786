"""What can be wrong with a contact."""

from loyalty.core.errors import LoyaltyError


class PhoneInvalid(LoyaltyError):
    code = "PhoneInvalid"
    message = "This is not a phone number. Write it with the country code, like +7 900 123-45-67."


class EmailInvalid(LoyaltyError):
    code = "EmailInvalid"
    message = "This is not an e-mail address."


class ContactCodeInvalid(LoyaltyError):
    code = "ContactCodeInvalid"
    message = "This is not a contact code. It is C and digits, the last one a check digit."


class ContactNotFound(LoyaltyError):
    """`by`: phone, code or id."""

    code = "ContactNotFound"
    message = "No customer was found."


class PhoneBelongsToAnother(LoyaltyError):
    code = "PhoneBelongsToAnother"
    message = "This phone number belongs to another customer."


class ExternalIdBelongsToAnother(LoyaltyError):
    code = "ExternalIdBelongsToAnother"
    message = "This external id belongs to another customer."


class SeveralContacts(LoyaltyError):
    code = "SeveralContacts"
    message = "Several customers fit."


class BirthDateFitsNone(LoyaltyError):
    code = "BirthDateFitsNone"
    message = "Several customers fit, and none of them has this birth date."


class ContactMerged(LoyaltyError):
    """`code`: of the contact that this one is now."""

    code = "ContactMerged"
    message = "This customer was merged with another one. Open that one instead."


class ContactErased(LoyaltyError):
    code = "ContactErased"
    message = "The personal data of this customer were erased for good."


class ContactBlocked(LoyaltyError):
    code = "ContactBlocked"
    message = "The customer is blocked."


class ContactNotBlocked(LoyaltyError):
    code = "ContactNotBlocked"
    message = "The customer is not blocked."
