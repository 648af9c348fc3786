"""Call 13: the customer types a code. Every cause of a refusal has its own code; success is an empty 200."""

from decimal import Decimal
from typing import Any

import pytest

from loyalty.services import code_orders, promo_codes, promotions
from promos.models import PromoCode
from tests.api.koshelek.conftest import ANNA, Reply, Wallet
from tests.factories import CardFactory, ContactFactory
from tests.promo_codes.typing import APP
from tests.promos.marketing import MARKETER, draft, moscow, shared_code, single_codes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("story_clock")]


def typed(wallet: Wallet, code: Any, **who: Any) -> Reply:
    return wallet.send("/v1/promo/code", {"msisdn": ANNA["phone"], "code": code} | who)


def refused(reply: Reply) -> str:
    assert reply.status in (422, 429)
    return reply.code


def test_the_points_stand_in_the_balance_when_the_call_answers(wallet: Wallet, anna: str) -> None:
    [code] = single_codes(prefix="NY26")
    reply = typed(wallet, f"{code[:4]}-{code[4:8]}-{code[8:]}".lower())
    assert (reply.status, reply.text) == (200, "")
    assert wallet.bonus(anna)["available"] == "100.00"


def test_points_with_escrow_are_shown_as_such(wallet: Wallet, anna: str) -> None:
    typed(wallet, shared_code(escrow_days=14))
    bonus = wallet.bonus(anna)
    assert (bonus["total"], bonus["available"]) == ("100.00", "0.00")
    assert bonus["bonuses"][0]["validUntil"] == "2026-03-16"


def test_the_customer_is_named_by_phone_by_card_or_by_both(wallet: Wallet, anna: str) -> None:
    code = shared_code(customer_count=9)
    for who in ({}, {"msisdn": "", "cardNumber": anna}, {"msisdn": None, "cardNumber": anna}, {"cardNumber": anna}):
        assert typed(wallet, code, **who).status == 200


def test_a_repeat_hears_that_the_code_was_used(wallet: Wallet, anna: str) -> None:
    """Its first answer was lost; the points are there, once."""
    code = shared_code()
    assert typed(wallet, code).status == 200
    assert [refused(typed(wallet, code)) for _ in range(3)] == ["5006"] * 3
    assert wallet.bonus(anna)["available"] == "100.00"


def test_every_cause_of_a_code_has_its_own_code(wallet: Wallet, anna: str) -> None:
    used_by_another, mine = single_codes(2)
    promo_codes.redeem(APP, phone="", number=CardFactory().number, code=used_by_another)
    ended = shared_code("OVER2026", ends_at=moscow(2027, 1, 1))
    promotions.end(MARKETER, PromoCode.objects.get(code=ended).promotion_id, "over")
    shared_code("SOLD2026", total_count=1)
    promo_codes.redeem(APP, phone="", number=CardFactory().number, code="SOLD2026")
    shared_code("LATER2026", starts_at=moscow(2026, 4, 1))
    shared_code("OTHERS2026", birthday_days=1)
    assert typed(wallet, mine).status == 200
    told = {code: refused(typed(wallet, code)) for code in (
        "2222-2222-2222", "WINTER2026", "LATER2026", "OVER2026", "SOLD2026", used_by_another, mine, "OTHERS2026",
    )}  # fmt: skip
    assert list(told.values()) == ["5001", "5002", "5003", "5004", "5005", "5005", "5006", "5007"]


def test_every_cause_of_a_customer_has_its_own_code(wallet: Wallet, anna: str) -> None:
    code, stranger = shared_code(), CardFactory()
    assert stranger.contact is not None
    cases: dict[str, dict[str, Any]] = {
        "3004": {"msisdn": "79990000000"},
        "3005": {"msisdn": "", "cardNumber": CardFactory(contact=ContactFactory(blocked=True)).number},
        "4001": {"msisdn": "", "cardNumber": "12345678"},
        "4002": {"msisdn": "", "cardNumber": "2990000999993"},
        "4003": {"msisdn": "", "cardNumber": CardFactory(issued=True).number},
        "4004": {"msisdn": "", "cardNumber": CardFactory(blocked=True).number},
        "4010": {"msisdn": str(ContactFactory().phone)[1:]},
        "2003": {"msisdn": "12"},
        "2001": {"msisdn": "", "cardNumber": " "},
    }
    assert {expected: refused(typed(wallet, code, **who)) for expected, who in cases.items()} == {
        each: each for each in cases
    }
    assert not PromoCode.objects.get(code=code).uses.exists()


def test_a_phone_and_a_card_of_two_customers_are_nobody(wallet: Wallet, anna: str) -> None:
    """The answer does not tell whether the phone is a stranger's or nobody's."""
    code, stranger = shared_code(), CardFactory()
    assert stranger.contact is not None
    answers = [typed(wallet, code, msisdn=phone, cardNumber=anna).body for phone in (
        str(stranger.contact.phone)[1:], "79990000000",
    )]  # fmt: skip
    assert answers[0] == answers[1]
    assert answers[0]["code"] == "3004"


@pytest.mark.parametrize("code", [None, "", "  ", 5, True, ["SUMMER2026"], {"a": 1}, "x" * 81, "a\x00b"])
def test_what_is_no_text_is_refused_by_its_name(wallet: Wallet, anna: str, code: Any) -> None:
    reply = typed(wallet, code)
    assert refused(reply) in ("2001", "2002")
    assert reply.said.startswith("code:")


@pytest.mark.parametrize("code", ["'; DROP TABLE", "ЛЕТО2026", "💥💥💥💥", "abc", "x" * 33, "%", "../../etc"])
def test_any_text_gets_an_answer(wallet: Wallet, anna: str, code: str) -> None:
    assert refused(typed(wallet, code)) == "5002"


def test_who_guesses_waits_as_long_as_the_answer_says(wallet: Wallet, anna: str) -> None:
    code = shared_code()
    assert {refused(typed(wallet, f"GUESS0{number}")) for number in range(10)} == {"5002"}
    reply = typed(wallet, code)
    assert (reply.status, reply.code, reply.headers["Retry-After"]) == (429, "5008", "900")
    assert typed(wallet, code, msisdn="", cardNumber=CardFactory().number).status == 200, "nobody else has to wait"


def test_a_draft_is_nobodys_business(wallet: Wallet, anna: str) -> None:
    waiting = draft(trigger="code", kind="fixed", value=Decimal(5))
    code_orders.add_shared_code(MARKETER, waiting.pk, "SECRET2026", "poster")
    assert typed(wallet, "SECRET2026").body == typed(wallet, "NOTHING2026").body
