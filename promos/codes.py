"""Promo codes as they are made, printed and typed (specs/koshelek.md, call 13). Pure; asks no database.

Two kinds that can never be taken for each other:

* Generated, single-use codes are written in `ALPHABET`: 23 letters and digits of which no two look alike, without
  A, E, I, O, so that chance writes no words. The last one is a check character.
* Marketers' shared codes (SUMMER2026) are any Latin letters and digits, but never of the form of generated ones.

23 is a prime number, so ISO 7064's pure system (MOD 23, 2) finds every single wrong character and every swap of two
neighbours, and the check character needs no extra letter.
"""

import re
import secrets

from stdnum.iso7064 import mod_37_2

from loyalty.core.errors import InvalidParameter
from promos.errors import PromoCodeMisspelled, PromoCodeUnknown

ALPHABET = "23456789CDFHJKMNPRTVWXY"
SHORTEST_GENERATED, LONGEST_GENERATED = 8, 24
"""Length of a generated code without its prefix, with its check character."""
LONGEST_PREFIX = 8
SHORTEST, LONGEST = 4, 32
GUESSES_FOR_A_HIT = 10**8
"""There are at least so many possible codes for each one that is made: so improbable is a single guess."""

_LOOKS_LIKE = {"B": "8", "G": "6", "S": "5", "U": "V", "Z": "2"}
"""What people type for a character of the alphabet, because it looks so."""
GENERATED_FORM = rf"^[{ALPHABET}]{{{SHORTEST_GENERATED},{LONGEST}}}$"
READ_AS_GENERATED = rf"^[{ALPHABET}{''.join(_LOOKS_LIKE)}]{{{SHORTEST_GENERATED},{LONGEST}}}$"
PREFIX_FORM = rf"^[{ALPHABET}]{{0,{LONGEST_PREFIX}}}$"

_READ_AS = str.maketrans(_LOOKS_LIKE)
# Cyrillic letters that look like Latin ones: a Russian keyboard is often still on.
_CYRILLIC = str.maketrans("АВЕКМНОРСТУХавекмнорстух", "ABEKMHOPCTYXABEKMHOPCTYX")
_BETWEEN = re.compile(r"[\s\u00ad\-\u2010-\u2015\u2212_.]+")
_PLAIN = re.compile(rf"[0-9A-Z]{{{SHORTEST},{LONGEST}}}")
_GENERATED = re.compile(GENERATED_FORM)
_PREFIX = re.compile(PREFIX_FORM)
_BYTES = 256 - 256 % len(ALPHABET)
_LETTER_OF_BYTE = bytes(ord(ALPHABET[byte % len(ALPHABET)]) for byte in range(256))
_LONGEST_GROUP = 5


def read(text: str) -> str:
    """Return what a customer typed in its stored form: any case, blanks, dashes, letters that look alike.

    Raises PromoCodeMisspelled when it has the form of a generated code but its check character does not fit,
    PromoCodeUnknown when it can be no code at all.
    """
    plain = _plain(text)
    if not _PLAIN.fullmatch(plain):
        raise PromoCodeUnknown()
    generated = plain.translate(_READ_AS)
    if not _GENERATED.fullmatch(generated):
        return plain
    if not mod_37_2.is_valid(generated, ALPHABET):
        raise PromoCodeMisspelled()
    return generated


def read_shared(text: str) -> str:
    """Return a marketer's own code in its stored form. Raises InvalidParameter (`code`).

    A code of the form of a generated one is refused, whatever its check character: it would be read as one.
    """
    plain = _plain(text)
    if not _PLAIN.fullmatch(plain):
        raise InvalidParameter(f"Write {SHORTEST} to {LONGEST} Latin letters and digits.", name="code")
    if _GENERATED.fullmatch(plain.translate(_READ_AS)):
        raise InvalidParameter(
            "This looks like a generated code. Take at most seven characters, or one of A, E, I, L, O, Q, 0, 1 among"
            " them.",
            name="code",
        )
    return plain


def read_prefix(text: str) -> str:
    """Return the beginning that all codes of a batch share, in its stored form. Raises InvalidParameter (`prefix`)."""
    plain = _plain(text)
    if not _PREFIX.fullmatch(plain):
        raise InvalidParameter(
            f"At most {LONGEST_PREFIX} characters that cannot be mistaken for others: {ALPHABET}.", name="prefix"
        )
    return plain


def space(length: int) -> int:
    """Return how many codes of a length there are, under one prefix."""
    return int(len(ALPHABET) ** (length - 1))


def shortest_length(codes: int) -> int:
    """Return the least length at which nobody guesses one of so many codes."""
    length = SHORTEST_GENERATED
    while space(length) < codes * GUESSES_FOR_A_HIT:
        length += 1
    return length


def make(count: int, prefix: str, length: int) -> list[str]:
    """Return `count` random codes: prefix, `length` characters, the last of them the check character.

    Each possible code is equally likely, from the operating system's source of secrets. Two may be the same.
    """
    body = length - 1
    letters = _letters(count * body)
    codes = (prefix + letters[place : place + body] for place in range(0, count * body, body))
    return [code + mod_37_2.calc_check_digit(code, ALPHABET) for code in codes]


def printed(code: str, prefix: str = "") -> str:
    """Return a generated code as it is printed: its prefix, then groups of four or so, with dashes between."""
    rest = code[len(prefix) :]
    groups = -(-len(rest) // _LONGEST_GROUP)
    size, longer = divmod(len(rest), groups)
    ends = [sum(size + (each < longer) for each in range(number + 1)) for number in range(groups)]
    parts = [rest[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]
    return "-".join([prefix, *parts] if prefix else parts)


def _plain(text: str) -> str:
    """Return capitals without what stands between them. Letters of other scripts stay, and fit no form."""
    latin = _BETWEEN.sub("", text).translate(_CYRILLIC)
    return latin.upper() if latin.isascii() else latin


def _letters(count: int) -> str:
    """Return random letters. Bytes beyond the last whole round of the alphabet are dropped: no letter is likelier."""
    found = bytearray()
    rejected = bytes(range(_BYTES, 256))
    while len(found) < count:
        missing = count - len(found)
        found += secrets.token_bytes(missing + missing // 8 + 16).translate(_LETTER_OF_BYTE, rejected)
    return found[:count].decode("ascii")
