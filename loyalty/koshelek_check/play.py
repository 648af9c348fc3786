"""What a scenario works with: asking, noting what came, and the customers of this run."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import quote

from loyalty.koshelek_check.answers import UNSERVED, Answer, State, judge, judge_header, outside_problem
from loyalty.koshelek_check.calls import CALLS, ISSUE, Call, version
from loyalty.koshelek_check.client import Client, Received, Request
from loyalty.koshelek_check.people import Customer, People, Person
from loyalty.koshelek_check.rules import RULES, served
from loyalty.koshelek_check.verdicts import Record

# How steps name the customer that the user gave, and the first one made.
GIVEN, MADE = "your customer", "made-up customer"
# Rules whose refusals are to be told apart by their codes.
_CAUSES = (
    "register.not_reserved", "register.taken", "register.has_card", "find.several", "update.phone_of_another",
    "receipt.twice", "receipt.only_sales", "promo.unknown", "promo.once",
)  # fmt: skip

# How the ids of the rules of one call begin, where nothing else can show them.
_RULES_OF = {
    2: "channels.", 4: "update.", 5: "history.", 6: "reserve.", 7: "register.", 8: "issue.", 9: "promotions.",
    10: "lists.phones", 11: "lists.extended", 12: "receipt.", 13: "promo.",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """What the user gave. The password is not here, so that no report can show it."""

    base_url: str
    login: str
    today: date
    write: bool = False
    phone: str = ""
    email: str = ""
    card: str = ""
    birth_date: str = ""
    blocked_phone: str = ""
    promo_code: str = ""
    phone_prefix: str = ""
    api_version: str = "1.3"
    without: frozenset[int] = frozenset()

    def given(self, need: str) -> bool:
        """Tell whether an option that a rule needs was given."""
        return bool(getattr(self, need, False))

    def serves(self, call: Call) -> bool:
        """Tell whether the server claims to serve the call."""
        return version(call.since) <= version(self.api_version) and call.number not in self.without


@dataclass(frozen=True, slots=True)
class Question:
    """One call with its values; a `body` of bytes is sent as it is."""

    call: Call
    card: str = ""
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None

    def request(self) -> Request:
        """Return what is sent."""
        path = self.call.path.replace("{cardNumber}", quote(self.card, safe=""))
        return Request(self.call.method, path, tuple(self.query.items()), self.body)


class Play:
    """One run. `scenario` is the name of the one that plays now."""

    def __init__(self, options: Options, client: Client) -> None:
        self.options = options
        self.client = client
        self.record = Record()
        self.people = People(options.phone_prefix)
        self.made: list[Customer] = []
        self.reserved: list[str] = []
        self.given_number = ""
        self.codes: dict[str, str] = {}
        self.scenario = ""
        self._seen: set[int] = set()
        self._absent: list[Answer] = []
        self._owners: dict[str, str] = {}
        self._shared_numbers = 0

    def ask(self, call: Call, card: str = "", query: dict[str, str] | None = None, body: Any = None) -> Answer:
        """Send one call and judge its answer by the rules for every call; a call not claimed is not sent."""
        if not self.options.serves(call):
            return Answer(call, Received(), State.UNSERVED)
        question = Question(call, card, query or {}, body)
        return self._judged(call, self.client.send(question.request()))

    def ask_together(self, *questions: Question) -> list[Answer]:
        """Send several calls at once and judge the answers afterwards. They are calls that the server claims."""
        with ThreadPoolExecutor(len(questions)) as pool:
            received = list(pool.map(self.client.send, [question.request() for question in questions]))
        return [self._judged(question.call, each) for question, each in zip(questions, received, strict=True)]

    def check(self, step: str, rule: str, ok: bool, expected: str, came: Answer | str, call: Call | str = "") -> bool:
        """Note what a rule says of a step, and return it. An answer that broke a rule for every call is not judged."""
        if isinstance(came, Answer):
            if not came.judged:
                return False
            call, came = came.call, came.came
        self.record.note(self.scenario, step, rule, call, ok, expected, came)
        return ok

    def refusal(self, step: str, rule: str, answer: Answer, expected: str = "422") -> None:
        """Note a rule that wants the call refused; the refusal's code is kept under the rule's name."""
        self.check(step, rule, answer.refused, expected, answer)
        if answer.code:
            self.codes.setdefault(rule, answer.code)

    def customer(self, person: Person, number: str) -> Customer | None:
        """Note that the person has got the number, and return the customer, None when somebody has it already."""
        if self._owners.setdefault(number, person.phone) != person.phone:
            self._shared_numbers += 1
            return None
        return Customer(person, number, made=True)

    @property
    def written(self) -> list[tuple[str, str]]:
        """Return card number and phone of everybody who got a card, as they were when it was issued."""
        return list(self._owners.items())

    def readable(self) -> list[tuple[str, Customer]]:
        """Return the customers whose card may be read: the one given by the user, the first one made."""
        given = self.given()
        found = [(GIVEN, given)] if given and given.number else []
        return [*found, (MADE, self.made[0])] if self.made else found

    def is_absent(self, call: Call) -> bool:
        """Tell whether a call is not there, so far as is known: more of the same would only cost requests."""
        absent = call.number not in self._seen and any(answer.call is call for answer in self._absent)
        return absent or not self.options.serves(call)

    def given(self) -> Customer | None:
        """Return the customer that the user gave, None without one."""
        options = self.options
        if not (options.phone or options.email or options.card):
            return None
        person = Person(options.phone, options.email, options.birth_date)
        return Customer(person, options.card or self.given_number, made=False)

    def close(self) -> None:
        """Judge what only the whole run shows."""
        self._close_served()
        self.scenario = "whole run"
        if len(self._owners) + self._shared_numbers > 1:
            came = f"{self._shared_numbers} numbers given twice" if self._shared_numbers else "each number once"
            self.check("cards", "card.one_user", not self._shared_numbers, "each number once", came, ISSUE)
        codes = {rule: code for rule, code in self.codes.items() if rule in _CAUSES}
        if len(codes) > 1:
            came = f"{len(set(codes.values()))} codes for {len(codes)} causes"
            ok = len(set(codes.values())) == len(codes)
            self.check("causes", "error.own_codes", ok, "a code for each cause", came, "every call")

    def _close_served(self) -> None:
        for call in CALLS:
            absent = [answer.received.status for answer in self._absent if answer.call is call]
            if call.number in self._seen:
                self.record.note("served", call.name, served(call), call, True, "any answer but 404", "answers")
                for status in absent:
                    self.record.note_answer("answer.status", call, False, "200 or 422", str(status))
            elif absent:
                came = f"not served: {absent[0]}"
                self.record.note("served", call.name, served(call), call, False, "any answer but 404", came)
                self._excuse_rules_of(call, "is not served")
            elif call.number in self.options.without:
                self._excuse_rules_of(call, "is left out by --without")

    def _excuse_rules_of(self, call: Call, reason: str) -> None:
        for rule in RULES:
            if rule == served(call) or rule.startswith(_RULES_OF.get(call.number, "-")):
                self.record.excuse(rule, f"call {call.title} {reason}")

    def ask_unreadable(self, call: Call, card: str, body: bytes) -> Answer:
        """Send a body that is no JSON. Other answers than 422 are not judged by the rules for every call."""
        received = self.client.send(Question(call, card, body=body).request())
        if received.problem or received.status in (422, *UNSERVED):
            return self._judged(call, received)
        self._seen.add(call.number)
        return Answer(call, received)

    def ask_outside(self, request: Request, title: Call | str) -> tuple[Received, str]:
        """Send what the contract does not know; return what came, and what is wrong with it as an error."""
        received = self.client.send(request)
        problem = outside_problem(received)
        if received.problem:
            self.record.note_answer("answer.whole", title, False, "a whole answer", received.problem)
        elif not problem:
            header = judge_header(received)
            self.record.note_answer(header.rule, title, header.ok, header.expected, header.came)
        return received, problem

    def _judged(self, call: Call, received: Received) -> Answer:
        answer = Answer(call, received)
        for finding in judge(answer):
            self.record.note_answer(finding.rule, call, finding.ok, finding.expected, finding.came)
        if answer.state is State.UNSERVED:
            self._absent.append(answer)
        elif received.status:
            self._seen.add(call.number)
        return answer
