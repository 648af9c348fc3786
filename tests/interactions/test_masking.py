"""No phone, e-mail address, name or secret of a call stands in its entry, in whatever field it came."""

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.api import interaction_rows, masking
from loyalty.api.interaction_log import Call
from loyalty.api.masking import Masker
from loyalty.core import clock

CARD = "2990000000015"
LETTERS = "abcdefghijklmnopqrstuvwxyzабвгдежзиклмнопрстуфхцчшэюя"

phones = st.builds(lambda code, rest: f"+{code}{rest}", st.sampled_from(["7", "372", "49", "1"]),
                   st.text("0123456789", min_size=9, max_size=10)).filter(lambda text: text[1:] != CARD)  # fmt: skip
words = st.text(LETTERS, min_size=9, max_size=14)
emails = st.builds(lambda name, domain: f"{name}@{domain}.example", words, words)
secrets = st.text(LETTERS.upper() + "0123456789-_", min_size=20, max_size=40)
FIELDS = {
    "phone": ("MobileNumber", "contactmobilenumber", "phone", "msisdn", "PHONE"),
    "email": ("email", "Email", "EMAIL"),
    "name": ("firstname", "firstName", "Surname", "patronymic", "Name", "last_name"),
    "secret": ("secret", "password", "passwd", "token"),
}


def written(phone: str) -> list[str]:
    """A phone as people write it."""
    digits = phone[1:]
    return [phone, digits, f"{phone[:2]} ({digits[1:4]}) {digits[4:7]}-{digits[7:9]}-{digits[9:]}"]


@st.composite
def people(draw):
    person = {"phone": draw(phones), "email": draw(emails), "name": draw(words), "secret": draw(secrets)}
    body = {draw(st.sampled_from(FIELDS[kind])): value for kind, value in person.items()}
    shapes = [body, {"Purchases": [{"Number": CARD, "Lines": [], **body}]}, {"deep": [[{"x": body}]]}]
    return person, draw(st.sampled_from(shapes))


def is_card(text: str) -> bool:
    return text == CARD


def entries(made: Call):
    return list(interaction_rows._rows(made, is_card))


def call(**given) -> Call:
    values = {
        "recorded_at": clock.now(), "surface": "cash_desk", "login": "till-1", "role": "till", "stranger": False,
        "address": "127.0.0.1", "method": "POST", "path": "/api/x", "query": "", "route": {}, "status": 200,
        "failed": True, "key": "X", "text": "", "duration_ms": 1.0, "correlation_id": "c", "in_full": True,
    }  # fmt: skip
    return Call(**(values | given))


def stored(entry) -> str:
    return "\n".join(str(getattr(entry, field.attname)) for field in entry._meta.concrete_fields).lower()


@given(people(), st.data())
def test_nothing_personal_is_stored_in_any_field(made, data):
    person, body = made
    way = data.draw(st.sampled_from(written(person["phone"])))
    said = f"No contact {way} {person['name']} {person['email']} {person['secret']}"
    content = json.dumps(body, ensure_ascii=data.draw(st.booleans())).encode()
    made_call = call(
        request=content,
        response=json.dumps({"Value": said, "echo": list(person.values()), "Results": [body]}).encode(),
        text=said,
        query=urlencode({"msisdn": way, "email": person["email"], "note": said, person["name"]: "1"}),
        path=f"/api/card/balance/by/phone/{way}",
        route={"phone": way},
        items=[{"PurchaseId": person["secret"], "Status": False, "Key": "K", "Value": said}],
    )
    for entry in entries(made_call):
        text = stored(entry)
        for value in (way, *person.values()):
            assert value.lower() not in text, (value, text)


@given(phones, emails)
def test_free_text_loses_phones_and_addresses_without_any_field(phone, email):
    for way in written(phone):
        masked = Masker(is_card).text(f"call {way} or write to {email} now")
        assert way not in masked
        assert email not in masked
        assert masked.startswith("call ***")


@given(st.binary(max_size=300))
def test_any_body_makes_an_entry(content):
    made = entries(call(request=content, response=content, path="/api/\x00/x", text="\ud800"))
    assert len(made) == 1
    assert "\x00" not in stored(made[0])


def test_a_phone_in_the_place_of_a_card_number_shows_its_shape_only():
    entry = entries(call(request=b'{"Number": "79001234567"}'))[0]
    assert entry.card_number == ""
    assert entry.request_body == '{"Number":"00000000000"}'
    path = entries(call(path="/api/card/balance/by/79001234567", route={"number": "79001234567"}))[0].path
    assert path == "/api/card/balance/by/00000000000"


def test_what_engineers_need_stays_readable():
    body = {
        "Number": CARD, "PurchaseId": "0001-20260302-000123", "Date": "2026-03-02 12:30:00", "Amount": 99.5,
        "Lines": [{"Sku": "4601234567890", "Name": "Tea", "Quantity": 2}], "Till": "7", "Code": "C0000000013",
    }  # fmt: skip
    entry = entries(call(request=json.dumps(body).encode(), path=f"/api/card/issue/{CARD}", query=f"Number={CARD}"))[0]
    assert json.loads(entry.request_body) == body
    assert (entry.card_number, entry.till, entry.purchase_id) == (CARD, "7", "0001-20260302-000123")
    assert entry.path == f"/api/card/issue/{CARD}?Number={CARD}"


@pytest.mark.parametrize("public_id", [
    "91e36214-2186-453d-8ffb-8c80365e481e",
    "c4558913-9822-4621-aee3-5bb0d0227d30",
    "00000000-0000-4000-8000-000000000077",
])  # fmt: skip
def test_the_id_of_a_person_is_no_phone_although_it_has_as_many_digits(public_id):
    """Engineers look for calls by it, and so does an erasure."""
    entry = entries(
        call(
            path=f"/priv/v1/apps/key/users/{public_id}",
            route={"user_id": public_id},
            request=json.dumps({"id": public_id, "note": f"{public_id} rang from +7 900 123-45-67"}).encode(),
        )
    )[0]
    assert entry.path.endswith(public_id)
    assert json.loads(entry.request_body) == {"id": public_id, "note": f"{public_id} rang from ***"}


def test_json_within_a_text_is_masked_too():
    inner = json.dumps({"typeOfCommand": "x", "add": [{"phone": "+79001234567", "surname": "Orlova"}]})
    entry = entries(call(request=json.dumps({"login": "bank", "passwd": "hunter22", "cmd": inner}).encode()))[0]
    for value in ("9001234567", "Orlova", "hunter22", "bank"):
        assert value not in entry.request_body
    assert "typeOfCommand" in entry.request_body


@pytest.mark.parametrize("items", [10, 3_000])
def test_bodies_are_bounded_and_stay_json(items):
    body = {"Purchases": [{"PurchaseId": f"R-{number}", "Note": "x" * 90} for number in range(items)]}
    entry = entries(call(request=json.dumps(body).encode()))[0]
    assert len(entry.request_body) <= masking.LONGEST_BODY * 1.25
    assert isinstance(json.loads(entry.request_body), dict)


def test_a_body_too_large_to_read_is_only_measured():
    content = b'{"Name": "' + b"x" * interaction_rows.LARGEST_READ + b'"}'
    assert entries(call(request=content))[0].request_body == f"{len(content)} bytes, too many to be kept"


def test_each_refused_item_of_a_batch_has_an_entry_of_its_own():
    sent = {"Purchases": [{"PurchaseId": "A", "Number": CARD, "Till": "7"}, {"PurchaseId": "B", "Till": "8"}]}
    refused = [{"PurchaseId": "A", "Status": False, "Key": "StatusError", "Value": "blocked"}]
    whole, item = entries(call(request=json.dumps(sent).encode(), failed=False, key="OK", items=refused))
    assert (whole.key, item.key, item.text) == ("OK", "StatusError", "blocked")
    assert (item.purchase_id, item.card_number, item.till, item.failed) == ("A", CARD, "7", True)
    assert item.correlation_id == whole.correlation_id
