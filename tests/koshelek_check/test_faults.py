"""The negative control of every rule: a server with one fault breaks exactly the rule that is made for it."""

import pytest

from loyalty.koshelek_check.rules import RULES
from tests.koshelek_check.conftest import EVERYTHING, check
from tests.koshelek_check.little_server import LittleServer

VERDICTS = {"DOC": "FAIL", "SEEN": "warning", "OWN": "remark"}
# Seconds: a slow answer takes longer than the checker waits.
PATIENCE, SLOWNESS = 1.0, 1.3
FAULTS = {
    # Rules for every call.
    "slow": "answer.whole",
    "cut off": "answer.whole",
    "oversize": "answer.size",
    "500": "answer.status",
    "redirect": "answer.status",
    "201 for a new card": "answer.status",
    "404 for an unknown card": "answer.status",
    "404 for nobody": "answer.status",
    "no charset": "answer.content_type",
    "a header with control characters": "answer.content_type",
    "no header on empty bodies": "answer.content_type",
    "cp1251": "answer.utf8",
    "HTML error page": "answer.json",
    "truncated JSON": "answer.json",
    "points as a number": "answer.strings",
    "points as a boolean": "answer.strings",
    "card number as a number": "answer.strings",
    "quantity as a number": "answer.strings",
    "error code as a number": "answer.strings",
    "null for points without end": "answer.no_null",
    "null for no item": "answer.no_null",
    "200 with an error body": "answer.error_with_200",
    "error code empty": "error.body",
    "error as a bare text": "error.body",
    "error without a body": "error.body",
    "error body with a trace": "error.only_two",
    "one code for several causes": "error.own_codes",
    # Access and requests.
    "no credentials needed": "access.required",
    "the password is not looked at": "access.required",
    "403 for wrong credentials": "access.status",
    "401 without a challenge": "access.challenge",
    "HTML for wrong credentials": "access.error_body",
    "400 for malformed JSON": "request.malformed_json",
    "anything is taken for JSON": "request.malformed_json",
    "404 for a wrong method": "request.wrong_method",
    "HTML for an unknown path": "request.unknown_path",
    "unknown parameters are refused": "request.unknown_parameter",
    "unknown keys are refused": "request.unknown_key",
    "letters beyond ASCII are refused": "request.utf8",
    # Every call that is not served.
    **{f"call {number} is missing": f"call.{number}.served" for number in range(1, 14)},
    # The search.
    "nobody is an error": "find.nobody",
    "nobody is an empty object": "find.nobody",
    "old customers have no phone": "find.by_phone",
    "old customers have no e-mail": "find.by_email",
    "parameters combine with AND": "find.either",
    "the first of several customers": "find.several",
    "a blocked card is shown": "find.only_blocked",
    "nothing asked is nobody found": "find.no_parameter",
    "birth date alone finds a card": "find.birth_date_alone",
    "birth date does not narrow": "find.birth_date_narrows",
    "phone of one and e-mail of another is several": "find.phone_decides",
    "search without a barcode": "card.shape",
    "card state in capitals": "card.state",
    "barcode type with a dash": "card.barcode_type",
    "unknown card has a balance": "card.unknown",
    "a second card for a retry": "card.one_per_user",
    "two cards in a race": "card.one_per_user",
    "one number for two customers": "card.one_user",
    "a new card is found tomorrow": "card.found_after_issue",
    # Channels, balance, history, promotions, personal data, lists.
    "the same channels again are refused": "channels.accepted",
    "channels answer with a body": "channels.empty_body",
    "channels are a closed list": "channels.open_list",
    "a channel in both lists is refused": "channels.both_lists",
    "balance of another card": "balance.card",
    "no available points": "balance.keys",
    "points with a comma": "balance.numbers",
    "date in the Russian form": "balance.valid_until",
    "more available than there is": "balance.available",
    "history in an object": "history.list",
    "history without the store": "history.keys",
    "amount in roubles": "history.kopecks",
    "history in the Russian form": "history.date",
    "no purchases, no body": "history.none",
    "history without a first day": "history.start_required",
    "the last day is required": "history.end_optional",
    "the last day is left out": "history.period",
    "the period is not looked at": "history.period",
    "promotions without their envelope": "promotions.shape",
    "promotion until the evening": "promotions.dates",
    "nothing new is refused": "update.accepted",
    "update answers with a body": "update.empty_body",
    "e-mail address never changes": "update.takes_effect",
    "empty values are stored": "update.empty_keeps",
    "Russian letters for sex are refused": "update.sex",
    "only firstname is read": "update.aliases",
    "phone of another is taken over": "update.phone_of_another",
    "phones with a plus": "lists.phones",
    "parameters as an object": "lists.extended",
    # Issue.
    "the bare number": "reserve.answer",
    "two callers get one number": "reserve.distinct",
    "always the same number": "reserve.distinct",
    "the reserved number is lost": "register.accepted",
    "registration answers with a body": "register.empty_body",
    "a repeated registration is refused": "register.repeat",
    "no phone needed": "register.phone_required",
    "any number is registered": "register.not_reserved",
    "a number of another is given": "register.taken",
    "a second card by registration": "register.has_card",
    "a name is required": "issue.by_phone",
    "issued without telling the number": "issue.assigns_number",
    "issued card without its envelope": "issue.answer",
    "issuing again is refused": "issue.retry",
    # Receipts and promo codes.
    "receipts by phone only": "receipt.accepted",
    "receipts answer with a body": "receipt.empty_body",
    "QR codes in one order only": "receipt.any_order",
    "a receipt once for each identifier": "receipt.twice",
    "a receipt twice in a race": "receipt.race",
    "any QR code is a receipt": "receipt.bad_qr",
    "returns are receipts": "receipt.only_sales",
    "every promo code is right": "promo.unknown",
    "a promo code without end": "promo.once",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_breaks_its_rule_and_no_other(fault: str) -> None:
    with LittleServer(fault, SLOWNESS) as server:
        timeout = ["--timeout", str(PATIENCE)] if fault == "slow" else []
        result = check(server.url, *EVERYTHING, "--json", *timeout)
    verdict = VERDICTS[RULES[FAULTS[fault]].standing]
    assert result.broken == {FAULTS[fault]: verdict}
    assert result.code == (1 if verdict == "FAIL" else 0)


def test_every_rule_has_a_fault_that_breaks_it() -> None:
    # The address of a service beyond this machine is looked at in test_limits.py.
    assert set(RULES) - set(FAULTS.values()) == {"transport.https"}


def test_the_faultless_little_server_keeps_every_rule() -> None:
    with LittleServer() as server:
        result = check(server.url, *EVERYTHING, "--json")
    assert result.broken == {}
    assert result.code == 0
    assert result.json["stopped"] == ""
    not_checked = {rule for rule, found in result.json["rules"].items() if found["verdict"] == "not checked"}
    assert not_checked == {"transport.https"}
