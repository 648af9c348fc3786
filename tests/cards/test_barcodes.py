"""Every kind of barcode is read back from its bars, and a number never gets bars that say another one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import ean

from cards import barcodes
from cards.models import Barcode
from tests.cards import scanner

READ = {
    Barcode.EAN_8: lambda rows: scanner.ean_8(rows[0]),
    Barcode.EAN_13: lambda rows: scanner.ean_13(rows[0]),
    Barcode.UPC_A: lambda rows: scanner.upc_a(rows[0]),
    Barcode.CODE_128: lambda rows: scanner.code_128(rows[0]),
    Barcode.QR_CODE: scanner.qr,
}


def read(kind: Barcode, svg: str) -> str:
    return READ[kind](scanner.modules(svg))


def with_ean(body: str) -> str:
    return body + str(ean.calc_check_digit(body))


digits = st.text("0123456789", min_size=8, max_size=19)
FITTING = {
    Barcode.EAN_8: st.text("0123456789", min_size=7, max_size=7).map(with_ean),
    Barcode.EAN_13: st.text("0123456789", min_size=12, max_size=12).map(with_ean),
    Barcode.UPC_A: st.text("0123456789", min_size=11, max_size=11).map(with_ean),
    Barcode.CODE_128: digits,
    Barcode.QR_CODE: digits,
}


@pytest.mark.parametrize("kind", Barcode)
def test_a_scanner_reads_the_number_of_every_kind(kind: Barcode) -> None:
    @given(number=FITTING[kind])
    def check(number: str) -> None:
        assert barcodes.kind_of(kind, number) == kind
        assert read(kind, barcodes.svg(kind, number)) == number

    check()


@pytest.mark.parametrize("kind", Barcode)
@given(number=digits)
def test_whatever_a_series_wants_the_bars_say_this_number_and_no_other(kind: Barcode, number: str) -> None:
    drawn = Barcode(barcodes.kind_of(kind, number))
    assert drawn in (kind, Barcode.CODE_128)
    assert read(drawn, barcodes.svg(kind, number)) == number


@pytest.mark.parametrize(
    ("wanted", "number", "kind"),
    [
        ("EAN_13", "2990000000019", "EAN_13"),
        ("EAN_13", "299000000001", "CODE_128"),
        ("EAN_13", "29900000000019", "CODE_128"),
        ("EAN_13", "2990000000018", "CODE_128"),  # a Luhn series: the EAN check digit would be another
        ("EAN_8", "96385074", "EAN_8"),
        ("EAN_8", "2990000000019", "CODE_128"),
        ("UPC_A", "036000291452", "UPC_A"),
        ("UPC_A", "2990000000019", "CODE_128"),
        ("QR_CODE", "29900000", "QR_CODE"),
        ("CODE_128", "2990000000019", "CODE_128"),
    ],
)
def test_a_number_that_does_not_fit_falls_back_to_code_128(wanted: str, number: str, kind: str) -> None:
    assert barcodes.kind_of(wanted, number) == kind


def test_known_bars_are_what_other_scanners_were_taught_on() -> None:
    # Worked examples of the standards' own texts.
    assert scanner.modules(barcodes.svg("EAN_13", "5901234123457"))[0] == (
        "10100010110100111011001100100110111101001110101010110011011011001000010101110010011101000100101"
    )
    assert scanner.modules(barcodes.svg("UPC_A", "036000291452"))[0] == (
        "10100011010111101010111100011010001101000110101010110110011101001100110101110010011101101100101"
    )


@pytest.mark.parametrize(
    ("kind", "least"), [("EAN_8", 7), ("EAN_13", 11), ("UPC_A", 9), ("CODE_128", 10), ("QR_CODE", 4)]
)
def test_there_is_light_enough_around_the_bars(kind: str, least: int) -> None:
    number = {"EAN_8": "96385074", "UPC_A": "036000291452"}.get(kind, "2990000000019")
    assert min(scanner.quiet_zone(barcodes.svg(kind, number))) >= least


def test_people_can_read_the_number_too() -> None:
    assert ">2990000000019</text>" in barcodes.svg("EAN_13", "2990000000019")
