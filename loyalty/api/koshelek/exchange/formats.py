"""Every format of the exchanged files. All of it is OWN: the vendor's page about files is not public.

A file is a ZIP with one CSV of the same name: UTF-8 (a byte order mark is read and not written), `;` between fields,
`"` around a field that needs it, one head line with the names of the columns, lines end in CR LF. In a registry that
we read, columns may stand in any order, and those not named here are ignored. A retailer who holds the vendor's
contract changes this module.
"""

DELIMITER = ";"
ENCODING = "utf-8"
LINE_END = "\r\n"

CARDS = "cards"
"""Registry of issued cards, from us: whom a card belongs to, so that the app finds it by phone or e-mail."""
CARDS_COLUMNS = ("cardNumber", "cardState", "barcodeType", "msisdn", "email")

NUMBERS = "numbers"
"""Registry of free numbers, from us: the app gives them to its users; nobody else is given them meanwhile."""
NUMBERS_COLUMNS = ("cardNumber", "barcodeType")

ISSUED = "issued"
"""Registry of cards issued by the app, to us: the keys of call 7, and the channels of call 2 with `,` between them."""
ISSUED_REQUIRED = ("cardNumber", "phone")
PERSON_COLUMNS = (
    "phone", "email", "firstname", "surname", "patronymic", "sex", "birthDate", "countryCode", "locality",
)  # fmt: skip
CHANNEL_COLUMNS = ("allow", "deny")
CHANNEL_DELIMITER = ","

REPORT_COLUMNS = ("line", "cardNumber", "result", "code", "description")
"""Our answer to the registry of issued cards: one line a line; codes are those of the online API."""
ACCEPTED, REFUSED = "ok", "refused"

LARGEST_UNPACKED = 1024 * 1024 * 1024
LONGEST_LINE = 4_000
LARGEST_RATIO = 200
"""A ZIP that unpacks to more than these is no registry."""


def file_name(kind: str, stamp: str) -> str:
    """Return the name of a registry made at a moment, without its ending."""
    return f"{kind}-{stamp}"
