"""What a scenario works with: asking, noting what came, and the customers of this run."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import quote

from loyalty.koshelek_check.answers import UNSERVED, Answer, State, judge
from loyalty.koshelek_check.calls import CALLS, ISSUE, Call, version
from loyalty.koshelek_check.client import Client, Received, Request
from loyalty.koshelek_check.people import Customer, People, Person
from loyalty.koshelek_check.rules import served
from loyalty.koshelek_check.verdicts import Record

# Rules whose refusals are to be told apart by their codes.
_CAUSES = (
    "register.not_reserved", "register.taken", "register.has_card", "find.several", "update.phone_of_another",
    "receipt.twice", "receipt.only_sales", "promo.unknown", "promo.once",
)  # fmt: skip


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

    def given(self, need: str) -> bool:
        """Tell whether an option that a rule needs was given."""
        return bool(getattr(self, need, False))

    def serves(self, call: Call) -> bool:
        """Tell whether the call belongs to the version that the server claims."""
        return version(call.since) <= version(self.api_version)


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
        """Send one call and judge its answer by the rules for every call."""
        question = Question(call, card, query or {}, body)
        return self._judged(call, self.client.send(question.request()))

    def ask_together(self, *questions: Question) -> list[Answer]:
        """Send several calls at once and judge the answers afterwards."""
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
        found = [("given", given)] if given and given.number else []
        return [*found, ("made", self.made[0])] if self.made else found

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

    def ask_unreadable(self, call: Call, card: str, body: bytes) -> Received | None:
        """Send a body that is no JSON; return what came, None when there is nothing at the address."""
        received = self.client.send(Question(call, card, body=body).request())
        if received.problem:
            self.record.note_answer("answer.whole", call, False, "a whole answer", received.problem)
            return None
        if received.status in UNSERVED:
            self._absent.append(Answer(call, received))
            return None
        self._seen.add(call.number)
        return received

    def _judged(self, call: Call, received: Received) -> Answer:
        answer = Answer(call, received)
        for finding in judge(answer):
            self.record.note_answer(finding.rule, call, finding.ok, finding.expected, finding.came)
        if answer.state is State.UNSERVED:
            self._absent.append(answer)
        elif received.status:
            self._seen.add(call.number)
        return answer
