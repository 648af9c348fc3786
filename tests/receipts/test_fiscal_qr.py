"""The QR code of a fiscal receipt: the table of specs/koshelek.md, call 12, good and bad, and whatever else comes."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from promos import fiscal_qr
from promos.errors import ReceiptKindRefused, ReceiptQrInvalid
from promos.fiscal_qr import ScannedReceipt
from tests.conftest import MOSCOW

SPEC = "t=20260118T1216&s=943.26&fn=9282000100072197&i=64318&fp=2918241905&n=1"
PARTS = dict(part.split("=") for part in SPEC.split("&"))
BERLIN = ZoneInfo("Europe/Berlin")


def code(**changed: str) -> str:
    return "&".join(f"{key}={value}" for key, value in (PARTS | changed).items())


def read(text: str, zone: ZoneInfo = MOSCOW) -> ScannedReceipt:
    return fiscal_qr.read(text, zone)


def test_the_example_of_the_specification() -> None:
    assert read(SPEC) == ScannedReceipt(
        datetime(2026, 1, 18, 9, 16, tzinfo=UTC), Decimal("943.26"), "9282000100072197", 64318, 2918241905
    )


@pytest.mark.parametrize("text", [
    "n=1&fp=2918241905&i=64318&fn=9282000100072197&s=943.26&t=20260118T1216",
    SPEC + "&x=1&x=2&version=3", "&&" + SPEC + "&", SPEC + "&T=1&qr", code(i="0000064318"), code(fp="2918241905"),
    code(t="20260118T121600"),
])  # fmt: skip
def test_the_same_receipt_written_otherwise(text: str) -> None:
    assert read(text) == read(SPEC)


@pytest.mark.parametrize(("changed", "name", "value"), [
    ({"s": "0.00"}, "amount", Decimal("0.00")),
    ({"s": "99999999.99"}, "amount", Decimal("99999999.99")),
    ({"i": "1"}, "document_number", 1),
    ({"i": "4294967295"}, "document_number", 4294967295),
    ({"fp": "0"}, "fiscal_sign", 0),
    ({"fp": "9999999999"}, "fiscal_sign", 9999999999),
    ({"fp": "0018241905"}, "fiscal_sign", 18241905),
    ({"fn": "0000000000000000"}, "fiscal_drive", "0000000000000000"),
    ({"t": "20260118T121659"}, "purchased_at", datetime(2026, 1, 18, 9, 16, 59, tzinfo=UTC)),
    ({"t": "20240229T0000"}, "purchased_at", datetime(2024, 2, 28, 21, 0, tzinfo=UTC)),
])  # fmt: skip
def test_the_edges_of_what_is_read(changed: dict[str, str], name: str, value: object) -> None:
    assert getattr(read(code(**changed)), name) == value


BAD = {
    "t": ("", "20260118", "20260118T12", "20260118T12160", "20260118T1216001", "20260118t1216", "2026-01-18T12:16",
          "20260230T1216", "20261301T1216", "20260118T2416", "20260118T1260", "20260118T121660", "00000118T1216",
          "00010101T0000", " 20260118T1216", "20260118T1216Z", "٢٠٢٦٠١١٨T1216"),
    "s": ("", "943", "943.2", "943.260", "943,26", "-1.00", "+1.00", ".50", "0943.26", "1e3", "NaN", "100000000.00",
          "943.26 ", "٩٤٣.٢٦", "943%2E26"),
    "fn": ("", "928200010007219", "92820001000721970", "928200010007219x", "٩٢٨٢٠٠٠١٠٠٠٧٢١٩٧"),
    "i": ("", "0", "0000", "4294967296", "9999999999", "12345678901", "-1", "1.0", "0x1"),
    "fp": ("", "12345678901", "-1", "1.0", "abc"),
    "n": ("", "0", "5", "01", "1 ", "sale"),
}  # fmt: skip


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in BAD.items() for value in values])
def test_a_bad_value_is_refused_by_its_key(key: str, value: str) -> None:
    with pytest.raises(ReceiptQrInvalid) as refused:
        read(code(**{key: value}))
    assert refused.value.data["name"] == key
    assert refused.value.text.startswith(f"{key}: ")


@pytest.mark.parametrize("key", PARTS)
def test_a_key_that_is_missing_or_repeated_is_refused(key: str) -> None:
    without = "&".join(part for part in SPEC.split("&") if not part.startswith(f"{key}="))
    for text, told in ((without, "missing"), (f"{SPEC}&{key}={PARTS[key]}", "twice"), (f"{SPEC}&{key}", "twice")):
        with pytest.raises(ReceiptQrInvalid, match=told) as refused:
            read(text)
        assert refused.value.data["name"] == key


@pytest.mark.parametrize("kind", ["2", "3", "4"])
def test_only_the_receipt_of_a_sale_is_accepted(kind: str) -> None:
    with pytest.raises(ReceiptKindRefused) as refused:
        read(code(n=kind))
    assert refused.value.data["kind"] == kind


@pytest.mark.parametrize("text", [
    "", "&", "=", "hello", "https://example.com/?" + SPEC, SPEC.upper(), SPEC.replace("&", ";"),
    SPEC.replace("=", "%3D").replace("&", "%26"), SPEC.replace("=", " = "),
])  # fmt: skip
def test_what_is_no_receipt_is_refused(text: str) -> None:
    with pytest.raises(ReceiptQrInvalid):
        read(text)


def test_a_text_too_long_is_refused_before_it_is_looked_at() -> None:
    assert read(SPEC + "&" + "x" * (fiscal_qr.LONGEST - len(SPEC) - 1))
    with pytest.raises(ReceiptQrInvalid) as refused:
        read(SPEC + "&" + "x" * (fiscal_qr.LONGEST - len(SPEC)))
    assert refused.value.data["name"] == "qrCode"


@pytest.mark.parametrize(("local", "moment", "twice"), [
    ("20260329T0130", datetime(2026, 3, 29, 0, 30, tzinfo=UTC), False),
    # The clocks skip from two to three: this till's was not put forward yet.
    ("20260329T0230", datetime(2026, 3, 29, 1, 30, tzinfo=UTC), False),
    ("20260329T0330", datetime(2026, 3, 29, 1, 30, tzinfo=UTC), False),
    # The hour from two to three comes twice: the first is taken, both are looked at for the same sale.
    ("20261025T0230", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), True),
    ("20261025T0330", datetime(2026, 10, 25, 2, 30, tzinfo=UTC), False),
])  # fmt: skip
def test_the_hours_that_the_clocks_skip_and_repeat(local: str, moment: datetime, twice: bool) -> None:
    assert read(code(t=local), BERLIN).purchased_at == moment
    readings = fiscal_qr.readings(moment, BERLIN)
    assert moment in readings
    assert len(readings) == (2 if twice else 1)
    assert {fiscal_qr.readings(each, BERLIN)[0] for each in readings} == {readings[0]}


@given(st.text(max_size=500) | st.lists(
    st.tuples(st.sampled_from([*PARTS, "x", "T", ""]), st.text(max_size=20) | st.sampled_from(list(PARTS.values())))
    .map("=".join)
).map("&".join))  # fmt: skip
@example(SPEC)
def test_whatever_comes_is_a_receipt_or_a_refusal(text: str) -> None:
    try:
        receipt = read(text)
    except (ReceiptQrInvalid, ReceiptKindRefused):
        return
    assert receipt.amount >= 0
    assert 1 <= receipt.document_number <= 2**32 - 1
    assert 0 <= receipt.fiscal_sign < 10**10
    assert len(receipt.fiscal_drive) == 16


@given(
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001 - a till's local time
    st.integers(0, 9_999_999_999),
    st.integers(1, 2**32 - 1),
    st.integers(0, 10**10 - 1),
    st.permutations(list(PARTS)),
)
def test_what_a_till_prints_is_read_back(
    local: datetime, kopecks: int, document: int, sign: int, order: list[str]
) -> None:
    local = local.replace(microsecond=0)
    values = PARTS | {
        "t": f"{local:%Y%m%dT%H%M%S}", "s": f"{kopecks // 100}.{kopecks % 100:02}", "i": str(document), "fp": str(sign),
    }  # fmt: skip
    receipt = read("&".join(f"{key}={values[key]}" for key in order))
    assert receipt.purchased_at == local.replace(tzinfo=MOSCOW)
    assert receipt.amount * 100 == kopecks
    assert (receipt.document_number, receipt.fiscal_sign) == (document, sign)
