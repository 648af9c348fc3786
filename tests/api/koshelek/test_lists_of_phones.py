"""The lists of phones are streamed: a cursor on the server, one part in memory, one transaction that always ends."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Contact
from loyalty.bench.databases import bare_connection
from loyalty.core import actors, clock
from loyalty.core.errors import Busy
from loyalty.selectors import wallet_lists as reads
from loyalty.services import audiences, wallet_lists
from tests.api.koshelek.conftest import Wallet

pytestmark = pytest.mark.django_db(transaction=True)

MARKETER = actors.staff("marina", "marketer")
PATHS = ("/v1/card/getAllUsers", "/v1/card/getAllUsersExtended")


def people(count: int) -> list[str]:
    """Make so many contacts, all of them in the audience of the lists; return their phones."""
    phones = [f"7900000{place:04}" for place in range(count)]
    now = clock.now()
    Contact.objects.bulk_create(
        Contact(code=f"C9{place:06}", phone=f"+{phone}", created_at=now, updated_at=now)
        for place, phone in enumerate(phones)
    )
    everybody = audiences.create_audience(MARKETER, "Everybody", {}, "test")
    audiences.choose_for_wallet(MARKETER, everybody.pk, "test")
    return phones


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "CHUNK", 10)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.usefixtures("small_parts")
def test_every_phone_comes_once_whatever_the_number_of_parts(path: str) -> None:
    phones, wallet = people(35), Wallet()
    found = wallet.get(path).body
    assert sorted(each if isinstance(each, str) else each["phone"] for each in found) == phones


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.usefixtures("small_parts")
def test_an_answer_is_written_part_by_part_and_no_part_grows_with_the_list(path: str) -> None:
    people(35)
    wallet = Wallet()
    answer = wallet.http.get(path, headers=wallet.headers)
    assert answer.streaming
    pieces = list(answer.streaming_content)
    answer.close()
    # Four parts of at most ten, and the end of the array.
    assert len(pieces) == 5
    assert [len(json.loads(b"[" + piece[1:] + b"]")) for piece in pieces[:-1]] == [10, 10, 10, 5]


@pytest.mark.parametrize("open_list", [wallet_lists.phones, wallet_lists.profiles])
@pytest.mark.usefixtures("small_parts")
def test_the_rows_stay_in_a_cursor_of_the_server_until_they_are_asked_for(open_list) -> None:  # type: ignore[no-untyped-def]
    people(35)
    stream = open_list(MARKETER)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_cursors")
            assert cursor.fetchone() == (1,)
        assert [len(part) for part in stream] == [10, 10, 10, 5]
    finally:
        stream.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_cursors")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("open_list", [wallet_lists.phones, wallet_lists.profiles])
@pytest.mark.usefixtures("small_parts")
def test_a_longer_list_takes_no_more_statements(open_list) -> None:  # type: ignore[no-untyped-def]
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            stream = open_list(MARKETER)
            assert list(stream)
            stream.close()
        return len(captured)

    people(35)
    of_many = statements()
    Contact.objects.filter(phone__gte="+79000000005").delete()
    assert statements() == of_many


@pytest.mark.usefixtures("small_parts")
def test_a_caller_that_leaves_in_the_middle_leaves_no_transaction_and_no_lock() -> None:
    people(35)
    wallet = Wallet()
    answer = wallet.http.get(PATHS[0], headers=wallet.headers)
    next(iter(answer.streaming_content))
    assert connection.in_atomic_block
    answer.close()
    assert not connection.in_atomic_block
    assert len(wallet.get(PATHS[0]).body) == 35


def test_while_a_list_is_being_read_another_caller_is_told_to_come_again() -> None:
    people(3)
    with bare_connection() as session:
        session.execute("SELECT pg_advisory_lock(%s)", [wallet_lists.LOCK])
        with pytest.raises(Busy):
            wallet_lists.phones(MARKETER)


def test_while_no_audience_is_chosen_nobody_is_listed() -> None:
    wallet = Wallet()
    assert [wallet.get(path).body for path in PATHS] == [[], []]
