"""What a rule's refusal says to a person: plain words, in the reader's language, with what to do next."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cards.models import CardStatus
from loyalty.admin import pages
from loyalty.core.errors import LoyaltyError

_PLAIN: dict[str, Any] = {
    "Busy": _("Somebody else is changing this record right now. Wait a second and press the button again."),
    "CardNotFound": _("No card has this number. Check the number with the customer."),
    "CardNumberInvalid": _("This is not a card number. Check the digits: the last one is a check digit."),
    "BlockReasonForbidden": _("Your role may not block this card for this reason."),
    "UnblockReasonForbidden": _(
        "Your role may not unblock this card with this reason, or somebody has changed the card meanwhile."
    ),
    "CardBoundToAnother": _("This card belongs to another customer. Take a card that belongs to nobody."),
    "ContactNotFound": _("No customer was found. Search by another phone, card number or code."),
    "PhoneInvalid": _("This is not a phone number. Write it with the country code, like +7 900 123-45-67."),
    "EmailInvalid": _("This is not an e-mail address. Write it like name@example.com."),
    "PhoneBelongsToAnother": _(
        "Another customer has this phone. Search for it in Contacts and settle with both whose it is."
    ),
    "PermissionRefused": _("Your role does not include this. Ask an administrator."),
    "PromotionNotFound": _("This promotion is gone. Look for it in the list."),
    "AudienceNotFound": _("This audience is gone. Look for it in the list."),
    "AudienceInUse": _(
        "A promotion has been live for this audience, so its conditions stay. Make a copy, change that, and make a new"
        " promotion for it."
    ),
    "SegmentNotFound": _("This segment is gone. Look for it in the list."),
    "AdjustmentDecided": _("Somebody has decided this request meanwhile. Its page says how."),
    "ContactMerged": _("This customer was merged with another one. Its page says with whom: open that one."),
    "ContactErased": _("The personal data of this customer were erased for good. Nothing can be changed any more."),
    "ContactBlocked": _("Somebody has blocked this customer already. The page shows it."),
    "ContactNotBlocked": _("Somebody has unblocked this customer already. The page shows it."),
    "ExternalIdBelongsToAnother": _("Another customer has got the external id meanwhile. Settle first whose it is."),
    "MergeWithItself": _("This is the same customer. Name the other one."),
    "MergeNotFound": _("There is no merge to undo. Somebody may have undone it meanwhile."),
    "MergeUndone": _("This merge was undone already."),
    "MergeNotLast": _("A later merge builds on this one: undo that one first, on the page of whom it made one."),
    "PointsPassedOn": _(
        "Points went on to a third customer and part of them was returned there: nobody can tell whose they are."
        " Settle it by adjusting points."
    ),
    "NotEnrolled": _("This customer does not take part in the programme. Enrol first."),
    "EnrolledAlready": _("This customer takes part in the programme already."),
    "NotConfirmed": _("This is not the customer's code. Type it as it stands above."),
    "OwnAdjustment": _("Nobody approves or refuses their own request. Ask a colleague who may."),
    "OperationConflict": _("This form was sent before with other content. Look at what it did, then open it anew."),
    "PromotionTriggerChanged": _(
        "Nothing was changed: somebody has changed meanwhile what makes this promotion give. Open the form again."
    ),
    "PromotionStatusRefused": _(
        "Somebody has changed the promotion's status meanwhile. Open its page again to see what it allows now."
    ),
}


_BLOCKING: dict[str, Any] = {
    "block": _("Only a card that is bound to a customer and not blocked yet can be blocked. Look at its page again."),
    "unblock": _("Only a blocked card can be unblocked. Somebody may have done it meanwhile: look at its page again."),
    "replace": _("This card belongs to nobody, or was replaced already. Look at its page again."),
    "replace_by": _("This is not a new card. Take one that belongs to nobody."),
}


def _card_status(error: LoyaltyError) -> str:
    if error.data.get("reserved"):
        return gettext("This number is reserved for a customer of the wallet. Take another one.")
    told = _BLOCKING.get(error.data.get("action", ""))
    if told is not None:
        return str(told)
    status = CardStatus(error.data["status"])
    if error.data.get("action") == "active":
        return {
            CardStatus.NEW: gettext("The card is New. Issue it and bind it to a customer first."),
            CardStatus.ISSUED: gettext(
                "The card is not bound, or the customer's data do not suffice."
                " Fill in what the card's page names as missing, then activate it."
            ),
            CardStatus.BLOCKED: gettext("The card is blocked. It must be unblocked first."),
        }.get(status, gettext("The card's status does not allow this."))
    if status == CardStatus.ACTIVE:
        return gettext("The card is Active already: there is nothing to issue.")
    return gettext("The card is blocked. It must be unblocked first.")


def _stores(error: LoyaltyError) -> str:
    told = gettext("No store has the code %(code)s. Correct it, or leave the list empty: that means every store.")
    return told % {"code": error.data["unknown"][0]}


def _drives(error: LoyaltyError) -> str:
    number = error.data["number"]
    if not number:
        return gettext("Enter at least one number, one a line.")
    if error.data.get("elsewhere"):
        return gettext("%(number)s is no fiscal drive of this store. Nothing was changed.") % {"number": number}
    told = gettext("%(number)s is no number of a fiscal drive: it has 16 digits. Nothing was changed.")
    return told % {"number": number}


def _insufficient(error: LoyaltyError) -> str:
    told = gettext("There are not enough points: %(points)s can be taken now. What a till has set aside is not.")
    return told % {"points": pages.amount(error.data["available"])}


def _on_hold(error: LoyaltyError) -> str:
    told = gettext("A till is in the middle of a payment with bonuses of this customer. Try again after %(moment)s.")
    return told % {"moment": pages.moment(error.data["until"])}


def _taken(error: LoyaltyError) -> str:
    told = gettext("This code exists already, with the promotion %(promotion)s. Choose another.")
    return told % {"promotion": error.data["promotion"]}


def _too_short(error: LoyaltyError) -> str:
    told = gettext("So many codes need %(least)s to %(most)s characters; shorter ones could be guessed.")
    return told % {"least": error.data["least"], "most": error.data["most"]}


_TOLD: dict[str, Callable[[LoyaltyError], str]] = {
    "BonusesOnHold": _on_hold,
    "CardStatusRefused": _card_status,
    "CodesTooShort": _too_short,
    "InsufficientPoints": _insufficient,
    "PromoCodeTaken": _taken,
    "StoresUnknown": _stores,
    "FiscalDriveInvalid": _drives,
}


def words(error: LoyaltyError) -> str:
    """Return the words for a refusal; a rule without words here speaks its own, translated when it can be."""
    told = _TOLD.get(error.code)
    if told is not None:
        return told(error)
    return str(_PLAIN.get(error.code) or gettext(error.text))
