"""What partners read of a customer: our words turned into the vendor's (specs/loyalty_data.md).

Amounts are numbers, whole ones as integers; times are UTC. The sample's defects are not copied.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from loyalty.api.loyalty_data.parameters import Flags
from loyalty.ledger.accounts import Account
from loyalty.ledger.rounding import ZERO
from loyalty.selectors.loyalty_data import Customer, Ladder
from tiers.models import Standing, Tier
from tiers.selectors import BASE_RANK

RULE, CONSTRAINT, NODE = 2048, 8, 2
"""Discriminators of the vendor's objects."""

AT_LEAST, ACTIVE = 4, 2
"""The vendor's comparison, and the status of a tier."""

_ADDRESS = ("address", "address2", "city", "zip", "dma", "state", "country")
_CURRENT = ("zip", "dma", "state", "country")


def found(customer: Customer, flags: Flags) -> dict[str, Any]:
    """Return the body of an answer."""
    user = _user(customer)
    if customer.ladder is not None:
        user |= _incentives(customer, customer.ladder)
    if flags.profile:
        user["user_profile"] = {
            "attributes": dict(customer.attributes), "contact_code": customer.code, "consents": dict(customer.consents),
        }  # fmt: skip
    if flags.profile and flags.identifiers:
        user["identifiers"] = _identifiers(customer)
    return {"status": "ok", "user": user}


def _user(customer: Customer) -> dict[str, Any]:
    attributes, place = customer.attributes, _place(customer)
    proxies = attributes.get("proxy_ids")
    return {
        "id": str(customer.public_id),
        "external_id": customer.external_id,
        "opted_in": any(customer.consents.values()),
        "activated": customer.activated,
        "proxy_ids": proxies if isinstance(proxies, list) else [],
        "available_points": _number(customer.available_points),
        "test_points": 0,
        "unclaimed_achievement_count": 0,
        "email": customer.email or None,
        "gender": customer.sex or None,
        "dob": customer.birth_date.isoformat() if customer.birth_date else None,
        "created_at": _time(customer.created_at),
        "updated_at": _time(customer.updated_at),
        **place,
        "suspended": customer.suspended,
        "last_name": customer.surname or None,
        "first_name": customer.first_name or None,
        "registered_at": _time(customer.created_at),
        "profile_photo_url": _text(attributes.get("profile_photo_url")),
        "account_status": "suspended" if customer.suspended else "good",
        **{f"current_{name}": _text(attributes.get(f"current_{name}")) or place[name] for name in _CURRENT},
    }


def _place(customer: Customer) -> dict[str, Any]:
    place: dict[str, Any] = {name: _text(customer.attributes.get(name)) for name in _ADDRESS}
    place["city"] = place["city"] or customer.locality or None
    place["country"] = place["country"] or customer.country_code or None
    return place


def _identifiers(customer: Customer) -> list[dict[str, str]]:
    held = [(customer.external_id, "external_id"), (customer.code, "contact_code")]
    held += [(number, "card_number") for number, _ in customer.cards]
    return [{"external_id": each, "external_id_type": kind} for each, kind in held if each]


def _incentives(customer: Customer, ladder: Ladder) -> dict[str, Any]:
    points = customer.points.qualifying
    above = ladder.next_tier
    reached: dict[str, Any] = {}
    if above is not None and above.target is not None:
        reached = {
            "next_tier_points": _number(max(above.target - points, ZERO)), "tier_ends_value": _number(above.target),
        }  # fmt: skip
    entered = ladder.standing.in_tier_since if ladder.standing else None
    resets = ladder.standing.ends_at if ladder.standing else None
    return {
        "tier": _capitals(ladder.tier),
        "tier_system": ladder.tier.system.name,
        "tier_points": _number(points),
        **reached,
        "tier_entered_at": _time(entered),
        "tier_resets_at": _time(resets),
        "tier_details": {
            "tier_levels": _levels(customer, ladder),
            "point_account_balances": _accounts(customer),
        },
    }


def _levels(customer: Customer, ladder: Ladder) -> list[dict[str, Any]]:
    """Return the one level; none for who is not enrolled: leaving is a standing of ours, and no level of theirs."""
    if ladder.standing is None or ladder.tier.rank < BASE_RANK:
        return []
    return [_level(customer, ladder, ladder.standing)]


def _level(customer: Customer, ladder: Ladder, standing: Standing) -> dict[str, Any]:
    above = ladder.next_tier
    level: dict[str, Any] = {
        "id": str(standing.public_id),
        "tier_system_id": str(ladder.tier.system.public_id),
        "tier_level_id": str(ladder.tier.public_id),
        "user_id": str(customer.public_id),
        "join_date": _iso(standing.in_tier_since),
        "tier_overview": _overview(customer, ladder.tier),
    }
    if above is not None:
        level["next_tier_overview"] = _overview(customer, above)
    level["tier_progress"] = [_progress(customer, above)] if above is not None and above.target is not None else []
    return level


def _overview(customer: Customer, tier: Tier) -> dict[str, Any]:
    return {
        "id": str(tier.public_id),
        "tier_system_id": str(tier.system.public_id),
        "retailer_id": str(customer.retailer_id),
        "name": _capitals(tier),
        "rank": tier.rank,
        "status": ACTIVE,
    }


def _progress(customer: Customer, tier: Tier) -> dict[str, Any]:
    """Return how far the customer is on the way to a tier with a target."""
    points, target = customer.points.qualifying, tier.target or ZERO
    qualifying = next(each for each in customer.accounts if each.code == Account.QUALIFYING)
    constraint = {
        "discriminator": CONSTRAINT,
        "point_accounts": {str(qualifying.public_id): qualifying.name},
        "id": str(tier.rule_constraint_id),
        "rule_id": str(tier.rule_id),
        "is_new": False,
        "rank": 0,
    }
    rule = {
        "discriminator": RULE,
        "target_balance": _number(target),
        "comparison": AT_LEAST,
        "id": str(tier.rule_id),
        "retailer_id": str(customer.retailer_id),
        "parent_id": str(tier.rule_node_id),
        "rank": 0,
        "is_new": False,
        "constraints": [constraint],
    }
    node = {
        "query_result": _number(points),
        "rule_id": str(tier.rule_id),
        "parent_id": str(tier.rule_node_id),
        "tree_id": str(tier.rule_tree_id),
        "rule_passed": points >= target,
        "rule": rule,
        "discriminator": NODE,
        "rule_tree_name": "",
    }
    return {"rule_tree_id": str(tier.rule_tree_id), "rules": [node]}


def _accounts(customer: Customer) -> dict[str, Any]:
    held = {account.account: account for account in customer.points.accounts}
    details = []
    for named in customer.accounts:
        account = held[Account(named.code)]
        # A debt by hand takes from an account that nothing ever entered; it is used all the same.
        used = account.public_id is not None and (account.lifetime > 0 or account.amount != 0)
        details.append(
            {
                "account_name": named.name,
                "user_point_account_id": str(account.public_id) if used else "",
                "point_account_id": str(named.public_id),
                "grouping_label": named.label,
                "available_balance": _number(account.amount),
                "life_time_value": _number(account.lifetime),
            }
        )
    lifetime = held[Account.SPENDABLE].lifetime + held[Account.QUALIFYING].lifetime
    return {
        "retailer_id": str(customer.retailer_id),
        "user_id": str(customer.public_id),
        "summary": {
            "total_points": _number(sum((account.amount for account in held.values()), ZERO)),
            "life_time_points": _number(lifetime),
        },
        "details": details,
    }


def _capitals(tier: Tier) -> str:
    return tier.name.upper()


def _text(attribute: Any) -> str | None:
    """Return an attribute as the text it should be: numbers are written out, what is neither is unknown."""
    if isinstance(attribute, int | float) and not isinstance(attribute, bool):
        return str(attribute)
    return attribute if isinstance(attribute, str) else None


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if moment else None


def _iso(moment: datetime) -> str:
    """Write a moment as the sample does: UTC without an offset, the fraction without idle zeros."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat()
    return text.rstrip("0") if "." in text else text
