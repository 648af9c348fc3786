"""What operators, tills and wallets type about a person goes with the person, wherever it stands."""

import uuid
from decimal import Decimal
from importlib import import_module

import pytest
from django.db import IntegrityError, connection, transaction

from cards.blocking import BLOCK_NAMES, BlockReason
from cards.models import BlockRecord, CardCategory, CardImportFault, CardSeries, ImportMode
from customers.models import Contact
from customers.services import PersonalData
from loyalty.admin.personal_data import page
from loyalty.api import interaction_backlog
from loyalty.core import actors
from loyalty.core.errors import InvalidParameter
from loyalty.core.roles import Role
from loyalty.ledger.accounts import Account
from loyalty.ledger.guards import ERASED
from loyalty.ledger.models import Operation
from loyalty.models import AdjustmentRequest, ApiClient, Interaction, JournalEntry
from loyalty.services import (
    adjustments,
    api_clients,
    blocking,
    card_imports,
    cards,
    contacts,
    erasure,
    membership,
    merging,
    personal_data,
    replacement,
    unmerging,
)
from loyalty.services.adjustments import Wanted
from tests.api.cash_desk.desk import Desk
from tests.api.loyalty_data.conftest import Partner
from tests.factories import CardFactory, ContactFactory
from tests.people.conftest import BOSS, SENIOR
from tests.people.test_erasure import erase, tables_holding

VERA = actors.staff("vera", "cc_operator")
ADMIN = Role.ADMINISTRATOR
MARK = "Zvezdochyotova of Arbat 7"
"""Each text has it: a name and a place that somebody should not have typed, and did."""


class Words:
    """Texts with the mark, each another one; `kept` are those of somebody who stays."""

    def __init__(self, mark: str) -> None:
        self.mark, self.typed = mark, 0

    def __call__(self) -> str:
        self.typed += 1
        return f"text {self.typed}: {self.mark} asked"


def life(number: str, why: Words) -> int:
    """Live through every act that asks for words, on a card nobody has yet; return the contact."""
    cards.issue_card(BOSS, number, reason=why())
    person = ContactFactory(phone=None)
    spare = CardFactory(contact=person, status=1)
    replacement.replace_card(BOSS, ADMIN, number=spare.number, new_number=number, reason_name=why())
    contacts.edit_contact(BOSS, person.pk, PersonalData(surname="Known"), why())
    contacts.block_contact(BOSS, person.pk, why())
    contacts.unblock_contact(BOSS, person.pk, why())
    blocking.block_card(BOSS, ADMIN, number=number, reason_code=0, reason_name=why())
    blocking.unblock_card(BOSS, ADMIN, number=number, reason_code=0, reason_name=why())
    blocking.block_card(BOSS, ADMIN, number=number, reason_code=3)
    blocking.unblock_card(BOSS, ADMIN, number=number, reason_code=3)
    membership.leave_programme(BOSS, ADMIN, person.pk, why())
    membership.enrol_contact(BOSS, ADMIN, person.pk, why())
    requests(person.pk, why)
    personal_data.export(BOSS, person.pk, why())
    return int(person.pk)


def requests(contact_id: int, why: Words) -> None:
    ask(contact_id, 10, why)
    for decide in (adjustments.approve, adjustments.refuse):
        decide(SENIOR, ask(contact_id, 20_000, why).pk, why())
    adjustments.withdraw(VERA, ask(contact_id, 30_000, why).pk, why())
    ask(contact_id, 40_000, why)


def ask(contact_id: int, amount: int, why: Words) -> AdjustmentRequest:
    return adjustments.ask(VERA, Wanted(uuid.uuid4().hex, contact_id, Account.SPENDABLE, Decimal(amount), why()))


def test_no_word_that_was_typed_about_the_person_stays_in_any_table():
    mine, others = Words(MARK), Words("Somebody else")
    kept = life(CardFactory(new=True).number, others)
    person = life(CardFactory(new=True).number, mine)
    gone = life(CardFactory(new=True).number, mine)
    parted = ContactFactory().pk
    for each in (parted, gone):
        merging.merge_contacts(BOSS, ADMIN, person, each, mine())
    merge = merging.merge_contacts(BOSS, ADMIN, kept, person, mine())
    adjustments.refuse(
        SENIOR, AdjustmentRequest.objects.filter(contact=kept, status="requested").latest("id").pk, mine()
    )
    unmerging.unmerge_contacts(BOSS, ADMIN, merge.pk, mine())
    assert {"loyalty_adjustmentrequest", "loyalty_journalentry", "cards_blockrecord", "loyalty_merge"} == set(
        tables_holding(MARK)
    )
    before = JournalEntry.objects.count(), words_of(kept)
    facts = shape_of_the_journal()
    erase(person)
    assert tables_holding(MARK) == []
    # What was done, by whom, when and how much stands as before, and nobody else lost a word.
    assert shape_of_the_journal()[: len(facts)] == facts
    assert words_of(kept) == before[1] != []
    assert BlockRecord.objects.filter(reason_name=BLOCK_NAMES[BlockReason.REFUSAL]).exists()


def words_of(contact_id: int) -> list[str]:
    return list(
        JournalEntry.objects.filter(contact_id=contact_id, reason__contains="Somebody else")
        .order_by("id")
        .values_list("reason", flat=True)
    )


def shape_of_the_journal() -> list[tuple[object, ...]]:
    return list(
        JournalEntry.objects.order_by("id").values_list(
            "recorded_at", "actor", "action", "target", "contact_id", "details"
        )
    )


def test_a_card_refused_by_a_till_leaves_no_name_in_the_log_of_calls():
    site = Desk.with_role("client")
    client = ApiClient.objects.get(login=site.login)
    api_clients.log_in_full(BOSS, client.pk, hours=24)
    phone = "+79005551234"
    card = CardFactory(contact__phone=phone)
    body = {"ContactMobileNumber": phone, "BlockReasonCode": 0, "BlockReasonName": MARK}
    assert site.post("card/block", body).key == "OK"
    interaction_backlog.flush()
    assert tables_holding(phone[1:]) != []
    assert "loyalty_interaction" not in tables_holding(MARK)
    erase(card.contact_id)
    assert tables_holding(MARK) == []


def test_the_log_of_partners_who_read_loyalty_data_forgets_the_person():
    partner = Partner()
    api_clients.log_in_full(BOSS, ApiClient.objects.get(login=partner.login).pk, hours=24)
    for code in ("EXT-1", "EXT-11"):
        ContactFactory(
            external_id=code, phone=None, locality=f"Place of {code}.", attributes={"note": f"Note of {code}."}
        )
    person = Contact.objects.get(external_id="EXT-1")
    for query in ("external_id=EXT-1&user[user_profile]=true", "external_id=EXT-1", "external_id=EXT-11"):
        assert partner.get(f"/priv/v1/apps/{partner.login}/users/search?{query}").status == 200
    partner.get(f"/priv/v1/apps/{partner.login}/external/users/EXT-1", secret="wrong")
    partner.get(f"/priv/v1/apps/{partner.login}/users/{person.public_id}", secret="wrong")
    interaction_backlog.flush()
    assert Interaction.objects.count() == 5
    erase(person.pk)
    assert tables_holding("Place of EXT-1.") == tables_holding("Note of EXT-1.") == []
    assert Interaction.objects.get().path.endswith("external_id=EXT-11")


def test_the_wrong_file_of_card_numbers_forgets_the_person():
    person = ContactFactory(phone="+79005551234", email="zoya@example.com", surname="Beryozova", external_id=None)
    series = CardSeries.objects.get(issuing=True)
    lines = b"number\n+7 (900) 555-12-34\nzoya@example.com\nBERYOZOVA Zoya\n+7 (900) 555-12-35\n"
    card_imports.start(
        BOSS, series_id=series.pk, category=CardCategory.PLASTIC, mode=ImportMode.SKIP_BAD, file_name="customers.csv",
        content=lines, reason="new cards",
    )  # fmt: skip
    card_imports.run_waiting()
    assert CardImportFault.objects.count() == 4
    erase(person.pk)
    assert list(CardImportFault.objects.order_by("line").values_list("number", flat=True)) == [
        "", "", "", "+7 (900) 555-12-35",
    ]  # fmt: skip


@pytest.mark.parametrize("why", [
    "Anna BERYOZOVA has written", "call from 8 (900) 555-12-34", "a letter of anna.b@example.com",
])  # fmt: skip
def test_the_reason_of_the_erasure_itself_does_not_name_the_person(why):
    person = ContactFactory(
        phone="+79005551234", surname="Beryozova", email="anna.b@example.com", first_name="Zoya", patronymic="",
    )  # fmt: skip
    with pytest.raises(InvalidParameter) as refused:
        erasure.erase_contact(BOSS, ADMIN, person.pk, why, confirmed=person.code)
    assert refused.value.data == {"name": "reason"}
    assert Contact.objects.get(pk=person.pk).erased_at is None
    erasure.erase_contact(BOSS, ADMIN, person.pk, "Letter 17/4 of 2 March", confirmed=person.code)
    assert JournalEntry.objects.get(action="contact.erase").reason == "Letter 17/4 of 2 March"


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    ("table", "column"), [("loyalty_journalentry", "reason"), ("cards_blockrecord", "reason_name")]
)
def test_history_loses_words_to_an_erasure_only_and_nothing_but_words(table, column):
    card = CardFactory()
    blocking.block_card(BOSS, ADMIN, number=card.number, reason_code=0, reason_name="lost on a train")
    emptied = f"UPDATE {table} SET {column} = '{ERASED}'"
    for setting, sql in (
        ("", emptied),
        ("yes", f"UPDATE {table} SET {column} = 'lost at home'"),
        ("yes", f"UPDATE {table} SET {column} = ''"),
        ("yes", f"{emptied}, actor = 'staff:eve'"),
        ("yes", f"DELETE FROM {table}"),
    ):
        run(f"SET LOCAL loyalty.erasing = '{setting}'")
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            run(sql)
    run("SET LOCAL loyalty.erasing = 'yes'")
    run(emptied)
    assert BlockRecord.objects.get(card=card).actor == "staff:olga"


def test_an_erasure_leaves_the_guard_as_it_was():
    card = CardFactory()
    blocking.block_card(BOSS, ADMIN, number=card.number, reason_code=0, reason_name="lost on a train")
    erase(CardFactory().contact_id)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        run(f"UPDATE cards_blockrecord SET reason_name = '{ERASED}'")


def test_reasons_that_stood_in_the_books_leave_them_and_can_be_put_back():
    person = ContactFactory()
    posted = ask(person.pk, 10, Words(MARK))
    operations = Operation.objects.filter(pk=posted.operation_id)
    migration = import_module("loyalty.migrations.0014_books_hold_no_typed_reasons")
    run(migration.PUT_BACK)
    assert operations.get().reason == posted.reason
    run(migration.TAKE_OUT)
    assert operations.get().reason == adjustments.IN_THE_BOOKS
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        operations.update(reason=posted.reason)


def test_an_export_tells_every_word_that_was_typed_about_the_person():
    mine = Words("mine")
    person = life(CardFactory(new=True).number, mine)
    other = ContactFactory().pk
    for goes, stays in ((person, other), (other, person)):
        merge = merging.merge_contacts(BOSS, ADMIN, stays, goes, mine())
        unmerging.unmerge_contacts(BOSS, ADMIN, merge.pk, mine())
    partner = Partner()
    api_clients.log_in_full(BOSS, ApiClient.objects.get(login=partner.login).pk, hours=24)
    Contact.objects.filter(pk=person).update(external_id="EXT-1")
    partner.get(f"/priv/v1/apps/{partner.login}/external/users/EXT-1")
    interaction_backlog.flush()
    exported = personal_data.export(BOSS, person, "asked")
    held, shown = exported.sections, page(exported)
    told = {str(value) for rows in held.values() for row in rows for value in row.values()}
    typed = {f"text {number}: mine asked" for number in range(1, mine.typed + 1)}
    assert typed - told == set()
    assert {each for each in typed if each not in shown} == set()
    assert [row["path"] for row in held["calls"]][-1].endswith("/external/users/EXT-1")
