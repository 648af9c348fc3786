"""Blocking, unblocking and replacing a card in the back office: the tables of the till, one click from a search."""

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cards.blocking import MAY_BLOCK, MAY_UNBLOCK
from cards.models import BlockRecord, Card, CardCategory, CardStatus
from loyalty.core import actors
from loyalty.core.roles import Role
from loyalty.models import JournalEntry, StaffRole
from loyalty.services import blocking, cards
from tests.admin.conftest import SYSTEM, Browser, shopper

pytestmark = pytest.mark.django_db

WHY = "the customer called from the office"


@pytest.fixture
def card(story_clock: object, db: None) -> Card:
    return shopper(4567)


def address(card: Card, command: str) -> str:
    return reverse(f"admin:cards_card_{command}", args=[card.pk])


def press(client: Client, card: Card, command: str, **form: Any) -> Any:
    return client.post(address(card, command), {"reason": WHY} | form)


def read(client: Client, path: str, **query: str) -> str:
    response = client.get(path, query, follow=True)
    assert response.status_code == 200
    return html.unescape(response.content.decode())


def offered(client: Client, card: Card, command: str) -> list[int]:
    """The codes that the form offers."""
    found = re.findall(r'<input[^>]*name="reason_code"[^>]*>', read(client, address(card, command)))
    return [int(re.search(r'value="(\d)"', each)[1]) for each in found]  # type: ignore[index]


def block(card: Card, role: Role, code: int) -> None:
    blocking.block_card(actors.staff("somebody", role.value), role, number=card.number, reason_code=code)


def status(card: Card) -> int:
    return Card.objects.get(pk=card.pk).status


@pytest.mark.parametrize("role", StaffRole.values)
def test_each_role_is_offered_the_reasons_of_its_row_and_no_other(role: str, card: Card, browser: Browser) -> None:
    client = browser(role)
    allowed = [code for code, may in enumerate(MAY_BLOCK[Role(role)]) if may]
    assert offered(client, card, "block") == allowed
    for code in set(range(5)) - set(allowed):
        answer = press(client, card, "block", reason_code=code)
        assert (answer.status_code, status(card)) == (422, CardStatus.ACTIVE)
    assert press(client, card, "block", reason_code=allowed[-1]).status_code == 302
    record = BlockRecord.objects.get(card=card)
    assert (record.reason_code, record.role) == (allowed[-1], role)


@pytest.mark.parametrize("by", [Role.ADMINISTRATOR, Role.DIRECTOR, Role.CC_OPERATOR])
@pytest.mark.parametrize("role", StaffRole.values)
def test_each_role_unblocks_by_its_row_with_the_pair_alone(role: str, by: Role, card: Card, browser: Browser) -> None:
    client = browser(role)
    for code in [code for code, may in enumerate(MAY_BLOCK[by][:4]) if may]:
        block(card, by, code)
        may = MAY_UNBLOCK[Role(role)][code] and (by != Role.ADMINISTRATOR or role == "administrator")
        page = read(client, reverse("admin:cards_card_change", args=[card.pk]))
        assert (address(card, "unblock") in page) is may
        assert offered(client, card, "unblock") == ([code] if may else [])
        answer = press(client, card, "unblock", reason_code=code)
        assert answer.status_code == 302
        assert status(card) == (CardStatus.ACTIVE if may else CardStatus.BLOCKED)
        if not may:
            root = actors.staff("root", "administrator")
            blocking.unblock_card(root, Role.ADMINISTRATOR, number=card.number, reason_code=code)


def test_a_block_says_who_and_why_in_the_record_the_journal_and_on_the_page(card: Card, browser: Browser) -> None:
    client = browser("cc_operator", "vera")
    assert press(client, card, "block", reason_code=0).status_code == 302
    record = BlockRecord.objects.get()
    assert (record.actor, record.role, record.channel) == ("staff:vera", "cc_operator", "admin")
    assert (record.reason_code, record.reason_name) == (0, WHY)
    entry = JournalEntry.objects.get(action="card.block")
    assert (entry.actor, entry.target, entry.reason) == ("staff:vera", card.number, WHY)
    page = read(client, reverse("admin:cards_card_change", args=[card.pk]))
    for words in (
        f"Loss of the card: {WHY}",
        '<span title="staff:vera">vera</span> (Call-centre operator)',
        "Blocked for: Loss of the card. It may be unblocked by: administrator, marketer, call-centre operator",
    ):
        assert words in page


@pytest.mark.parametrize(("form", "words"), [
    ({"reason_code": 0, "reason": " "}, "Write down why."),
    ({"reason": WHY}, "Choose a reason."),
    ({"reason_code": "x"}, "Select a valid choice"),
    ({"reason_code": 0, "reason": "x" * 301}, "at most 300"),
])  # fmt: skip
def test_nothing_is_blocked_without_a_reason_and_a_why(
    form: dict[str, Any], words: str, card: Card, browser: Browser
) -> None:
    answer = press(browser("cc_operator"), card, "block", **form)
    assert answer.status_code == 422
    assert words in html.unescape(answer.content.decode())
    assert (status(card), BlockRecord.objects.count()) == (CardStatus.ACTIVE, 0)


def test_a_card_that_somebody_blocked_meanwhile_is_refused_in_words(card: Card, browser: Browser) -> None:
    client = browser("cc_operator")
    block(card, Role.DIRECTOR, 2)
    answer = press(client, card, "block", reason_code=0)
    assert answer.status_code == 422
    assert "not blocked yet" in answer.content.decode()
    assert BlockRecord.objects.count() == 1


@pytest.mark.parametrize("model", ["customers_contact", "cards_card"])
@pytest.mark.parametrize("text", ["8 900 123 45 67", "number"])
@pytest.mark.parametrize("role", StaffRole.values)
def test_a_search_is_one_click_from_blocking_and_unblocking(
    role: str, text: str, model: str, card: Card, browser: Browser
) -> None:
    client, listed = browser(role), reverse(f"admin:{model}_changelist")
    asked = card.number if text == "number" else text
    page = read(client, listed, q=asked)
    assert address(card, "block") in page
    assert address(card, "replace") in page
    assert address(card, "unblock") not in page
    block(card, Role.CC_OPERATOR, 0)
    page = read(client, listed, q=asked)
    assert address(card, "unblock") in page
    assert address(card, "block") not in page


def test_the_page_of_a_contact_leads_to_its_card(card: Card, browser: Browser) -> None:
    page = read(browser("marketer"), reverse("admin:customers_contact_change", args=[card.contact_id]))
    assert address(card, "block") in page


def new_card() -> Card:
    [number] = cards.create_card_pool(SYSTEM, count=1, category=CardCategory.PLASTIC)
    return Card.objects.get(number=number)


def test_a_card_is_replaced_and_its_row_offers_nothing_more(card: Card, browser: Browser) -> None:
    client, new = browser("senior_employee"), new_card()
    assert press(client, card, "replace", new_number=f" {new.number} ").status_code == 302
    old, taken = Card.objects.get(pk=card.pk), Card.objects.get(pk=new.pk)
    assert (old.blocked_for_good, taken.contact_id, taken.status) == (True, card.contact_id, CardStatus.ACTIVE)
    assert JournalEntry.objects.get(action="card.replace").reason == WHY
    page = read(client, reverse("admin:cards_card_change", args=[card.pk]))
    assert "it is blocked for good" in page
    listed = read(client, reverse("admin:cards_card_changelist"), q=card.number)
    for command in ("block", "unblock", "replace"):
        assert address(card, command) not in page
        assert address(card, command) not in listed
    holder = read(client, reverse("admin:customers_contact_changelist"), q=new.number)
    assert address(new, "block") in holder


def test_a_wrong_new_card_is_marked_at_its_field(card: Card, browser: Browser) -> None:
    client, other = browser("cc_operator"), shopper(1111)
    for number, words in {
        "12": "the last one is a check digit",
        "2990999999998": "No card has this number",
        other.number: "belongs to another customer",
        card.number: "This is not a new card",
    }.items():
        answer = press(client, card, "replace", new_number=number)
        assert answer.status_code == 422
        assert words in html.unescape(answer.content.decode()), number
        assert "new_number" in answer.context["form"].errors
    assert BlockRecord.objects.count() == 0


def test_a_replacement_is_not_offered_for_a_block_that_the_role_may_not_lift(card: Card, browser: Browser) -> None:
    block(card, Role.DIRECTOR, 2)
    assert address(card, "replace") not in read(
        browser("cc_operator"), reverse("admin:cards_card_change", args=[card.pk])
    )
    assert address(card, "replace") in read(browser("director"), reverse("admin:cards_card_change", args=[card.pk]))


def test_a_russian_browser_reads_russian(card: Card, browser: Browser) -> None:
    client = browser("cc_operator")
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "ru"
    form = read(client, address(card, "block"))
    for words in ("Заблокировать", "Утеря карты", "Отказ от использования", "Замена карты", "За что блокируется"):
        assert words in form
    block(card, Role.DIRECTOR, 2)
    page = read(client, reverse("admin:cards_card_change", args=[card.pk]))
    assert "Причина блокировки: Попадание в чёрный список. Разблокировать может: администратор, директор" in page
