"""Who may block and unblock a card, for what: the tables of specs/cash_desk.md, to be laid beside it. Pure."""

from enum import IntEnum

from loyalty.core.roles import Role


class BlockReason(IntEnum):
    """Codes of specs/cash_desk.md, Block reason."""

    LOSS = 0
    UNWANTED = 1
    BLACK_LIST = 2
    REFUSAL = 3
    REPLACEMENT = 4


class UnblockReason(IntEnum):
    """Codes of specs/cash_desk.md, Unblock reason. Each is the pair of the block reason with the same code."""

    FOUND = 0
    EXIT_UNWANTED = 1
    EXIT_BLACK_LIST = 2
    AFTER_REFUSAL = 3


BLOCK_NAMES = {
    BlockReason.LOSS: "Loss of the card",
    BlockReason.UNWANTED: "Getting into the list of unwanted customers",
    BlockReason.BLACK_LIST: "Getting into the black list",
    BlockReason.REFUSAL: "Refusal to use",
    BlockReason.REPLACEMENT: "Replacing the card",
}
UNBLOCK_NAMES = {
    UnblockReason.FOUND: "Finding the card",
    UnblockReason.EXIT_UNWANTED: "Exit from the list of unwanted customers",
    UnblockReason.EXIT_BLACK_LIST: "Exit from the black list",
    UnblockReason.AFTER_REFUSAL: "Restoration of the card after refusal to use",
}

Y, n = True, False
# fmt: off
MAY_BLOCK: dict[Role, tuple[bool, ...]] = {
    #                      0 Loss  1 Unwanted  2 Black list  3 Refusal  4 Replacement
    Role.TILL:            (n,      n,          n,            n,         n),
    Role.CLIENT:          (Y,      n,          n,            n,         n),
    Role.CC_OPERATOR:     (Y,      n,          n,            Y,         Y),
    Role.MARKETER:        (Y,      n,          n,            Y,         Y),
    Role.SENIOR_EMPLOYEE: (Y,      Y,          n,            n,         Y),
    Role.DIRECTOR:        (Y,      Y,          Y,            n,         Y),
    Role.ADMINISTRATOR:   (Y,      Y,          Y,            Y,         Y),
}
MAY_UNBLOCK: dict[Role, tuple[bool, ...]] = {
    #                      0 Found  1 Exit unwanted  2 Exit black list  3 After refusal
    Role.TILL:            (n,       n,               n,                 n),
    Role.CLIENT:          (Y,       n,               n,                 n),
    Role.CC_OPERATOR:     (Y,       n,               n,                 Y),
    Role.MARKETER:        (Y,       n,               n,                 Y),
    Role.SENIOR_EMPLOYEE: (Y,       Y,               n,                 n),
    Role.DIRECTOR:        (Y,       Y,               Y,                 n),
    Role.ADMINISTRATOR:   (Y,       Y,               Y,                 Y),
}
# fmt: on


def may_block(role: Role, reason: BlockReason) -> bool:
    """Tell whether a role may block a card for a reason."""
    return MAY_BLOCK[role][reason]


def may_unblock(role: Role, reason: UnblockReason, blocked_for: BlockReason, blocked_by: Role) -> bool:
    """Tell whether a role may unblock with a reason a card blocked for `blocked_for` by the role `blocked_by`.

    The reasons must be a pair; a replaced card is never unblocked; what an administrator has blocked only an
    administrator unblocks.
    """
    if blocked_for == BlockReason.REPLACEMENT or reason.value != blocked_for.value:
        return False
    if blocked_by == Role.ADMINISTRATOR and role != Role.ADMINISTRATOR:
        return False
    return MAY_UNBLOCK[role][reason]
