"""The turns of a shopper's life beside its visits: codes, a lost card, leaving, and a second record of the same person.

All from the seed, and from a source of chance of its own. They touch nobody else: shoppers are shared out to processes.
"""

import random
from dataclasses import dataclass
from enum import Enum

TYPES_A_CODE, LOSES_THE_CARD, LEAVES, COMES_AGAIN, HAS_A_SECOND_CARD, WAS_TWO = 0.3, 0.08, 0.08, 0.8, 0.08, 0.5
"""How many shoppers do so; of those who leave, and of those who were merged, how many come again and are two again."""

_FIRST_SECOND = 5 * 3600
_SECOND_CARD_BUYS = 3


class Act(Enum):
    """What happens, in the order of a day on which several things do: before the shops open."""

    TYPE_A_CODE = 1
    LOSE_THE_CARD = 2
    LEAVE = 3
    COME_AGAIN = 4
    GET_A_SECOND_CARD = 5
    BUY_WITH_IT = 6
    BECOME_ONE = 7
    BECOME_TWO = 8


@dataclass(frozen=True, slots=True)
class Turn:
    """What happens on which day."""

    day: int
    act: Act

    @property
    def second(self) -> int:
        """The second of the day; purchases are made later in it, by the second card too."""
        return _FIRST_SECOND + 600 * self.act.value + (8 * 3600 if self.act == Act.BUY_WITH_IT else 0)


def of(seed: int, serial: int, joins: int, days: int) -> list[Turn]:
    """Return the turns of a shopper that joins on a day and lives until another, in the order of the days."""
    chance = random.Random(f"{seed}:{serial}:turns")  # noqa: S311 - a story, not a secret
    life = range(joins + 1, max(days, joins + 2))

    def begins(share: float) -> int | None:
        happens, day = chance.random() < share, chance.choice(life)
        return day if happens else None

    turns = [Turn(day, act) for share, act in ((TYPES_A_CODE, Act.TYPE_A_CODE), (LOSES_THE_CARD, Act.LOSE_THE_CARD))
             if (day := begins(share)) is not None]  # fmt: skip
    if (left := begins(LEAVES)) is not None:
        turns.append(Turn(left, Act.LEAVE))
        if chance.random() < COMES_AGAIN:
            turns.append(Turn(left + chance.randint(3, 120), Act.COME_AGAIN))
    if (second := begins(HAS_A_SECOND_CARD)) is not None:
        turns += _second_card(chance, second)
    return sorted((each for each in turns if each.day < days), key=lambda each: (each.day, each.act.value))


def _second_card(chance: random.Random, day: int) -> list[Turn]:
    one = day + chance.randint(5, 90)
    turns = [Turn(day, Act.GET_A_SECOND_CARD), Turn(one, Act.BECOME_ONE)]
    turns += [Turn(chance.randrange(day, one), Act.BUY_WITH_IT) for _ in range(_SECOND_CARD_BUYS)]
    if chance.random() < WAS_TWO:
        turns.append(Turn(one + chance.randint(3, 200), Act.BECOME_TWO))
    return turns
