"""Customers that a run makes up: nobody's phones, so far as we know, and names that are easy to find and delete."""

import random
from dataclasses import dataclass, replace

PHONE_DIGITS = 11
FEWEST_RANDOM_DIGITS = 4
# No operator is known to us to have numbers that begin so.
DEFAULT_PREFIX = "7946"


@dataclass(frozen=True, slots=True)
class Person:
    """Personal data as the wallet app sends them."""

    phone: str
    email: str
    birth_date: str
    firstname: str = "Koshelek"
    surname: str = "Check"
    patronymic: str = "Test"
    sex: str = "f"

    def body(self) -> dict[str, str]:
        """Return the body of calls 4, 7 and 8."""
        return {
            "phone": self.phone,
            "email": self.email,
            "firstname": self.firstname,
            "surname": self.surname,
            "patronymic": self.patronymic,
            "sex": self.sex,
            "birthDate": self.birth_date,
            "countryCode": "RU",
            "locality": "Moscow",
        }


@dataclass(frozen=True, slots=True)
class Customer:
    """A person with a card: made by this run, or given by the user (then only what was given is known)."""

    person: Person
    number: str
    made: bool

    def moved(self, **changes: str) -> "Customer":
        """Return the customer with other personal data."""
        return replace(self, person=replace(self.person, **changes))


class People:
    """Makes people up; each run makes others, so that it can be repeated."""

    def __init__(self, prefix: str) -> None:
        self._chance = random.SystemRandom()
        self._prefix = prefix
        self._run = self.digits(8)
        self._given: set[str] = set()

    def new(self) -> Person:
        """Return a person nobody has seen before."""
        serial = len(self._given) + 1
        email = f"koshelek-check-{self._run}-{serial}@example.com"
        birth_date = f"{self._chance.randint(1950, 2004)}-{self._chance.randint(1, 12):02d}-{10 + serial % 18}"
        return Person(self.phone(), email, birth_date)

    def phone(self) -> str:
        """Return a phone that this run has not used."""
        while (phone := self._prefix + self.digits(PHONE_DIGITS - len(self._prefix))) in self._given:
            pass
        self._given.add(phone)
        return phone

    def unknown_card(self) -> str:
        """Return a card number that no series has: sixteen digits that begin with zeros."""
        return "000" + self.digits(13)

    def digits(self, count: int) -> str:
        """Return random digits."""
        return "".join(self._chance.choice("0123456789") for _ in range(count))


def prefix_problem(prefix: str) -> str:
    """Return why phones cannot begin so, "" when they can."""
    longest = PHONE_DIGITS - FEWEST_RANDOM_DIGITS
    if prefix.isdecimal() and prefix.isascii() and not prefix.startswith("0") and len(prefix) <= longest:
        return ""
    return f"--phone-prefix takes 1 to {longest} digits, the first not 0"
