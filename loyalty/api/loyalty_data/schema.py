"""The shapes of the answers of specs/loyalty_data.md, for the page of the API; `answers` writes them.

A field that may be unknown is null; only those of the next tier are left out, when there is none.
"""

from typing import Any

from rest_framework import serializers


def _text(help_text: str = "", **options: Any) -> serializers.CharField:
    return serializers.CharField(help_text=help_text, **options)


def _text_or_null(help_text: str = "") -> serializers.CharField:
    return serializers.CharField(allow_null=True, help_text=help_text)


def _points(help_text: str = "", **options: Any) -> serializers.FloatField:
    return serializers.FloatField(help_text=help_text, **options)


class PointAccountFields(serializers.Serializer[Any]):
    account_name = _text()
    user_point_account_id = _text("Empty while the customer never used the account.")
    point_account_id = serializers.UUIDField()
    grouping_label = _text()
    available_balance = _points("As the clock decides it; spendable is below zero while in debt.")
    life_time_value = _points("All that ever entered the account.")


class PointSummary(serializers.Serializer[Any]):
    total_points = _points("The sum of all four accounts.")
    life_time_points = _points("The sum of the two accounts that are not escrow.")


class PointAccountBalances(serializers.Serializer[Any]):
    retailer_id = serializers.UUIDField()
    user_id = serializers.UUIDField()
    summary = PointSummary()
    details = PointAccountFields(many=True, help_text="Always all four accounts.")


class TierOverview(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    tier_system_id = serializers.UUIDField()
    retailer_id = serializers.UUIDField()
    name = _text("In capitals.")
    rank = serializers.IntegerField()
    status = serializers.IntegerField(help_text="2: active.")


class TierRuleConstraint(serializers.Serializer[Any]):
    discriminator = serializers.IntegerField()
    point_accounts = serializers.DictField(child=serializers.CharField(), help_text="Id and name of the account.")
    id = serializers.UUIDField()
    rule_id = serializers.UUIDField()
    is_new = serializers.BooleanField()
    rank = serializers.IntegerField()


class TierRule(serializers.Serializer[Any]):
    discriminator = serializers.IntegerField()
    target_balance = _points()
    comparison = serializers.IntegerField(help_text="4: at least.")
    id = serializers.UUIDField()
    retailer_id = serializers.UUIDField()
    parent_id = serializers.UUIDField()
    rank = serializers.IntegerField()
    is_new = serializers.BooleanField()
    constraints = TierRuleConstraint(many=True)


class TierRuleNode(serializers.Serializer[Any]):
    query_result = _points("The balance of the tier-qualifying account.")
    rule_id = serializers.UUIDField()
    parent_id = serializers.UUIDField()
    tree_id = serializers.UUIDField()
    rule_passed = serializers.BooleanField()
    rule = TierRule()
    discriminator = serializers.IntegerField()
    rule_tree_name = _text()


class TierProgress(serializers.Serializer[Any]):
    rule_tree_id = serializers.UUIDField()
    rules = TierRuleNode(many=True)


class TierLevel(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    tier_system_id = serializers.UUIDField()
    tier_level_id = serializers.UUIDField()
    user_id = serializers.UUIDField()
    join_date = _text("ISO 8601 in UTC, without an offset.")
    tier_overview = TierOverview()
    next_tier_overview = TierOverview(required=False)
    tier_progress = TierProgress(many=True)


class TierDetails(serializers.Serializer[Any]):
    tier_levels = TierLevel(many=True, help_text="Empty while the customer is not enrolled.")
    point_account_balances = PointAccountBalances()


class UserProfile(serializers.Serializer[Any]):
    attributes = serializers.DictField(help_text="Whatever the retailer keeps of the customer.")
    contact_code = _text()
    consents = serializers.DictField(child=serializers.BooleanField(), help_text="Channel, and the last answer.")


class Identifier(serializers.Serializer[Any]):
    external_id = _text()
    external_id_type = serializers.ChoiceField(["external_id", "contact_code", "card_number"])


class LoyaltyUser(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    external_id = _text_or_null()
    opted_in = serializers.BooleanField(help_text="Some channel is allowed.")
    activated = serializers.BooleanField(help_text="Holds an Active card.")
    proxy_ids = serializers.ListField()
    available_points = _points("What may be spent now.")
    test_points = serializers.IntegerField()
    unclaimed_achievement_count = serializers.IntegerField()
    email = _text_or_null()
    gender = _text_or_null()
    dob = serializers.DateField(allow_null=True)
    created_at = _text("`YYYY-MM-DD HH:MM:SS`, UTC.")
    updated_at = _text("`YYYY-MM-DD HH:MM:SS`, UTC.")
    address = _text_or_null()
    address2 = _text_or_null()
    city = _text_or_null()
    zip = _text_or_null()
    dma = _text_or_null()
    state = _text_or_null()
    country = _text_or_null()
    suspended = serializers.BooleanField()
    last_name = _text_or_null()
    first_name = _text_or_null()
    registered_at = _text("`YYYY-MM-DD HH:MM:SS`, UTC.")
    profile_photo_url = _text_or_null()
    account_status = serializers.ChoiceField(["good", "suspended"])
    current_zip = _text_or_null()
    current_dma = _text_or_null()
    current_state = _text_or_null()
    current_country = _text_or_null()
    tier = _text("With expand_incentives, as all that follows; in capitals.", required=False)
    tier_system = _text(required=False)
    tier_points = _points("The tier-qualifying account.", required=False)
    next_tier_points = _points("What is missing to the next tier.", required=False)
    tier_ends_value = _points("The target of the next tier.", required=False)
    tier_entered_at = serializers.CharField(required=False, allow_null=True)
    tier_resets_at = serializers.CharField(required=False, allow_null=True, help_text="Null: never.")
    tier_details = TierDetails(required=False)
    user_profile = UserProfile(required=False)
    identifiers = Identifier(many=True, required=False)


class UserFound(serializers.Serializer[Any]):
    status = serializers.ChoiceField(["ok"])
    user = LoyaltyUser()


class LoyaltyDataError(serializers.Serializer[Any]):
    code = _text("See the table of codes.")
    message = _text()


class LoyaltyDataRefusal(serializers.Serializer[Any]):
    status = serializers.ChoiceField(["error"])
    errors = LoyaltyDataError()  # type: ignore[assignment]  # the vendor's word; here it is only read as a shape
