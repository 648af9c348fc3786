"""What a merged customer held at any past moment: its own until then, and while it lasts that of whom it became."""

from datetime import datetime
from decimal import Decimal

from customers.models import Contact
from loyalty.selectors import balance_history
from tests.factories import CardFactory
from tests.people.conftest import MOSCOW, buy, merge, unmerge


def escrow(contact: Contact, moment: datetime) -> Decimal:
    return balance_history.of_code(contact.code, moment, MOSCOW)[1].amount


def test_a_code_tells_who_was_meant_by_it_at_the_moment(story_clock):
    first, second, third = (CardFactory().contact for _ in range(3))
    for contact, amount in ((first, "500.00"), (second, "70.00"), (third, "3.00")):
        buy(contact.cards.get(), f"R-{amount}", amount)
    apart = story_clock.moment
    two = story_clock.forward(days=1)
    inner = merge(second.pk, third.pk)
    three = story_clock.forward(days=1)
    outer = merge(first.pk, second.pk)
    story_clock.forward(days=1)
    unmerge(outer)
    again_two = story_clock.forward(days=1)
    unmerge(inner)
    again_apart = story_clock.moment
    told = [[escrow(each, moment) for each in (first, second, third)] for moment in (
        apart, two, three, again_two, again_apart
    )]  # fmt: skip
    assert told == [[500, 70, 3], [500, 73, 73], [573, 573, 573], [500, 70, 3], [500, 70, 3]]
    assert escrow(third, again_two.replace(hour=11)) == 73
