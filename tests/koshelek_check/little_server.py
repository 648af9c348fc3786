"""A little server of the Koshelek API in memory, right in everything, except for the one fault that it is told.

It shares nothing with the platform nor with the checker: it is written from the contract. `fault(name)` stands where
a server would go wrong; test_faults.py says which rule has to notice.
"""

import threading
import time
from http.server import ThreadingHTTPServer
from urllib.parse import parse_qsl

from tests.koshelek_check.little_handler import LittleHandler, Refused

PERSON_KEYS = ("phone", "email", "birthDate", "birthdate", "firstname", "firstName", "surname", "patronymic", "sex",
               "countryCode", "locality")  # fmt: skip
GIVEN = {"phone": "79031112233", "email": "given@example.org", "birthDate": "1980-02-03"}
BLOCKED_PHONE = "79031112244"
PROMO_CODE = "SUMMER"
LINES = [
    {"date": "2026-03-02", "item": "Coffee", "amount": "120000", "quantity": "1", "location": "Arbat", "bonuses": "12"},
    {"date": "2026-03-02", "amount": "9950", "quantity": "0.5", "location": "Arbat", "bonuses": "0.99"},
    {"date": "2026-02-20", "item": "Tea", "amount": "-500", "quantity": "-1", "location": "Arbat", "bonuses": "0"},
]
RACE = 0.03


class LittleServer:
    """The service. Start it with `with LittleServer("a fault") as server`; `server.url` is its address."""

    def __init__(self, fault: str = "", slowness: float = 0.0) -> None:
        self.name = fault
        self.slowness = slowness
        self.lock = threading.RLock()
        self.asked: list[tuple[str, str, str]] = []
        self.serial = self.pool = 0
        self.owners: dict[str, dict] = {}
        self.reserved: set[str] = set()
        self.receipts: set[object] = set()
        self.codes_used: set[str] = set()
        self.given = self.own(dict(GIVEN))
        self.blocked = self.own({"phone": BLOCKED_PHONE, "email": "", "birthDate": ""})

    def fault(self, name: str) -> bool:
        return self.name == name

    def race(self, name: str) -> None:
        """Let another call in between what was read and what is written."""
        if self.fault(name):
            self.lock.release()
            time.sleep(RACE)
            self.lock.acquire()

    def __enter__(self) -> "LittleServer":
        service = self

        class Handler(LittleHandler):
            server_of = service

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()

    # The customers and their cards.

    def next_number(self) -> str:
        self.serial += 1
        return f"4600{self.serial:09d}"

    def own(self, person: dict) -> str:
        number = self.next_number()
        self.owners[number] = person
        return number

    def number_of(self, phone: str) -> str:
        return next(
            (number for number, person in reversed(self.owners.items()) if phone and person["phone"] == phone), ""
        )

    def card(self, number: str, call: int) -> dict:
        state = "active" if number in self.owners else "inactive"
        barcode = {"barcodeNumber": number, "barcodeType": "EAN_13"}
        card = {"cardNumber": number, "cardState": state, "barcode": barcode}
        if call == 1:
            if self.fault("search without a barcode"):
                del card["barcode"]
            if self.fault("card state in capitals"):
                card["cardState"] = state.upper()
            if self.fault("barcode type with a dash"):
                barcode["barcodeType"] = "EAN-13"
            if self.fault("card number as a number"):
                card["cardNumber"] = int(number)
        return card

    def person(self, body: dict) -> dict:
        if "phone" not in body and not self.fault("no phone needed"):
            raise Refused("30")
        if self.fault("a name is required") and not body.get("firstname"):
            raise Refused("30")
        return {name: body.get(name, "") for name in PERSON_KEYS}

    # The calls.

    def find(self, query: dict) -> object:
        if self.fault("unknown parameters are refused") and set(query) - {"msisdn", "email", "birthDate"}:
            raise Refused("10")
        phone, email, day = query.get("msisdn", ""), query.get("email", ""), query.get("birthDate", "")
        if not phone and not email:
            return self.without_identifier(day)
        found = self.matching(phone, email, day)
        if not found:
            if self.fault("404 for nobody"):
                raise Refused("11", 404)
            if self.fault("nobody is an error"):
                raise Refused("11")
            return {} if self.fault("nobody is an empty object") else None
        if len(found) > 1 and not self.fault("the first of several customers"):
            raise Refused("12")
        if found[0] == self.blocked and not self.fault("a blocked card is shown"):
            raise Refused("13")
        return {"card": self.card(found[0], 1)}

    def without_identifier(self, day: str) -> object:
        if day and self.fault("birth date alone finds a card"):
            numbers = [number for number, person in self.owners.items() if person["birthDate"] == day]
            return {"card": self.card(numbers[0], 1)} if numbers else None
        if not day and self.fault("nothing asked is nobody found"):
            return None
        raise Refused("10")

    def matching(self, phone: str, email: str, day: str) -> list[str]:
        people = list(self.owners.items())
        if self.fault("a new card is found tomorrow"):
            people = people[:2]
        by_phone = [number for number, person in people if phone and person["phone"] == phone]
        by_email = [number for number, person in people if email and person["email"] == email]
        if self.fault("old customers have no phone") and by_phone == [self.given]:
            by_phone = []
        if self.fault("old customers have no e-mail") and by_email == [self.given]:
            by_email = []
        if phone and email and self.fault("parameters combine with AND"):
            return [number for number in by_phone if number in by_email]
        if by_phone:
            both = self.fault("phone of one and e-mail of another is several")
            return by_phone[-1:] + [number for number in by_email if both and number not in by_phone]
        if len(by_email) > 1 and day and not self.fault("birth date does not narrow"):
            by_email = [number for number in by_email if self.owners[number]["birthDate"] == day]
            if not by_email:
                raise Refused("14")
        return by_email

    def known(self, number: str) -> dict:
        if number not in self.owners:
            raise Refused("20", 404 if self.fault("404 for an unknown card") else 422)
        return self.owners[number]

    def channels(self, number: str, body: dict) -> object:
        person = self.known(number)
        names = [*body.get("allow", []), *body.get("deny", [])]
        if self.fault("channels are a closed list") and set(names) - {"sms", "email", "call", "push"}:
            raise Refused("21")
        if self.fault("a channel in both lists is refused") and len(set(names)) < len(names):
            raise Refused("21")
        if self.fault("the same channels again are refused") and person.get("channels") == body:
            raise Refused("21")
        person["channels"] = body
        return {"status": "ok"} if self.fault("channels answer with a body") else None

    def balance(self, number: str) -> object:
        if self.fault("unknown card has a balance") and number not in self.owners:
            return {"card": self.card(number, 3)}
        self.known(number)
        rich = number == self.given
        rows = [{"description": "Spendable", "amount": "1200.00", "validUntil": "2027-04-30"}] if rich else []
        bonus: dict = {"total": "1200.00" if rich else "0.00", "available": "900.00" if rich else "0.00"}
        bonus["bonuses"] = rows
        for name, change in {
            "points as a number": {"total": 1200.0},
            "points as a boolean": {"available": False},
            "no available points": {"available": None},
            "points with a comma": {"total": "1 200,00"},
            "more available than there is": {"available": "5000.00"},
        }.items():
            if self.fault(name):
                bonus |= change
        if self.fault("no available points"):
            del bonus["available"]
        if rich and self.fault("date in the Russian form"):
            rows[0]["validUntil"] = "30.04.2027"
        if rich and self.fault("null for points without end"):
            rows[0]["validUntil"] = None
        shown = self.blocked if self.fault("balance of another card") else number
        return {"card": self.card(shown, 3) | {"bonus": bonus}}

    def update(self, number: str, body: dict) -> object:
        person = self.known(number)
        given = {name: value for name, value in body.items() if value or self.fault("empty values are stored")}
        if self.fault("letters beyond ASCII are refused") and not str(body.get("firstname", "")).isascii():
            raise Refused("31")
        if self.fault("only firstname is read") and "firstName" in body:
            raise Refused("31")
        if self.fault("Russian letters for sex are refused") and body.get("sex", "m") not in "mf":
            raise Refused("31")
        if self.fault("nothing new is refused") and all(person.get(name) == value for name, value in body.items()):
            raise Refused("31")
        if self.fault("unknown keys are refused") and set(body) - set(PERSON_KEYS):
            raise Refused("31")
        owner = self.number_of(given.get("phone", ""))
        if owner and owner != number and not self.fault("phone of another is taken over"):
            raise Refused("32")
        if self.fault("e-mail address never changes"):
            given.pop("email", None)
        person |= given
        return {"ok": "1"} if self.fault("update answers with a body") else None

    def purchases(self, number: str, query: dict) -> object:
        self.known(number)
        start, end = query.get("startDate", ""), query.get("endDate", "9999-12-31")
        if not start and not self.fault("history without a first day"):
            raise Refused("22")
        if "endDate" not in query and self.fault("the last day is required"):
            raise Refused("22")
        if self.fault("the last day is left out"):
            lines = [line for line in LINES if start <= line["date"] < end]
        elif self.fault("the period is not looked at"):
            lines = LINES
        else:
            lines = [line for line in LINES if start <= line["date"] <= end]
        lines = [dict(line) for line in lines] if number == self.given else []
        for name, key, value in (
            ("amount in roubles", "amount", "1200.00"),
            ("history in the Russian form", "date", "02.03.2026"),
            ("null for no item", "item", None),
            ("quantity as a number", "quantity", 1),
        ):
            if self.fault(name):
                lines = [line | {key: value} for line in lines]
        if self.fault("history without the store"):
            lines = [{name: value for name, value in line.items() if name != "location"} for line in lines]
        if self.fault("history in an object"):
            return {"purchases": lines}
        return None if not lines and self.fault("no purchases, no body") else lines

    def reserve(self) -> object:
        last = self.pool
        self.race("two callers get one number")
        if not self.fault("always the same number"):
            self.pool = last + 1
        number = f"4700{self.pool:09d}"
        self.reserved.add(number)
        return number if self.fault("the bare number") else {"card": self.card(number, 6)}

    def register(self, number: str, body: dict) -> object:
        person = self.person(body)
        owner = self.owners.get(number)
        if owner is not None and owner["phone"] == person["phone"]:
            if self.fault("a repeated registration is refused"):
                raise Refused("43")
            return None
        if owner is not None and not self.fault("a number of another is given"):
            raise Refused("41")
        if owner is None and number not in self.reserved and not self.fault("any number is registered"):
            raise Refused("1" if self.fault("one code for several causes") else "40")
        if self.number_of(person["phone"]) and not self.fault("a second card by registration"):
            raise Refused("1" if self.fault("one code for several causes") else "42")
        self.reserved.discard(number)
        if self.fault("the reserved number is lost"):
            raise Refused("40")
        self.owners.pop(number, None)
        self.owners[number] = person
        return {"card": self.card(number, 7)} if self.fault("registration answers with a body") else None

    def issue(self, body: dict) -> object:
        person = self.person(body)
        number = self.number_of(person["phone"])
        self.race("two cards in a race")
        if number and self.fault("issuing again is refused"):
            raise Refused("42")
        if not number and self.fault("one number for two customers") and len(self.owners) > 3:
            number = next(reversed(self.owners))
            self.owners[number] = person
        elif not number or self.fault("a second card for a retry"):
            number = self.own(person)
        if self.fault("issued without telling the number"):
            return None
        card = self.card(number, 8)
        return card if self.fault("issued card without its envelope") else {"card": card}

    def promotions(self, number: str) -> object:
        self.known(number)
        offer = {"promotionId": "7", "title": "Coffee days", "validFrom": "2026-03-01", "validUntil": "2026-03-31"}
        if self.fault("promotion until the evening"):
            offer["validUntil"] = "2026-03-31T23:59:59"
        return [offer] if self.fault("promotions without their envelope") else {"promotions": [offer]}

    def users(self) -> object:
        return ["+79031112233"] if self.fault("phones with a plus") else ["79031112233", "79031112255"]

    def users_extended(self) -> object:
        params = {"discount": "5"} if self.fault("parameters as an object") else [{"name": "discount", "value": "5"}]
        return [{"phone": "79031112233", "params": params}]

    def receipt(self, body: dict) -> object:
        pairs = parse_qsl(body.get("qrCode", ""))
        code = dict(pairs)
        whole = set(code) == {"t", "s", "fn", "i", "fp", "n"} and len(pairs) == 6
        fits = whole and "," not in code["s"] and code["i"] != "0"
        if not fits and not self.fault("any QR code is a receipt"):
            raise Refused("50")
        if code.get("n") != "1" and not self.fault("returns are receipts"):
            raise Refused("51")
        if self.fault("receipts by phone only") and "msisdn" not in body:
            raise Refused("52")
        if self.fault("QR codes in one order only") and not body["qrCode"].startswith("t="):
            raise Refused("50")
        key: object = tuple(code.get(name) for name in ("fn", "i", "fp"))
        if self.fault("a receipt once for each identifier"):
            key = (key, body.get("msisdn"))
        seen = key in self.receipts
        self.race("a receipt twice in a race")
        if seen:
            raise Refused("53")
        self.receipts.add(key)
        return {"accepted": "true"} if self.fault("receipts answer with a body") else None

    def promo_code(self, body: dict) -> object:
        code = body.get("code", "")
        if code != PROMO_CODE:
            if self.fault("every promo code is right"):
                return None
            raise Refused("60")
        if code in self.codes_used and not self.fault("a promo code without end"):
            raise Refused("61")
        self.codes_used.add(code)
        return None
