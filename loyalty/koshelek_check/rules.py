"""Every rule, once: its stable id, its words, how sure it is, and what has to be given so that it can be checked.

The words follow specs/koshelek.md. A broken DOC rule is a failure, a broken SEEN rule a warning, a differing OWN
rule a remark. `needs` names options, any of which is enough; an empty one: always checked.
"""

from dataclasses import dataclass

from loyalty.koshelek_check.calls import CALLS, ISSUE, PROMO_CODE, RECEIPT, Call, Standing

DOC, SEEN, OWN = Standing.DOC, Standing.SEEN, Standing.OWN


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the contract."""

    id: str
    standing: Standing
    words: str
    needs: tuple[str, ...] = ()
    since: str = "1.0"


WRITE = ("write",)
CARD = ("card", "phone", "write")
PHONE = ("phone", "write")
EMAIL = ("email", "write")

_EVERY_CALL = (
    Rule("transport.https", DOC, "The service is reached by HTTPS.", ("an address beyond this machine",)),
    Rule("answer.whole", DOC, "Every call is answered, whole and within the time limit (--timeout)."),
    Rule("answer.size", OWN, "An answer, lists apart, is not larger than 1 MiB."),
    Rule("answer.status", DOC, "The status is 200 on success and 422 on an error, nothing else."),
    Rule(
        "answer.content_type", DOC,
        "Every answer, empty or error too, has `Content-Type: application/json; charset=utf-8`.",
    ),
    Rule("answer.utf8", DOC, "The body is UTF-8."),
    Rule("answer.json", DOC, "The body is JSON, or empty where the contract says so; never HTML."),
    Rule("answer.strings", DOC, "Every elementary field (number, boolean, date) is a string."),
    Rule("answer.no_null", OWN, "An absent value is left out, never `null`."),
    Rule("answer.error_with_200", DOC, "An error is not answered with 200."),
    Rule("error.body", DOC, "The error body has `code` and `description`, neither of them empty."),
    Rule("error.only_two", OWN, "The error body has nothing else."),
    Rule("error.own_codes", OWN, "Each cause of a refusal has a code of its own.", WRITE),
    Rule("access.required", DOC, "Without the right login and password nothing is served (HTTP Basic)."),
    Rule("access.status", OWN, "Missing or wrong credentials are answered with 401."),
    Rule("access.challenge", OWN, "The 401 has the header `WWW-Authenticate: Basic`."),
    Rule("access.error_body", OWN, "The 401 has the error body and the header of every answer, not HTML."),
    Rule("request.malformed_json", OWN, "A body that is not JSON is answered with 422 and the error body."),
    Rule("request.wrong_method", OWN, "A method that an address does not take: 405 with the error body."),
    Rule("request.unknown_path", OWN, "An unknown path: 404 with the error body."),
    Rule("request.unknown_parameter", DOC, "Unknown parameters of the search are ignored."),
    Rule("request.unknown_key", OWN, "Unknown keys of a request's body are ignored.", WRITE),
    Rule("request.utf8", DOC, "A body in UTF-8 with Russian letters is accepted.", WRITE),
)  # fmt: skip

_FIND = (
    Rule("find.nobody", DOC, "Nobody found: 200 with an empty body."),
    Rule("find.by_phone", DOC, "A customer's phone finds the card.", PHONE),
    Rule("find.by_email", DOC, "A customer's e-mail address finds the card.", EMAIL),
    Rule("find.either", DOC, "Parameters combine with OR: one that fits is enough.", (*PHONE, "email")),
    Rule("find.several", DOC, "Several customers match: 422.", WRITE),
    Rule("find.only_blocked", DOC, "Only a blocked card matches: 422.", ("blocked_phone",)),
    Rule("find.no_parameter", OWN, "No usable parameter: 422."),
    Rule("find.birth_date_alone", OWN, "`birthDate` alone never selects a card (it would leak strangers' cards): 422."),
    Rule("find.birth_date_narrows", OWN, "`birthDate` chooses among several matches; it fits none: 422.", WRITE),
    Rule("find.phone_decides", OWN, "A customer found by phone decides, whoever owns the e-mail address.", WRITE),
    Rule("card.shape", DOC, "`card` has `cardNumber`, `cardState` and `barcode` with number and type.", PHONE),
    Rule("card.state", DOC, "`cardState` is `active` or `inactive`.", PHONE),
    Rule(
        "card.barcode_type", DOC, "`barcodeType` is EAN_8, EAN_13, CODE_128, UPC_A or QR_CODE.", PHONE,
    ),
    Rule("card.unknown", SEEN, "An unknown card number: 422."),
    Rule("card.one_per_user", DOC, "A user has one card: a retry or two calls at once never make a second.", WRITE),
    Rule("card.one_user", DOC, "A card has one user: two customers never get the same number.", WRITE),
    Rule("card.found_after_issue", DOC, "After a card is issued, the customer's phone finds this card.", WRITE),
)  # fmt: skip

_SHOW = (
    Rule("channels.accepted", DOC, "Allowed and denied channels are accepted: 200, also when repeated.", WRITE),
    Rule("channels.empty_body", SEEN, "The answer has an empty body.", WRITE),
    Rule("channels.open_list", DOC, "The list is open: an unknown channel is not refused.", WRITE),
    Rule("channels.both_lists", OWN, "A channel in both lists is accepted (as denied).", WRITE),
    Rule("balance.card", SEEN, "200 with `card` as the search gives it, for the number asked for.", CARD),
    Rule("balance.keys", SEEN, "`card.bonus` has `total`, `available` and the list `bonuses`.", CARD),
    Rule("balance.numbers", SEEN, "`total`, `available` and each `amount` are decimal numbers.", CARD),
    Rule("balance.valid_until", SEEN, "`validUntil` is a date, YYYY-MM-DD.", CARD),
    Rule("balance.available", OWN, "`available` is not more than `total`.", CARD),
    Rule("history.list", SEEN, "200 with an array at the top.", CARD),
    Rule("history.keys", SEEN, "A line has `date`, `amount`, `quantity`, `location` and `bonuses`.", CARD),
    Rule("history.kopecks", SEEN, "`amount` is a whole number of minor units (kopecks).", CARD),
    Rule("history.date", OWN, "`date` is YYYY-MM-DD.", CARD),
    Rule("history.none", SEEN, "No purchases: `[]`.", CARD),
    Rule("history.start_required", SEEN, "Without `startDate`: 422.", CARD),
    Rule("history.end_optional", SEEN, "`endDate` may be left out: until today.", CARD),
    Rule("history.period", SEEN, "Only lines of the days asked for are given, the first and last day included.", CARD),
    Rule("promotions.shape", OWN, "`promotions` is a list; each has `promotionId` and `title`.", CARD),
    Rule("promotions.dates", OWN, "`validFrom` and `validUntil` are dates, YYYY-MM-DD.", CARD),
    Rule("update.accepted", SEEN, "The personal data of the contract are accepted: 200, also when repeated.", WRITE),
    Rule("update.empty_body", SEEN, "The answer has an empty body.", WRITE),
    Rule("update.takes_effect", SEEN, "New e-mail address and phone find the card from then on.", WRITE),
    Rule("update.empty_keeps", SEEN, "An empty or absent value leaves the stored one.", WRITE),
    Rule("update.sex", SEEN, "`sex` is `m` or `f`; the Russian letters are read too.", WRITE),
    Rule("update.aliases", OWN, "`firstName` and `birthdate` are read too.", WRITE),
    Rule("update.phone_of_another", SEEN, "The phone of another customer: 422, and nothing changes.", WRITE),
    Rule("lists.phones", DOC, "getAllUsers gives an array of phones, digits only."),
    Rule("lists.extended", DOC, "getAllUsersExtended gives `phone` and `params` with `name` and `value`."),
)

_ISSUE = (
    Rule("reserve.answer", OWN, "A reserved number comes as the search gives a card, `cardState` `inactive`.", WRITE),
    Rule("reserve.distinct", SEEN, "Two callers never get the same number, not even at once.", WRITE),
    Rule("register.accepted", SEEN, "A person is registered on the number reserved before: 200.", WRITE),
    Rule("register.empty_body", SEEN, "The answer has an empty body.", WRITE),
    Rule("register.repeat", SEEN, "Repeating the same call answers the same.", WRITE),
    Rule("register.phone_required", SEEN, "Without `phone`: 422.", WRITE),
    Rule("register.not_reserved", SEEN, "A number that is not reserved: 422.", WRITE),
    Rule("register.taken", SEEN, "A number that another person has: 422.", WRITE),
    Rule("register.has_card", SEEN, "The phone's owner already has a card: 422.", WRITE),
    Rule("issue.by_phone", OWN, "A new phone number alone is enough for a card: 200.", WRITE, ISSUE.since),
    Rule("issue.assigns_number", DOC, "The answer assigns the card's number.", WRITE, ISSUE.since),
    Rule("issue.answer", OWN, "The answer is a card as the search gives it.", WRITE, ISSUE.since),
    Rule("issue.retry", OWN, "Who has a card gets that card back: 200, also from two calls at once.", WRITE,
         ISSUE.since),
)  # fmt: skip

_PROMOS = (
    Rule("receipt.accepted", OWN, "A new receipt of a known customer is accepted: 200.", WRITE, RECEIPT.since),
    Rule("receipt.empty_body", OWN, "The answer has an empty body.", WRITE, RECEIPT.since),
    Rule("receipt.any_order", OWN, "The keys of the QR code may stand in any order.", WRITE, RECEIPT.since),
    Rule("receipt.twice", OWN, "The same receipt again: 422.", WRITE, RECEIPT.since),
    Rule("receipt.race", OWN, "The same receipt in two calls at once is accepted once.", WRITE, RECEIPT.since),
    Rule("receipt.bad_qr", OWN, "A key missing, repeated or with a bad value: 422.", WRITE, RECEIPT.since),
    Rule("receipt.only_sales", OWN, "A return or an expense (`n` 2, 3, 4): 422.", WRITE, RECEIPT.since),
    Rule("promo.unknown", OWN, "An unknown promo code: 422.", WRITE, PROMO_CODE.since),
    Rule("promo.once", OWN, "A promo code is accepted, and refused to the same customer after that: 422.",
         ("promo_code",), PROMO_CODE.since),
)  # fmt: skip

# How a call can be seen to be served, where not every run calls it.
_REACHED_BY = {3: (), 5: (), 2: (), 4: (), 6: WRITE, 7: WRITE, 8: WRITE, 9: CARD}


def served(call: Call) -> str:
    """Return the id of the rule that the call is served at all."""
    return f"call.{call.number}.served"


def _served(call: Call) -> Rule:
    words = f"{call.written} is served{' (optional)' if call.optional else ''}."
    standing = OWN if call.optional else call.standing
    return Rule(served(call), standing, words, _REACHED_BY.get(call.number, ()), call.since)


RULES: dict[str, Rule] = {
    rule.id: rule for rule in (*_EVERY_CALL, *(_served(call) for call in CALLS), *_FIND, *_SHOW, *_ISSUE, *_PROMOS)
}


def as_markdown() -> str:
    """Return the table for docs/koshelek_check.md."""
    rows = "\n".join(f"| `{rule.id}` | {rule.standing} | {rule.words} | {_needs(rule)} |" for rule in RULES.values())
    return f"| Rule | Standing | Words | Checked with |\n|---|---|---|---|\n{rows}"


def option(need: str) -> str:
    """Return a need as the user writes it."""
    return f"--{need.replace('_', '-')}" if " " not in need else need


def _needs(rule: Rule) -> str:
    given = " or ".join(option(need) for need in rule.needs) or "every run"
    return given if rule.since == "1.0" else f"{given}, since {rule.since}"
