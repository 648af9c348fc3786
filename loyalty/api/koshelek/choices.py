"""Every OWN choice of this surface, in the order of the calls: where the vendor's text is silent, we decided so.

The page of the API shows this table. A retailer who holds the vendor's contract changes the serializers or the
routes, and the line here. Standing of the rest: specs/koshelek.md.
"""

CHOICES: tuple[tuple[str, str], ...] = (
    ("Every call", "The service stands at the root: `/v1/...`. A trailing slash is another, unknown address."),
    ("Every call", "401 with `WWW-Authenticate: Basic` for missing or wrong credentials, also at an unknown address."),
    ("Every call", "404, 405 (also OPTIONS), 413, 429 and 503 carry the error body; 429 and 503 say `Retry-After`."),
    ("Every call", "HEAD answers like GET without the body, except call 6, where a number would be held for nobody."),
    ("Every call", "The `Content-Type` of a request is not looked at: a body is one JSON object in UTF-8."),
    ("Every call", "Unknown query parameters and body keys are ignored; a known one with a bad value is 422."),
    ("Every call", "`null`, an empty text and an absent key mean: not given. Blanks around a text are dropped."),
    ("Every call", "An answer leaves out what is absent. Points are written with two decimals, times are dates."),
    ("Every call", "Nothing may be cached: `Cache-Control: no-store`."),
    (
        "Every call",
        "Barcode type: the series' own, or CODE_128 where the number's length or check digit does not fit it.",
    ),
    ("1 Find", "The contact found by phone decides alone; only when there is none is the e-mail looked at."),
    ("1 Find", "E-mail: capitals do not matter, every other character does. Several owners: 422."),
    ("1 Find", "`birthDate` finds nobody; it only chooses among several owners of an e-mail. Fits none: 422."),
    ("1 Find", "A contact without a card is answered like nobody: 200 with an empty body."),
    ("1 Find", "Of several cards the newest that is not blocked; only blocked ones: 422."),
    ("1 Find", "`active` is our Issued or Active; any other status is `inactive`."),
    ("1 Find", "`msisdn`: 7 to 15 digits, the first not 0 (a leading `+` is dropped). A parameter given twice: 422."),
    ("2 Channels", "A channel in both lists is denied. Names: kept in small letters, up to 40 characters, 50 a list."),
    ("2 Channels", "Only a changed answer makes a new dated record; a blocked card may still change its channels."),
    ("2-5", "A card that belongs to nobody yet: 422 with its own code."),
    ("3 Balance", "`total` is spendable plus escrow; `available` is spendable now, 0.00 while the card is blocked."),
    (
        "3 Balance",
        "`bonuses`: spendable points by their last valid day, then escrow by the day it ends; soonest first.",
    ),
    ("3 Balance", "For points in escrow `validUntil` is the day the escrow ends, and `description` says so."),
    ("3 Balance", "Points that never expire have no `validUntil`. With a debt `total` is less than the sum."),
    ("4, 7, 8 Person", "`firstName` and `birthdate` are read too, when `firstname` or `birthDate` is not given."),
    ("4, 7, 8 Person", "`sex`: m, f, м, ж in either case. `birthDate`: from 1900-01-01 to today."),
    ("4, 7, 8 Person", "`phone`: text or whole number, international with or without `+`; Russian `89..` is `+79..`."),
    ("4, 7, 8 Person", "Texts hold no control characters; `countryCode` is kept in capitals, up to 3 characters."),
    ("4 Update", "Sufficient personal data make an Issued card Active. A body without any known key changes nothing."),
    ("5 History", "Newest first, the lines of a receipt in their order; at most the newest 5000 lines."),
    ("5 History", "All purchases of the card's holder, also those with a card that this one replaces."),
    (
        "5 History",
        "`bonuses` are the points earned by the line; `item`: the name, else the SKU; `location`: the store.",
    ),
    (
        "5 History",
        "What came back is a line of the day of the return: `quantity`, `amount` and `bonuses` (what the return took"
        " back) are negative. Money returned without naming goods: the part of the line's quantity.",
    ),
    ("5 History", "A cancelled purchase is not shown, nor its returns. `endDate` before `startDate`: 422."),
    ("6 Reserve", "GET; answers as call 1, with `cardState` `inactive`. The hold lasts one hour (setting)."),
    ("7 Register", "Any Koshelek credential may register on a reserved number. A repeat changes nothing: 200."),
    ("8 Issue", "Body as in call 7. A person with a usable card gets that card back, and nothing is changed."),
    (
        "9 Promotions",
        "GET. Live by status and clock, with a title, and for everybody or an audience that holds the holder.",
    ),
    (
        "9 Promotions",
        "The soonest end first, those without an end last. A used-up budget or count ends an offer.",
    ),
    ("9 Promotions", "An unknown card: 422. A blocked card, or a blocked holder: an empty list."),
    (
        "9 Promotions",
        "`validFrom`, `validUntil`: first and last day in the retailer's zone. Hours are told by `terms`.",
    ),
    (
        "9 Promotions",
        "`imageUrl` needs no credentials; below PUBLIC_BASE_URL, else below the address of the call.",
    ),
    ("10-11 Lists", "An audience that a marketer chooses in the back office; `[]` while none is chosen."),
    ("10-11 Lists", "People with a phone who take part; not those whose newest answers deny every channel they named."),
    ("10-11 Lists", "No order is promised. One list at a time: a second call meanwhile is 503 with `Retry-After`."),
    ("10-11 Lists", "A list that breaks off ends without `]`: take none of it. Reading nothing for 60 s ends it, too."),
    ("11 Parameters", "`tier`, `available` (points that can be spent now), `cardNumber` of the usable card."),
    (
        "12 Receipt",
        "`msisdn` or `cardNumber`; of both, the phone is the holder's. A replaced card finds its holder.",
    ),
    ("12 Receipt", "The customer needs a card that can be used now: without one, or with a blocked one only, 422."),
    ("12 Receipt", "Keys in small letters, each once; others are ignored. The text is not decoded again."),
    ("12 Receipt", "`s` has two decimals, at most 99999999.99. `i` and `fp` may begin with zeros: they are numbers."),
    (
        "12 Receipt",
        "`t` is in the retailer's zone: an hour that comes twice is read as the first.",
    ),
    ("12 Receipt", "A time over 5 minutes ahead, or older than purchases may be (366 days, setting): 422."),
    ("12 Receipt", "A receipt that anybody sent before is 422; the answer does not say who."),
    (
        "12 Receipt",
        "A purchase at the till with the same sum, within 5 minutes, at the store of the fiscal drive (any store while"
        " the drive is unknown) is the same sale: credited by the till only.",
    ),
    (
        "12 Receipt",
        "Uploaded by the till later, the receipt's award is taken back with the same call; the purchase counts.",
    ),
    (
        "12 Receipt",
        "A credited receipt is one line of the history: the promotion's title, else `Receipt` and its number.",
    ),
    ("13 Promo code", "`msisdn`, `cardNumber` or both, which then must name one customer. 200 with an empty body."),
    (
        "13 Promo code",
        "The customer needs a usable card, not that very one: after a replacement the old number will do.",
    ),
    (
        "13 Promo code",
        "Capitals, blanks, dashes and look-alikes do not matter: `B` for `8`, Cyrillic letters for Latin.",
    ),
    (
        "13 Promo code",
        "A generated code's check character finds a typing error before anything is looked up: 422, code 5001.",
    ),
    (
        "13 Promo code",
        "A repeat after a lost answer is `already used`, 5006: the points are there. It beats every other cause.",
    ),
    ("13 Promo code", "A single-use code that another customer used is exhausted, 5005. A draft's code is unknown."),
    ("13 Promo code", "A shared code: once a customer, unless the promotion allows more. The last gets what is left."),
    (
        "13 Promo code",
        "Ten codes that cannot be used (setting) within a quarter of an hour: 429, 5008, for this customer at this"
        " credential.",
    ),
)


def as_markdown() -> str:
    """Return the table for the page of the API."""
    rows = "\n".join(f"| {call} | {choice} |" for call, choice in CHOICES)
    return f"| Call | Our choice where the vendor's text is silent |\n|---|---|\n{rows}"
