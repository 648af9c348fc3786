"""Barcodes of cards as SVG, for the back office and the customer's own page (specs/koshelek.md, call 1). Pure."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import barcode as symbologies
import segno
from barcode.codex import Code128
from stdnum import ean

from cards.models import Barcode

CONTENT_TYPE = "image/svg+xml"
LENGTHS = {Barcode.EAN_8.value: 8, Barcode.EAN_13.value: 13, Barcode.UPC_A.value: 12}
"""A shop's scanner reads these barcodes at one length only, and only with the EAN check digit."""

_LINEAR = {
    Barcode.EAN_8.value: "ean8",
    Barcode.EAN_13.value: "ean13",
    Barcode.UPC_A.value: "upca",
}
# Millimetres of the smallest bar: what printers at a counter can do and scanners read from a screen. The margin is
# the widest quiet zone that any of the standards asks for.
_BAR, _DOT = 0.33, 1.0
_BAR_HEIGHT, _TEXT_HEIGHT, _QUIET, _QUIET_QR = 60, 12, 11, 4


class _Code128(Code128):
    def _try_to_optimize(self, encoded: list[int]) -> list[int]:
        # The library (0.16) takes a leading pair 99 for a change of the set of characters and drops it. A card number
        # begins with digits, so that there is never such a change to fold into the start.
        return encoded


def kind_of(wanted: str, number: str) -> str:
    """Return the kind of barcode that a number gets: the one its series wants, CODE_128 where that cannot hold it."""
    length = LENGTHS.get(wanted)
    if length is None or fits(wanted, number):
        return wanted
    return Barcode.CODE_128.value


def fits(kind: str, number: str) -> bool:
    """Tell whether a kind of fixed length can hold a number: its length and its EAN check digit."""
    return len(number) == LENGTHS[kind] and bool(ean.calc_check_digit(number[:-1]) == number[-1])


def svg(wanted: str, number: str) -> str:
    """Return the barcode of a card number as an SVG document, in the kind that `kind_of` gives it.

    The number stands under it for people. One unit of the drawing is the narrowest bar, so that it stays sharp at
    any size; width and height are what print and a counter's scanner expect.
    """
    kind = kind_of(wanted, number)
    if kind == Barcode.QR_CODE:
        rows = ["".join("1" if dot else "0" for dot in row) for row in segno.make_qr(number).matrix]
        return _document(number, rows, height=1, quiet=_QUIET_QR, unit=_DOT)
    drawn = _Code128(number) if kind == Barcode.CODE_128 else symbologies.get(_LINEAR[kind], number)
    rows = drawn.build()
    return _document(number, rows, height=_BAR_HEIGHT, quiet=_QUIET, unit=_BAR)


def _document(number: str, rows: Sequence[str], *, height: int, quiet: int, unit: float) -> str:
    width = len(rows[0]) + 2 * quiet
    # A QR code is small: its number takes a line of its own in letters that fit its width.
    letters = min(_TEXT_HEIGHT, width / (len(number) * 0.7))
    tall = height * len(rows) + 2 * quiet + letters
    bars = "".join(
        f"M{start + quiet} {place * height + quiet}h{length}v{height}h-{length}z"
        for place, row in enumerate(rows)
        for start, length in _runs(row)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {tall:.2f}" width="{width * unit:.2f}mm"'
        f' height="{tall * unit:.2f}mm" role="img" aria-label="{number}">'
        f'<rect width="100%" height="100%" fill="#fff"/><path d="{bars}" fill="#000" shape-rendering="crispEdges"/>'
        f'<text x="{width / 2}" y="{tall - quiet / 2:.2f}" font-family="monospace" font-size="{letters:.2f}"'
        f' text-anchor="middle">{number}</text></svg>'
    )


def _runs(row: str) -> Iterator[tuple[int, int]]:
    """Yield (start, length) of each dark run of a row of 0 and 1."""
    start = 0
    for dark, modules in groupby(row):
        length = len(list(modules))
        if dark == "1":
            yield start, length
        start += length
