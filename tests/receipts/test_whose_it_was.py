"""A receipt waits while its sender is merged or erased: it is decided all the same, and no sweep comes back to it."""

import pytest

from cards.models import Card
from loyalty.core.roles import Role
from loyalty.services import erasure, fiscal_receipts
from loyalty.services.merging import merge_contacts
from promos.models import FiscalReceipt
from tests.factories import CardFactory
from tests.people.conftest import BOSS
from tests.receipts.scanning import WORKER, campaign, outcome, receipt, scan

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("story_clock")]


def holder(card: Card) -> int:
    assert card.contact_id is not None
    return card.contact_id


def test_a_receipt_of_somebody_who_was_erased_gives_nothing_and_is_decided() -> None:
    campaign()
    card = CardFactory()
    sent = scan(card)
    code = card.contact.code
    erasure.erase_contact(BOSS, Role.ADMINISTRATOR, holder(card), "a written request", confirmed=code)
    assert fiscal_receipts.decide_waiting(WORKER) == 1
    assert outcome(receipt(sent.pk)) == ("rejected", "card_blocked", 0)


def test_a_receipt_sent_in_the_moment_of_a_merge_goes_to_the_one_who_stayed() -> None:
    campaign()
    stays, goes = CardFactory(), CardFactory()
    sent = scan(goes, "1000.00")
    merge_contacts(BOSS, Role.ADMINISTRATOR, holder(stays), holder(goes), "one person")
    # As an insert that the merge could not see yet leaves it.
    FiscalReceipt.objects.update(contact=goes.contact_id)
    fiscal_receipts.decide_waiting(WORKER)
    assert fiscal_receipts.decide_waiting(WORKER) == 1
    assert outcome(receipt(sent.pk)) == ("credited", "", 100)
    assert receipt(sent.pk).contact_id == stays.contact_id
