"""specs/role_matrix.csv: every cell of who may block and unblock, driven through HTTP."""

import csv
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from cards import blocking
from cards.models import BlockRecord, Card, CardStatus
from loyalty.core.roles import Role
from loyalty.ledger.models import BonusBalance
from loyalty.models import JournalEntry
from tests.api.cash_desk.desk import Desk, rows
from tests.factories import CardFactory

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[3]
MATRIX = ROOT / "tests" / "specifications" / "role_matrix.csv"
SPECIFICATION = ROOT.parent / "shared" / "specs" / "role_matrix.csv"
ACTIVE, BLOCKED = CardStatus.ACTIVE, CardStatus.BLOCKED
PREFIX = {"block": "Block", "unblock": "UnBlock"}


@dataclass(frozen=True)
class Cell:
    """One row of the file; the last two only for unblock."""

    action: str
    role: str
    reason: int
    blocked_for: int | None
    blocked_by: str
    allowed: bool

    def __str__(self) -> str:
        blocked = f"-after-{self.blocked_for}-by-{self.blocked_by}" if self.blocked_by else ""
        return f"{self.action}-{self.role}-{self.reason}{blocked}"


def cells() -> list[Cell]:
    with MATRIX.open(encoding="utf-8", newline="") as file:
        return [
            Cell(
                row["action"],
                row["role"],
                int(row["reason_code"]),
                int(row["blocked_for"]) if row["blocked_for"] else None,
                row["blocked_by"],
                {"yes": True, "no": False}[row["allowed"]],
            )
            for row in csv.DictReader(file)
        ]


CELLS = cells()


def blocker(cell: Cell) -> str:
    """The administrator, or somebody else whom the file lets block for this."""
    if cell.blocked_by == "administrator":
        return cell.blocked_by
    may = {each.role for each in CELLS if each.action == "block" and each.reason == cell.blocked_for and each.allowed}
    return sorted(may - {"administrator", "client"})[0]


def state(card: Card) -> tuple[object, ...]:
    """Everything that a refusal leaves as it was: the card, its records, the journal, the points."""
    return (
        Card.objects.filter(pk=card.pk).values().get(),
        list(BlockRecord.objects.filter(card=card).order_by("id").values()),
        list(JournalEntry.objects.filter(target=card.number).order_by("id").values()),
        list(BonusBalance.objects.filter(contact_id=card.contact_id).order_by("account").values()),
    )


class Shop:
    """One credential a role, and cards with 100.00 to spend."""

    def __init__(self, receipt, moment) -> None:
        self._receipt, self._moment = receipt, moment
        self._desks: dict[str, Desk] = {}

    def desk(self, role: str) -> Desk:
        if role not in self._desks:
            self._desks[role] = Desk.with_role(role)
        return self._desks[role]

    def card(self) -> Card:
        card = CardFactory(created_at=self._moment - timedelta(days=60))
        sold = self._receipt(card.number, f"R-{card.pk}", at=self._moment - timedelta(days=31))
        assert self.desk("till").post("purchase/add", sold).key == "OK"
        return card

    def send(self, role: str, action: str, card: Card, reason: int) -> str:
        """Send a block or unblock; return the Key."""
        body = {
            "Number": card.number,
            "ContactMobileNumber": card.contact.phone,
            f"{PREFIX[action]}ReasonCode": reason,
        }
        answer = self.desk(role).post(f"card/{action}", body)
        assert answer.http == 200
        return answer.key

    def wrongly_refused(self, refused: list[Cell], card: Card) -> list[tuple[str, str, bool]]:
        """Drive cells that must be refused; return those with another Key, or that changed anything."""
        for cell in refused:
            self.desk(cell.role)
        wrong, counted = [], rows()
        for cell in refused:
            before = state(card)
            key = self.send(cell.role, cell.action, card, cell.reason)
            if (key, state(card)) != (f"{PREFIX[cell.action]}ReasonError", before):
                wrong.append((str(cell), key, state(card) == before))
        assert rows() == counted
        return wrong


@pytest.fixture
def shop(receipt, story_clock) -> Shop:
    return Shop(receipt, story_clock.moment)


def test_the_file_is_the_one_of_the_specification():
    if SPECIFICATION.exists():
        assert MATRIX.read_bytes() == SPECIFICATION.read_bytes()


def test_the_file_has_every_cell_once():
    roles, others = set(Role.values) - {"till"}, ("other", "administrator")
    block = {("block", role, reason, None, "") for role in roles for reason in range(5)}
    unblock = {
        ("unblock", role, reason, blocked_for, by)
        for role in roles
        for reason in range(4)
        for blocked_for in range(5)
        for by in others
    }
    found = Counter((each.action, each.role, each.reason, each.blocked_for, each.blocked_by) for each in CELLS)
    assert set(found) == block | unblock
    assert set(found.values()) == {1}


ROLES = list(dict.fromkeys(each.role for each in CELLS))
BLOCKS = list(dict.fromkeys((each.blocked_for, each.blocked_by) for each in CELLS if each.action == "unblock"))


def record_of(card: Card) -> tuple[bool, int, str, int, int]:
    last = BlockRecord.objects.filter(card=card).latest("id")
    return last.blocking, last.reason_code, last.role, last.status_before, last.status_after


@pytest.mark.parametrize("role", ROLES)
def test_who_blocks_for_what(role, shop):
    found = [each for each in CELLS if each.action == "block" and each.role == role]
    assert shop.wrongly_refused([each for each in found if not each.allowed], shop.card()) == []
    for cell in [each for each in found if each.allowed]:
        card = shop.card()
        assert shop.send(role, "block", card, cell.reason) == "OK", cell
        stored = Card.objects.get(pk=card.pk)
        assert (stored.status, stored.blocked_for_good) == (BLOCKED, cell.reason == 4), cell
        assert record_of(card) == (True, cell.reason, role, ACTIVE, BLOCKED), cell


@pytest.mark.parametrize(("blocked_for", "by"), BLOCKS)
@pytest.mark.parametrize("role", ROLES)
def test_who_unblocks_with_what(role, blocked_for, by, shop):
    asked = ("unblock", role, blocked_for, by)
    found = [each for each in CELLS if (each.action, each.role, each.blocked_for, each.blocked_by) == asked]
    card = shop.card()
    assert shop.send(blocker(found[0]), "block", card, blocked_for) == "OK"
    assert shop.wrongly_refused([each for each in found if not each.allowed], card) == []
    for cell in [each for each in found if each.allowed]:
        assert shop.send(role, "unblock", card, cell.reason) == "OK", cell
        assert Card.objects.get(pk=card.pk).status == ACTIVE, cell
        assert record_of(card) == (False, cell.reason, role, BLOCKED, ACTIVE), cell
        assert shop.send(blocker(cell), "block", card, blocked_for) == "OK"


def test_a_till_blocks_for_nothing(shop):
    cells = [Cell("block", "till", reason, None, "", False) for reason in range(5)]
    assert shop.wrongly_refused(cells, shop.card()) == []


@pytest.mark.parametrize(("blocked_for", "by"), BLOCKS)
def test_a_till_unblocks_with_nothing(blocked_for, by, shop):
    cells, card = [Cell("unblock", "till", reason, blocked_for, by, False) for reason in range(4)], shop.card()
    assert shop.send(blocker(cells[0]), "block", card, blocked_for) == "OK"
    assert shop.wrongly_refused(cells, card) == []


def test_the_tables_of_the_code_name_every_role_and_every_reason():
    assert list(blocking.MAY_BLOCK) == list(blocking.MAY_UNBLOCK) == list(Role)
    assert {len(row) for row in blocking.MAY_BLOCK.values()} == {len(blocking.BlockReason)}
    assert {len(row) for row in blocking.MAY_UNBLOCK.values()} == {len(blocking.UnblockReason)}
    assert list(blocking.BLOCK_NAMES) == list(blocking.BlockReason)
    assert list(blocking.UNBLOCK_NAMES) == list(blocking.UnblockReason)
