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
