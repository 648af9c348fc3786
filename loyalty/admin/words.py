"""What models, fields and fixed lists are called here, in the reader's language.

The domains name things in English for code and for partners, whose answers must not change with a browser's
language. Only the back office translates; these names never reach a migration.
"""

from typing import Any

from django.apps import apps
from django.db.models import Choices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

CONTACT = {
    "public_id": _("public id"),
    "code": _("code"),
    "external_id": _("external id"),
    "phone": _("phone"),
    "email": _("e-mail"),
    "first_name": _("first name"),
    "surname": _("surname"),
    "patronymic": _("patronymic"),
    "sex": _("sex"),
    "birth_date": _("birth date"),
    "country_code": _("country code"),
    "locality": _("locality"),
    "status": _("status"),
    "created_at": _("created at"),
}
TIER = {
    "public_id": _("public id"),
    "name": _("name"),
    "rank": _("rank"),
    "target": _("target"),
    "multiplier": _("multiplier"),
    "expiry_policy": _("how long it lasts"),
    "expiry_days": _("days"),
}
PROGRAM = {
    "retailer": _("retailer's name"),
    "zone": _("time zone"),
    "currency": _("currency"),
    "earn_rate": _("earn rate"),
    "excluded_categories": _("categories that earn nothing"),
    "escrow_days": _("escrow, days"),
    "spending_share": _("spending share, %"),
    "points_expiry": _("points expire"),
    "expiry_months": _("months after maturing"),
    "expiry_rounding": _("rounded up to"),
    "return_policy": _("returns after maturing"),
    "sufficiency": _("sufficient personal data"),
    "activate_on_bind": _("activate on binding"),
    "reservation_minutes": _("reservation, minutes"),
    "unknown_stores": _("accept unknown stores"),
    "oldest_purchase_days": _("oldest purchase, days"),
    "interaction_days": _("interaction log, days"),
    "available_with_escrow": _("points in escrow count as available"),
}
PROGRAM_HELP = {
    "zone": _("Decides days and years for everybody."),
    "currency": _("Three letters, like RUB."),
    "earn_rate": _("Points for 1.00 spent, after discounts; bonuses paid do not count."),
    "excluded_categories": _("One a line, as the tills send them; capitals do not matter. No promotion reaches them."),
    "escrow_days": _("Days from the purchase until points can be spent."),
    "spending_share": _("The most of a basket that bonuses may pay."),
    "sufficiency": _("What must be known of a customer before a card becomes Active."),
    "activate_on_bind": _("A card becomes Active when it is bound to a contact whose data suffice."),
    "reservation_minutes": _("How long a wallet may hold a free number."),
    "unknown_stores": _("A purchase from a store not seen before creates the store."),
    "oldest_purchase_days": _("Older purchases are refused."),
    "available_with_escrow": _("For partners that read loyalty data; nobody can spend them before they mature."),
    "interaction_days": _("How long calls of the APIs stay in the interaction log."),
}
PROMOTION = {
    # Other languages have another word for the name of a person.
    "name": pgettext_lazy("promotion", "name"),
    "status": _("status"),
    "kind": _("kind"),
    "value": _("how much"),
    "starts_at": _("begins"),
    "ends_at": _("ends"),
    "minimum_basket": _("smallest basket"),
    "categories": _("categories"),
    "skus": _("SKUs"),
    "stores": _("stores"),
    "weekdays": _("weekdays"),
    "hour_from": _("from hour"),
    "hour_until": _("until hour"),
    "first_purchase": _("first purchase only"),
    "birthday_days": _("days around the birthday"),
    "stacks": _("adds up with others"),
    "qualifies": _("counts for the tier"),
    "customer_cap": _("most for one customer"),
    "budget": _("budget"),
}
PROMOTION_HELP = {
    "value": _("Percent of the money paid, times the base points (2 gives them twice), or points for the basket."),
    "stacks": _("Added to what others give. If not, only the best of those that do not add up counts."),
    "qualifies": _("Its points count for the tier, too."),
    "ends_at": _("The first moment that is too late. Empty: until somebody ends it."),
    "hour_from": _("Hours of the day in the retailer's zone."),
    "hour_until": _("The first hour that is too late; 24 for the whole day. For a night make two promotions."),
    "weekdays": _("None marked: every day."),
    "minimum_basket": _("Of the whole receipt, after discounts and before bonuses pay."),
    "categories": _("One a line, as the tills send them; capitals do not matter. Empty: all goods."),
    "skus": _("One a line. A line of the receipt counts when its category or its SKU is named."),
    "stores": _("Codes, one a line. Empty: every store."),
    "birthday_days": _("Days before and after the birthday; 0 is the day itself. Empty: any day."),
    "customer_cap": _("Points that one customer gets by it at most. Empty: no limit."),
    "budget": _("Points that it gives at most in all. The last customer gets what is left. Empty: no limit."),
}
_BOOKS = {"account": _("account"), "contact_id": _("customer")}
_BALANCE = {**_BOOKS, "public_id": _("public id")}
FIELDS: dict[str, dict[str, Any]] = {
    "customers.contact": CONTACT,
    "customers.consent": {
        "contact": _("customer"),
        "channel": _("channel"),
        "allowed": _("allowed"),
        "source": _("source"),
        "actor": _("who"),
        "given_at": _("given at"),
    },
    "cards.card": {
        "number": _("number"),
        "series": _("series"),
        "category": _("category"),
        "card_type": _("card type"),
        "status": _("status"),
        "contact": _("holder"),
        "blocked_for_good": _("blocked for good"),
        "created_at": _("created at"),
        "issued_at": _("issued at"),
        "bound_at": _("bound at"),
        "activated_at": _("activated at"),
    },
    "cards.cardseries": {
        "name": _("name"),
        "prefix": _("prefix"),
        "length": _("length"),
        "check_digit": _("check digit"),
        "barcode": _("barcode"),
        "card_type": _("card type"),
        "next_serial": _("next serial number"),
        "issuing": _("issues numbers"),
    },
    "loyalty.purchase": {
        "purchase_id": _("PurchaseId"),
        "contact": _("customer"),
        "card": _("card"),
        "store": _("store"),
        "till": _("till"),
        "cashier": _("cashier"),
        "purchased_at": _("purchased at"),
        "recorded_at": _("recorded at"),
        "actor": _("who"),
        "offline": _("till was offline"),
        "amount": _("amount"),
        "paid": _("paid with bonuses"),
        "accrued": _("accrued"),
        "qualifying": _("tier-qualifying"),
        "status": _("status"),
    },
    "loyalty.store": {
        "code": _("code"),
        "name": _("name"),
        "region": _("region"),
        "created_at": _("created at"),
    },
    "loyalty.program": PROGRAM,
    "loyalty.jobrun": {
        "job": _("job"),
        "actor": _("who"),
        "as_of": _("as of"),
        "started_at": _("started at"),
        "updated_at": _("last progress"),
        "finished_at": _("finished at"),
        "done": _("done"),
        "total": _("to do"),
    },
    "loyalty.journalentry": {
        "recorded_at": _("when"),
        "actor": _("who"),
        "role": _("role"),
        "channel": _("door"),
        "address": _("address"),
        "action": _("what"),
        "target": _("to what"),
        "reason": _("reason"),
    },
    "loyalty.interaction": {
        "recorded_at": _("when"),
        "surface": _("surface"),
        "login": _("log-in"),
        "role": _("role"),
        "address": _("address"),
        "method": _("method"),
        "path": _("path"),
        "status": _("HTTP status"),
        "failed": _("failed"),
        "key": _("key"),
        "text": _("error text"),
        "duration_ms": _("milliseconds"),
        "card_number": _("card"),
        "till": _("till"),
        "purchase_id": _("PurchaseId"),
        "correlation_id": _("correlation id"),
    },
    "loyalty.limit": {
        "scope": _("whose"),
        "what": _("of what"),
        "measure": _("measure"),
        "soft": _("soft bound"),
        "hard": _("hard bound"),
        "updated_at": _("changed at"),
    },
    "loyalty.apiclient": {
        "surface": _("surface"),
        "login": _("log-in"),
        "role": _("role"),
        "secret_prefix": _("secret begins with"),
        "active": _("switched on"),
        "log_in_full": _("logged in full"),
        "log_full_until": _("logged in full until"),
        "created_at": _("created at"),
    },
    "ledger.bonusbalance": _BALANCE,
    "ledger.operation": {
        "id": _("number"),
        "kind": _("kind"),
        "effective_at": _("effective at"),
        "recorded_at": _("recorded at"),
        "actor": _("who"),
        "cause": _("cause"),
        "reason": _("reason"),
    },
    "ledger.lot": {
        **_BOOKS,
        "id": _("number"),
        "earned": _("earned"),
        "remaining": _("remaining"),
        "matures_at": _("matures at"),
        "expires_at": _("expires at"),
    },
    "promos.promotion": PROMOTION,
    "tiers.tier": TIER,
    "tiers.standing": {
        "public_id": _("public id"),
        "contact": _("customer"),
        "tier": _("tier"),
        "entered_at": _("entered at"),
        "ends_at": _("ends at"),
        "left_at": _("left at"),
        "reason": _("reason"),
    },
    "auth.user": {"username": _("log-in"), "is_active": _("may log in")},
}
MODELS: dict[str, tuple[Any, Any]] = {
    "customers.contact": (_("contact"), _("contacts")),
    "customers.consent": (_("consent"), _("consents")),
    "cards.card": (_("card"), _("cards")),
    "cards.cardseries": (_("card series"), _("card series")),
    "loyalty.purchase": (_("purchase"), _("purchases")),
    "loyalty.store": (_("store"), _("stores")),
    "loyalty.program": (_("retailer settings"), _("retailer settings")),
    "loyalty.jobrun": (_("job run"), _("job runs")),
    "loyalty.journalentry": (_("journal entry"), _("journal")),
    "loyalty.interaction": (_("interaction"), _("interaction log")),
    "loyalty.limit": (_("limit"), _("limits")),
    "loyalty.apiclient": (_("API client"), _("API clients")),
    "ledger.bonusbalance": (_("balance"), _("balances")),
    "ledger.operation": (_("operation"), _("operations")),
    "ledger.lot": (_("lot"), _("lots of points")),
    "promos.promotion": (_("promotion"), _("promotions")),
    "tiers.tier": (_("tier"), _("tiers")),
    "tiers.standing": (_("standing"), _("standings")),
    "auth.user": (_("person"), _("staff")),
}
PACKAGES = {
    "customers": _("Contacts and consents"),
    "cards": _("Cards and series"),
    "tiers": _("Tiers and standings"),
    "promos": _("Marketing"),
    "ledger": _("Ledger"),
    "loyalty": _("Programme"),
    "auth": _("Access"),
}


def translated(choices: type[Choices]) -> list[tuple[Any, Any]]:
    """Return the values of a fixed list with names that follow the reader's language."""
    return [(value, _(str(label))) for value, label in choices.choices]


def apply() -> None:
    """Give every model and field of the back office the names above."""
    for label, (one, many) in MODELS.items():
        meta = apps.get_model(label)._meta
        meta.verbose_name, meta.verbose_name_plural = one, many
        for name, words in FIELDS.get(label, {}).items():
            meta.get_field(name).verbose_name = words
    for label, words in PACKAGES.items():
        apps.get_app_config(label).verbose_name = words
