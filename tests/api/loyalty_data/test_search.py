"""What partners may ask, how they are refused, and how little a search costs."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Contact
from loyalty.api import interaction_backlog
from loyalty.core import clock
from loyalty.ledger.accounts import Account
from loyalty.ledger.models import BonusBalance
from loyalty.models import Interaction, Program
from tests.api.loyalty_data.conftest import Partner
from tests.api.loyalty_data.test_sample import EVERYTHING
from tests.conftest import MovingClock
from tests.factories import CardFactory, ContactFactory, StandingFactory, tier_named
from tests.ledger import books

SEARCH = "/priv/v1/apps/crm/users/search"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (SEARCH, 400, "missing_data"),
        (f"{SEARCH}?email=", 400, "missing_data"),
        (f"{SEARCH}?expand_incentives=true", 400, "missing_data"),
        (f"{SEARCH}?email=a@example.com&external_id=1", 400, "argument_error"),
        (f"{SEARCH}?external_id=1&external_id=2", 400, "argument_error"),
        (f"{SEARCH}?external_id=ZTEST002&expand_incentives=maybe", 400, "argument_error"),
        (f"{SEARCH}?external_id=ZTEST002&expand_incentives=true&expand_incentives=false", 400, "argument_error"),
        (f"{SEARCH}?email=nobody@example.com", 404, "user_not_found"),
        (f"{SEARCH}?email=%25@example.com", 404, "user_not_found"),
        (f"{SEARCH}?email=not-an-address", 404, "user_not_found"),
        (f"{SEARCH}?external_id=ztest002", 404, "user_not_found"),
        (f"{SEARCH}?external_id=a%00b", 404, "user_not_found"),
        (f"{SEARCH}?mobile_number=1", 404, "user_not_found"),
        (f"{SEARCH}?mobile_number=79001112233", 404, "user_not_found"),
        ("/priv/v1/apps/crm/users/not-an-id", 404, "user_not_found"),
        ("/priv/v1/apps/crm/users/6cb9eee8-4a90-11e9-b863-0242ac11000d", 404, "user_not_found"),
        ("/priv/v1/apps/crm/external/users/nobody", 404, "user_not_found"),
        ("/priv/v1/apps/other/users/search?external_id=ZTEST002", 401, "invalid_api_key"),
        ("/priv/v1/apps/crm/users/search/", 404, "not_found"),
        ("/priv/v2/apps/crm/users/search", 404, "not_found"),
        ("/priv/", 404, "not_found"),
    ],
)
def test_refusals(partner: Partner, sample: Contact, path: str, status: int, code: str) -> None:
    reply = partner.get(path)
    assert (reply.status, reply.code) == (status, code)


def test_several_customers_with_one_address(partner: Partner) -> None:
    for _ in range(3):
        ContactFactory(email="family@example.com")
    reply = partner.search("email=Family@example.com")
    assert (reply.status, reply.code) == (409, "argument_error")


def test_no_credentials_and_wrong_ones(partner: Partner) -> None:
    other_key = partner.get("/priv/v1/apps/other/users/search")
    for reply in (
        partner.send(SEARCH, {}), partner.get(SEARCH, secret="wrong"), partner.get(SEARCH, login="other"), other_key,
    ):  # fmt: skip
        assert (reply.status, reply.code) == (401, "invalid_api_key" if reply is other_key else "unauthorized")
        assert reply.headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_nothing_can_be_written(partner: Partner, sample: Contact, method: str) -> None:
    reply = partner.get(f"{SEARCH}?external_id=ZTEST002", method=method)
    assert (reply.status, reply.code) == (405, "method_not_allowed")
    assert reply.headers["Allow"] == "GET, HEAD"


def test_a_credential_of_another_surface_is_unknown_here(partner: Partner) -> None:
    from tests.factories import SECRET, ApiClientFactory

    till = ApiClientFactory(login="till-9")
    assert partner.get("/priv/v1/apps/till-9/users/search", login=till.login, secret=SECRET).status == 401


def test_answers_are_not_kept_on_the_way(partner: Partner, sample: Contact) -> None:
    for path in (f"{SEARCH}?external_id=ZTEST002", SEARCH):
        assert partner.get(path).headers["Cache-Control"] == "no-store"


def test_identifiers_come_with_the_profile_only(partner: Partner, sample: Contact) -> None:
    card = CardFactory(contact=sample)
    alone = partner.search("external_id=ZTEST002", "show_identifiers=true").user
    assert "identifiers" not in alone
    assert "user_profile" not in alone
    both = partner.search("external_id=ZTEST002", "show_identifiers=1", "user[user_profile]=TRUE").user
    assert {"external_id": card.number, "external_id_type": "card_number"} in both["identifiers"]
    assert both["activated"] is True


def test_points_in_escrow_count_as_available_where_the_retailer_says_so(
    partner: Partner, story_clock: MovingClock
) -> None:
    contact = ContactFactory(external_id="A-1")
    books.earn(contact.pk, "100.50")
    story_clock.forward(days=30)
    books.earn(contact.pk, "20.00")
    assert partner.search("external_id=A-1").user["available_points"] == 100.5
    Program.objects.update(available_with_escrow=True)
    assert partner.search("external_id=A-1").user["available_points"] == 120.5


def test_a_debt_takes_the_points_in_escrow_before_they_count_as_available(
    partner: Partner, story_clock: MovingClock
) -> None:
    Program.objects.update(available_with_escrow=True)
    contact = ContactFactory(external_id="A-1")
    books.adjust(contact.pk, -100, debt=True)
    books.earn(contact.pk, "50.00")
    assert partner.search("external_id=A-1").user["available_points"] == 0
    books.earn(contact.pk, "80.00")
    assert partner.search("external_id=A-1").user["available_points"] == 30
    story_clock.forward(days=30)
    assert partner.search("external_id=A-1").user["available_points"] == 30


def test_the_clock_decides_before_the_job(partner: Partner, story_clock: MovingClock) -> None:
    contact = ContactFactory(external_id="A-1")
    StandingFactory(contact=contact)
    books.earn(contact.pk, "100.00")
    story_clock.forward(days=30)
    user = partner.search("external_id=A-1", "expand_incentives=true").user
    held = user["tier_details"]["point_account_balances"]
    assert [each["available_balance"] for each in held["details"]] == [100, 0, 100, 0]
    assert [each["life_time_value"] for each in held["details"]] == [100, 100, 100, 100]
    assert held["summary"] == {"total_points": 200, "life_time_points": 200}
    assert (user["tier"], user["tier_points"], user["next_tier_points"]) == ("BASE", 100, 1900)


def test_nobody_enrolled_has_no_level(partner: Partner) -> None:
    ContactFactory(external_id="A-1")
    user = partner.search("external_id=A-1", "expand_incentives=true").user
    assert (user["tier"], user["tier_entered_at"], user["tier_resets_at"]) == ("UNENROLLED", None, None)
    assert user["tier_details"]["tier_levels"] == []
    details = user["tier_details"]["point_account_balances"]["details"]
    assert [each["user_point_account_id"] for each in details] == ["", "", "", ""]
    assert {"tier_ends_value", "next_tier_points"}.isdisjoint(user)


def test_who_left_has_no_level_either(partner: Partner) -> None:
    left = ContactFactory(external_id="A-1")
    StandingFactory(contact=left, tier=tier_named("Unenrolled"), reason="left")
    user = partner.search("external_id=A-1", "expand_incentives=true").user
    assert (user["tier"], user["tier_details"]["tier_levels"]) == ("UNENROLLED", [])


def test_at_the_top_nothing_is_next(partner: Partner) -> None:
    contact = ContactFactory(external_id="A-1")
    StandingFactory(contact=contact, tier=tier_named("Gold"), ends_at=clock.now() + timedelta(days=10))
    user = partner.search("external_id=A-1", "expand_incentives=true").user
    assert user["tier"] == "GOLD"
    assert {"tier_ends_value", "next_tier_points"}.isdisjoint(user)
    (level,) = user["tier_details"]["tier_levels"]
    assert "next_tier_overview" not in level
    assert level["tier_progress"] == []


def test_a_debt_is_shown_in_the_account_and_not_as_available(partner: Partner) -> None:
    contact = ContactFactory(external_id="A-1")
    books.owe(contact.pk, "12.30")
    user = partner.search("external_id=A-1", "expand_incentives=true").user
    assert user["available_points"] == 0
    spendable = user["tier_details"]["point_account_balances"]["details"][0]
    assert (spendable["account_name"], spendable["available_balance"]) == ("ACME Spendable Account", -12.3)


def test_an_account_that_only_a_debt_has_touched_is_used(partner: Partner) -> None:
    contact = ContactFactory(external_id="A-1")
    books.adjust(contact.pk, -100, debt=True)
    user = partner.search("external_id=A-1", "expand_incentives=true").user
    owed, *untouched = user["tier_details"]["point_account_balances"]["details"]
    own = BonusBalance.objects.get(contact_id=contact.pk, account=Account.SPENDABLE)
    assert (owed["available_balance"], owed["user_point_account_id"]) == (-100, str(own.public_id))
    assert [each["user_point_account_id"] for each in untouched] == ["", "", ""]


def test_the_rule_of_a_tier_is_read_from_the_database(partner: Partner) -> None:
    contact = ContactFactory(external_id="A-1")
    StandingFactory(contact=contact)
    silver = tier_named("Silver")
    silver.target = Decimal("2500.50")
    silver.save()
    first, second = (partner.search("external_id=A-1", "expand_incentives=true").user for _ in range(2))
    assert first == second
    (progress,) = first["tier_details"]["tier_levels"][0]["tier_progress"]
    assert progress["rule_tree_id"] == str(silver.rule_tree_id)
    assert progress["rules"][0]["rule"]["target_balance"] == 2500.5
    assert first["tier_ends_value"] == 2500.5


def test_a_search_costs_four_statements_whatever_the_history(
    partner: Partner, story_clock: MovingClock, settings: Any
) -> None:
    # A process remembers a credential for a while; the first call of a while pays for looking it up.
    settings.API_CREDENTIAL_CACHE_SECONDS = 30
    contact = ContactFactory(external_id="A-1")
    StandingFactory(contact=contact)

    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert partner.search("external_id=A-1", *EVERYTHING).status == 200
        return len(seen)

    statements()
    fresh = statements()
    CardFactory.create_batch(3, contact=contact, for_good=True)
    for _ in range(10):
        books.earn(contact.pk, "10.00")
        story_clock.forward(days=40)
    assert statements() == fresh <= 4


def test_the_interaction_log_knows_a_refusal_and_nobodys_address(partner: Partner) -> None:
    partner.search("email=nobody@example.com")
    interaction_backlog.flush()
    entry = Interaction.objects.filter(surface="loyalty_data").latest("id")
    assert (entry.key, entry.failed, entry.status) == ("user_not_found", True, 404)
    assert "nobody" not in str([getattr(entry, field.name) for field in entry._meta.fields])


def test_names_of_accounts_are_the_retailers(partner: Partner, sample: Contact) -> None:
    from loyalty.ledger.models import PointAccount

    PointAccount.objects.filter(code=Account.SPENDABLE).update(name="Cosy points", label="Cosy")
    held: dict[str, Any] = partner.search("external_id=ZTEST002", *EVERYTHING).user["tier_details"]
    assert held["point_account_balances"]["details"][0]["account_name"] == "Cosy points"
