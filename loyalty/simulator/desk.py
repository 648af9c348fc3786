"""What happens at the call centre and in the app beside buying, by the same use cases as the doors call."""

from cards import selectors as cards
from cards.models import Card, CardCategory
from loyalty.core import actors
from loyalty.core.roles import Role
from loyalty.models import Merge
from loyalty.services import membership, merging, promo_codes, replacement, unmerging
from loyalty.simulator.marketing import CODE
from loyalty.simulator.people import Shopper

_BOSS = actors.staff("simulated-administrator", Role.ADMINISTRATOR.value)
_APP = actors.client("simulated-app", "", "koshelek")


def leave(shopper: Shopper) -> None:
    """Let the shopper leave the programme."""
    membership.leave_programme(_BOSS, Role.ADMINISTRATOR, shopper.contact_id, "wants no more letters")


def come_again(shopper: Shopper) -> None:
    """Enrol one who left."""
    membership.enrol_contact(_BOSS, Role.ADMINISTRATOR, shopper.contact_id, "came again")


def type_a_code(shopper: Shopper) -> None:
    """Let the shopper type the code of the posters."""
    promo_codes.redeem(_APP, phone="", number=shopper.number, code=CODE)


def replace_card(shopper: Shopper) -> None:
    """Give the shopper the plastic card that waits for it, in place of the one it has lost."""
    new = Card.objects.filter(category=CardCategory.PLASTIC).order_by("id")[shopper.serial].number
    replacement.replace_card(
        _BOSS, Role.ADMINISTRATOR, number=shopper.number, new_number=new, reason_name="lost on the bus"
    )
    look_at_card(shopper)


def become_one(shopper: Shopper, second: Shopper) -> None:
    """Merge the second record of the shopper into the first."""
    merging.merge_contacts(_BOSS, Role.ADMINISTRATOR, shopper.contact_id, second.contact_id, "one person")
    look_at_card(shopper)


def become_two(shopper: Shopper, second: Shopper) -> None:
    """Undo that merge: they were two people, after all."""
    merge = Merge.objects.get(survivor=shopper.contact_id, absorbed=second.contact_id, undone_at=None)
    unmerging.unmerge_contacts(_BOSS, Role.ADMINISTRATOR, merge.pk, "a father and his son")
    look_at_card(shopper)
    look_at_card(second)


def look_at_card(shopper: Shopper) -> None:
    """Take the card that the shopper has by now."""
    held = [card.number for card in cards.of_contact(shopper.contact_id) if not card.blocked_for_good]
    shopper.number = held[0] if held else shopper.number
