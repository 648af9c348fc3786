"""What the pages say of requests for adjustments that cannot be approved."""

import pytest
from django.urls import reverse

from loyalty.core import clock
from loyalty.ledger.accounts import Account
from loyalty.services import adjustments, hopeless_requests
from tests.adjustments.test_hopeless_requests import OLGA, ask
from tests.adjustments.test_hopeless_requests import person as person_of_five_thousand
from tests.admin.conftest import Browser
from tiers import services as tiers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("story_clock")]
person = person_of_five_thousand


def test_the_page_says_why_a_request_cannot_be_approved_and_it_can_be_refused(person, browser: Browser):
    given, taken = ask(person, 2000), ask(person, -5000)
    # A request of the time before leaving ended it, and points that a purchase has taken meanwhile.
    tiers.leave(person, clock.now())
    adjustments.approve(OLGA, ask(person, -1001))
    client = browser("director", "olga")
    shown = {
        each: client.get(reverse("admin:loyalty_adjustmentrequest_change", args=[each])) for each in (given, taken)
    }
    assert "does not take part in the programme" in str(shown[given].context["page"].notes[0])
    assert "not enough points: 3,999.00" in str(shown[taken].context["page"].notes[0])
    for request in (given, taken):
        assert adjustments.refuse(OLGA, request, "left").status == "refused"


def test_the_page_before_leaving_says_how_many_requests_end(person, browser: Browser):
    ask(person, 2000)
    ask(person, -2000, Account.QUALIFYING)
    answer = browser("administrator").post(
        reverse("admin:customers_contact_leave", args=[person]), {"reason": "she asked"}
    )
    assert "Adjustments by hand that wait and cannot be approved then are withdrawn: 1." in answer.content.decode()
    assert hopeless_requests.of_who_leaves(person).count() == 1
