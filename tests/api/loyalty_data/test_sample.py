"""The vendor's sample customer, compared whole with the documented parts of the sample's answer."""

from typing import Any

import pytest

from customers.models import Contact
from tests.api.loyalty_data.conftest import Partner

EVERYTHING = ("user[user_profile]=true", "expand_incentives=true", "show_identifiers=true")
CORE: dict[str, Any] = {
    "id": "6cb9eee8-4a90-11e9-b863-0242ac11000c",
    "external_id": "ZTEST002",
    "opted_in": True,
    "activated": False,
    "proxy_ids": [],
    "available_points": 2000,
    "test_points": 0,
    "unclaimed_achievement_count": 0,
    "email": "ztest002@example.com",
    "gender": "m",
    "dob": "1999-07-01",
    "created_at": "2019-03-19 21:46:17",
    "updated_at": "2019-03-22 18:12:03",
    "address": "222 Main St.",
    "address2": "APT 11",
    "city": "BOSTON",
    "zip": "02210",
    "dma": "506",
    "state": "MA",
    "country": "USA",
    "suspended": False,
    "last_name": "Lei",
    "first_name": "ZZZ002",
    "registered_at": "2019-03-19 21:46:17",
    "profile_photo_url": "/images/account-neutral.png",
    "account_status": "good",
    "current_zip": "02210",
    "current_dma": "506",
    "current_state": "MA",
    "current_country": "USA",
}
TIER: dict[str, Any] = {
    "tier": "SILVER",
    "tier_system": "ACME Tier System",
    "tier_points": 2000,
    "next_tier_points": 8000,
    "tier_ends_value": 10000,
    "tier_entered_at": "2019-03-22 18:12:02",
    "tier_resets_at": "2020-03-21 18:12:02",
}
RETAILER = "66f9b3f2-7770-4dca-ac8e-2a1ef7e8e54b"
SYSTEM = "057fa4e6-b443-4a2c-a3da-23629e86b34b"
# The sample's defects are not copied: its point account is given whole, under the name that the accounts give it.
LEVEL: dict[str, Any] = {
    "id": "7cbd3226-94fe-4c7e-b680-16da12483afe",
    "tier_system_id": SYSTEM,
    "tier_level_id": "33fe1242-dbae-4545-95e0-7c73740b7d61",
    "user_id": "6cb9eee8-4a90-11e9-b863-0242ac11000c",
    "join_date": "2019-03-22T18:12:02.78",
    "tier_overview": {
        "id": "33fe1242-dbae-4545-95e0-7c73740b7d61", "tier_system_id": SYSTEM, "retailer_id": RETAILER,
        "name": "SILVER", "rank": 2, "status": 2,
    },
    "next_tier_overview": {
        "id": "913bc21b-3906-4b86-9e23-016d6b286877", "tier_system_id": SYSTEM, "retailer_id": RETAILER,
        "name": "GOLD", "rank": 3, "status": 2,
    },
    "tier_progress": [{
        "rule_tree_id": "5f8d9fb1-b4de-4d8e-a7d7-b144182fd84a",
        "rules": [{
            "query_result": 2000,
            "rule_id": "f2423f45-cb36-487e-a560-0bc2c6d062f4",
            "parent_id": "d2a7f6df-d878-4ff8-8a19-5936f5d3573f",
            "tree_id": "5f8d9fb1-b4de-4d8e-a7d7-b144182fd84a",
            "rule_passed": False,
            "rule": {
                "discriminator": 2048, "target_balance": 10000, "comparison": 4,
                "id": "f2423f45-cb36-487e-a560-0bc2c6d062f4", "retailer_id": RETAILER,
                "parent_id": "d2a7f6df-d878-4ff8-8a19-5936f5d3573f", "rank": 0, "is_new": False,
                "constraints": [{
                    "discriminator": 8,
                    "point_accounts": {"d519facf-bdf8-41ae-b6a1-a4683b20c6f1": "ACME Tier-Qualifying Account"},
                    "id": "f7cf3877-c83b-40f4-a963-202c4a0ebe58",
                    "rule_id": "f2423f45-cb36-487e-a560-0bc2c6d062f4", "is_new": False, "rank": 0,
                }],
            },
            "discriminator": 2,
            "rule_tree_name": "",
        }],
    }],
}  # fmt: skip


def account(name: str, own_id: str, public_id: str, label: str, points: int) -> dict[str, Any]:
    return {
        "account_name": name, "user_point_account_id": own_id, "point_account_id": public_id, "grouping_label": label,
        "available_balance": points, "life_time_value": points,
    }  # fmt: skip


@pytest.mark.usefixtures("in_2019")
def test_the_samples_customer_is_answered_as_in_the_sample(partner: Partner, sample: Contact) -> None:
    user = partner.search("email=ZTEST002@example.com", *EVERYTHING).user
    details = user.pop("tier_details")
    assert {name: user[name] for name in CORE} == CORE
    assert {name: user[name] for name in TIER} == TIER
    assert details["tier_levels"] == [LEVEL]

    held = details["point_account_balances"]
    assert held["retailer_id"] == RETAILER
    assert held["user_id"] == CORE["id"]
    assert held["summary"] == {"total_points": 4000, "life_time_points": 4000}
    fourth = held["details"][3].pop("point_account_id")
    last = account("ACME Tier-Qualifying Escrow Account", "", "", "", 0)
    del last["point_account_id"]
    assert held["details"] == [
        account("ACME Spendable Account", "2ad0914b-55a8-486c-a565-442e728e4e7f",
                "657ebb21-af8a-48f1-86eb-3d239d7731ab", "Spend", 2000),
        account("ACME Spendable Escrow Account", "", "f7465a37-0c79-45a6-b127-520bf1c696ca", "", 0),
        account("ACME Tier-Qualifying Account", "282420ea-1a2e-4ce7-8de5-6c007bcec17f",
                "d519facf-bdf8-41ae-b6a1-a4683b20c6f1", "Tier", 2000),
        last,
    ]  # fmt: skip
    assert fourth

    # What the flags add beside the sample, and nothing more.
    assert user.pop("user_profile") == {
        "attributes": sample.attributes, "contact_code": sample.code, "consents": {"email": True},
    }  # fmt: skip
    assert user.pop("identifiers") == [
        {"external_id": "ZTEST002", "external_id_type": "external_id"},
        {"external_id": sample.code, "external_id_type": "contact_code"},
    ]
    assert set(user) == set(CORE) | set(TIER)


@pytest.mark.usefixtures("in_2019", "sample")
@pytest.mark.parametrize("query", ["external_id=ZTEST002", "mobile_number=15089959991", "mobile_number=%2B15089959991"])
def test_every_key_finds_the_same_customer(partner: Partner, query: str) -> None:
    assert partner.search(query).user == CORE


@pytest.mark.usefixtures("in_2019", "sample")
def test_the_same_customer_by_its_ids(partner: Partner) -> None:
    by_id = partner.get(f"/priv/v1/apps/crm/users/{CORE['id']}?expand_incentives=true").user
    by_external_id = partner.get("/priv/v1/apps/crm/external/users/ZTEST002?expand_incentives=true").user
    assert by_id == by_external_id
    assert {name: by_id[name] for name in TIER} == TIER
