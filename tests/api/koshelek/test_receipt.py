"""Call 12, POST /v1/promo/qrCode: a scanned receipt is accepted now and decided in the background."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cards.models import Card
from loyalty.api import interaction_backlog
from loyalty.core import actors, clock
from loyalty.models import ApiClient, Interaction, JournalEntry, Program
from loyalty.services import api_clients, fiscal_receipts
from promos.models import FiscalReceipt, Promotion
from tests.api.koshelek.conftest import ANNA, Reply, Wallet, buy, holder
from tests.conftest import MovingClock
from tests.factories import CardFactory, ContactFactory
from tests.receipts.scanning import WORKER, campaign, drive_at, qr

SPEC = "t=20260118T1216&s=943.26&fn=9282000100072197&i=64318&fp=2918241905&n=1"


def send(wallet: Wallet, **body: Any) -> Reply:
    return wallet.send("/v1/promo/qrCode", body)


def decide() -> None:
    fiscal_receipts.decide_waiting(WORKER)


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> list[Any]:
    """What was woken once the calls had committed."""
    sent: list[Any] = []
    monkeypatch.setattr("loyalty.core.wake._send", lambda task, args: sent.append((task, args)))
    return sent


def test_a_receipt_is_accepted_with_an_empty_body_and_a_worker_is_woken(
    wallet: Wallet, anna: str, story_clock: MovingClock, woken: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        reply = send(wallet, cardNumber=anna, qrCode=SPEC)
    assert (reply.status, reply.text) == (200, "")
    found = FiscalReceipt.objects.get()
    assert (found.status, found.amount, found.contact, found.card.number) == (
        "accepted", Decimal("943.26"), holder(anna), anna,
    )  # fmt: skip
    assert woken == [("loyalty.tasks.decide_fiscal_receipt", (found.pk,))]
    entry = JournalEntry.objects.get(action="receipt.accept")
    assert (entry.actor, entry.target) == ("client:wallet-app", "9282000100072197/64318/2918241905")


@pytest.mark.parametrize("who", [
    {"msisdn": ANNA["phone"]}, {"msisdn": "+" + ANNA["phone"]}, {"msisdn": ANNA["phone"], "cardNumber": "anna"},
    {"cardNumber": " anna "}, {"cardNumber": "anna", "msisdn": None, "other": 1},
])  # fmt: skip
def test_the_customer_is_named_by_phone_card_or_both(
    wallet: Wallet, anna: str, story_clock: MovingClock, who: dict[str, Any]
) -> None:
    named = {key: value.replace("anna", anna) if isinstance(value, str) else value for key, value in who.items()}
    assert send(wallet, **named, qrCode=f" {SPEC} ").status == 200
    assert FiscalReceipt.objects.get().contact == holder(anna)


def test_a_card_that_was_replaced_still_names_its_holder(wallet: Wallet, anna: str, story_clock: MovingClock) -> None:
    Card.objects.update(status=3, blocked_for_good=True)
    new = CardFactory(contact=holder(anna))
    assert send(wallet, cardNumber=anna, qrCode=SPEC).status == 200
    assert FiscalReceipt.objects.get().card == new


def test_the_award_shows_in_balance_and_history(wallet: Wallet, anna: str, story_clock: MovingClock) -> None:
    campaign(value=Decimal(5))
    drive_at("0001")
    buy(anna, "10.00", at=clock.now() - timedelta(hours=1))
    send(wallet, cardNumber=anna, qrCode=qr("943.26", i="77"))
    assert wallet.bonus(anna)["total"] == "10.00"
    assert len(wallet.purchases(anna, startDate="2026-03-02").body) == 1
    decide()
    bonus = wallet.bonus(anna)
    assert (bonus["total"], bonus["available"]) == ("57.16", "0.00")
    newest = {"date": "2026-03-02", "amount": "94326", "quantity": "1", "location": "Store 0001", "bonuses": "47.16"}
    assert wallet.purchases(anna, startDate="2026-03-02").body[0] == newest | {"item": "Receipt 77"}
    Promotion.objects.update(title="Five percent back")
    assert wallet.purchases(anna, startDate="2026-03-02").body[0] == newest | {"item": "Five percent back"}
    assert len(wallet.purchases(anna, startDate="2026-03-02").body) == 2


def test_a_receipt_of_an_unknown_drive_has_no_location(wallet: Wallet, anna: str, story_clock: MovingClock) -> None:
    campaign()
    send(wallet, cardNumber=anna, qrCode=qr())
    decide()
    assert "location" not in wallet.purchases(anna, startDate="2026-03-02").body[0]


def test_what_gave_nothing_or_was_taken_back_is_no_line(wallet: Wallet, anna: str, story_clock: MovingClock) -> None:
    send(wallet, cardNumber=anna, qrCode=qr("500.00"))
    decide()
    assert wallet.purchases(anna, startDate="2026-03-02").body == []
    campaign()
    send(wallet, cardNumber=anna, qrCode=qr("100.00"))
    decide()
    buy(anna, "100.00")
    lines = wallet.purchases(anna, startDate="2026-03-02").body
    assert [(line["amount"], line["bonuses"]) for line in lines] == [("10000", "100.00")]


def test_the_same_receipt_is_refused_and_the_answer_is_the_same_whoever_sent_it(
    wallet: Wallet, anna: str, story_clock: MovingClock
) -> None:
    other = CardFactory()
    assert send(wallet, cardNumber=anna, qrCode=SPEC).status == 200
    otherwise = "n=1&" + SPEC.replace("t=20260118T1216", "t=20260118T1217").replace("943.26", "1.00")[:-4]
    answers = [
        send(wallet, cardNumber=number, qrCode=text) for number in (anna, other.number) for text in (SPEC, otherwise)
    ]
    assert {(each.status, each.code) for each in answers} == {(422, "6005")}
    assert len({each.text for each in answers}) == 1
    assert FiscalReceipt.objects.count() == 1


@pytest.mark.parametrize(("changed", "code", "starts"), [
    ({"qrCode": None}, "2001", "qrCode: "),
    ({"qrCode": ""}, "2001", "qrCode: "),
    ({"qrCode": 17}, "2002", "qrCode: "),
    ({"qrCode": "x" * 401}, "2002", "qrCode: "),
    ({"qrCode": "hello"}, "6001", "t: "),
    ({"qrCode": SPEC.replace("s=943.26", "s=943,26")}, "6001", "s: "),
    ({"qrCode": SPEC + "&fn=1"}, "6001", "fn: "),
    ({"qrCode": SPEC.replace("n=1", "n=2")}, "6002", ""),
    ({"qrCode": SPEC.replace("n=1", "n=3")}, "6002", ""),
    ({"qrCode": SPEC.replace("n=1", "n=4")}, "6002", ""),
    ({"qrCode": SPEC.replace("20260118T1216", "20260302T1206")}, "6003", ""),
    ({"qrCode": SPEC.replace("20260118T1216", "20250301T1159")}, "6004", ""),
    ({"cardNumber": None}, "2001", "msisdn or cardNumber: "),
    ({"cardNumber": "2990000000018"}, "4001", ""),
    ({"cardNumber": "x"}, "4001", ""),
    ({"cardNumber": "2990000000026"}, "4002", ""),
    ({"cardNumber": None, "msisdn": "79990000000"}, "3004", ""),
    ({"msisdn": "79990000000"}, "3004", ""),
    ({"msisdn": "123"}, "2003", "msisdn: "),
])  # fmt: skip
def test_each_refusal_has_its_code_and_writes_nothing(
    wallet: Wallet, anna: str, story_clock: MovingClock, changed: dict[str, Any], code: str, starts: str
) -> None:
    reply = send(wallet, **({"cardNumber": anna, "qrCode": SPEC} | changed))
    assert (reply.status, reply.code) == (422, code)
    assert reply.said.startswith(starts)
    assert not FiscalReceipt.objects.exists()


@pytest.mark.parametrize("time", ["20260302T1205", "20250301T1200"])
def test_the_first_and_the_last_moment_that_are_accepted(
    wallet: Wallet, anna: str, story_clock: MovingClock, time: str
) -> None:
    assert send(wallet, cardNumber=anna, qrCode=SPEC.replace("20260118T1216", time)).status == 200


def test_how_old_a_receipt_may_be_is_a_setting(wallet: Wallet, anna: str, story_clock: MovingClock) -> None:
    Program.objects.update(oldest_purchase_days=30)
    assert send(wallet, cardNumber=anna, qrCode=SPEC).code == "6004"


def test_cards_that_earn_nothing_are_refused(wallet: Wallet, anna: str, story_clock: MovingClock) -> None:
    phone = str(ContactFactory().phone)[1:]
    stranger = str(CardFactory().contact.phone)[1:]
    answers = {
        "unbound": send(wallet, cardNumber=CardFactory(issued=True).number, qrCode=SPEC).code,
        "blocked": send(wallet, cardNumber=CardFactory(blocked=True).number, qrCode=SPEC).code,
        "given up": send(wallet, cardNumber=CardFactory(for_good=True).number, qrCode=SPEC).code,
        "no card": send(wallet, msisdn=phone, qrCode=SPEC).code,
        "two customers": send(wallet, msisdn=stranger, cardNumber=anna, qrCode=SPEC).code,
    }
    assert answers == {
        "unbound": "4003", "blocked": "4004", "given up": "4004", "no card": "4010", "two customers": "3004",
    }  # fmt: skip


def test_the_interaction_log_shows_the_code_and_hides_the_phone(
    wallet: Wallet, anna: str, story_clock: MovingClock
) -> None:
    interaction_backlog.backlog.clear()
    client = ApiClient.objects.get(login=wallet.login)
    api_clients.log_in_full(actors.system("test"), client.pk, hours=1)
    send(wallet, msisdn=ANNA["phone"], qrCode=SPEC)
    interaction_backlog.flush()
    text = str(vars(Interaction.objects.get()))
    assert SPEC in text
    assert ANNA["phone"] not in text


def test_a_call_takes_few_statements(
    wallet: Wallet, anna: str, story_clock: MovingClock, django_assert_max_num_queries: Any
) -> None:
    send(wallet, cardNumber=anna, qrCode=qr())
    with django_assert_max_num_queries(10):  # credential, settings, formats, card, cards, receipt, journal, savepoints
        assert send(wallet, cardNumber=anna, qrCode=qr()).status == 200
