"""What models, fields and fixed lists are called here, in the reader's language.

The domains name things in English for code and for partners, whose answers must not change with a browser's
language. Only the back office translates; these names never reach a migration.
"""

from typing import Any

from django.apps import apps
from django.db.models import Choices
from django.utils.translation import gettext_lazy as _

from loyalty.admin import marketing_words

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
TIER_SYSTEM = {"assessment": _("when a tier ends, the customer gets")}
PROGRAM = {
    "retailer": _("retailer's name"),
    "zone": _("time zone"),
    "currency": _("currency"),
    "earn_rate": _("earn rate"),
    "excluded_categories": _("categories that earn nothing"),
    "escrow_days": _("escrow, days"),
    "spending_share": _("spending share, %"),
    "points_expiry": _("points expire"),
    "expiry_months": _("months until they expire"),
    "expiry_rounding": _("rounded up to"),
    "return_policy": _("returns after maturing"),
    "adjustment_alone": _("points in one act"),
    "adjustment_alone_daily": _("points in one day"),
    "sufficiency": _("sufficient personal data"),
    "activate_on_bind": _("activate on binding"),
    "reservation_minutes": _("reservation, minutes"),
    "unknown_stores": _("accept unknown stores"),
    "oldest_purchase_days": _("oldest purchase, days"),
    "interaction_days": _("interaction log, days"),
    "wallet_audience": _("audience of the wallet's lists"),
    "available_with_escrow": _("points in escrow count as available"),
    "low_pool_alert": _("alert of a low pool, free numbers"),
}
PROGRAM_HELP = {
    "zone": _("Decides days and years for everybody."),
    "currency": _("Three letters, like RUB."),
    "earn_rate": _("Points for 1.00 spent, after discounts; bonuses paid do not count."),
    "excluded_categories": _("One a line, as the tills send them; capitals do not matter. No promotion reaches them."),
    "escrow_days": _("Days from the purchase until points can be spent."),
    "spending_share": _("The most of a basket that bonuses may pay."),
    "points_expiry": _("Points earned so far keep their dates. A purchase by inactivity puts off all that live."),
    "adjustment_alone": _("The most that one person gives or takes alone at once."),
    "adjustment_alone_daily": _("The most that one person gives and takes alone in a day, added up."),
    "sufficiency": _("What must be known of a customer before a card becomes Active."),
    "activate_on_bind": _("A card becomes Active when it is bound to a contact whose data suffice."),
    "reservation_minutes": _("How long a wallet may hold a free number."),
    "unknown_stores": _("A purchase from a store not seen before creates the store."),
    "oldest_purchase_days": _("Older purchases are refused."),
    "available_with_escrow": _("For partners that read loyalty data; nobody can spend them before they mature."),
    "interaction_days": _("How long calls of the APIs stay in the interaction log."),
    "low_pool_alert": _("Fewer free virtual numbers than this raise an alert on the overview; 0: never."),
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
    "cards.cardimport": {
        "file_name": _("file"),
        "series": _("series"),
        "category": _("category"),
        "mode": _("bad lines"),
        "status": _("status"),
        "total": _("lines"),
        "done": _("checked"),
        "added": _("added"),
        "refused": _("refused lines"),
        "actor": _("who"),
        "reason": _("reason"),
        "created_at": _("uploaded at"),
        "started_at": _("started at"),
        "updated_at": _("last progress"),
        "finished_at": _("finished at"),
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
    "loyalty.adjustmentrequest": {
        "contact": _("customer"),
        "account": _("account"),
        "amount": _("points"),
        "may_owe": _("may leave a debt"),
        "reason": _("reason"),
        "maker": _("asked by"),
        "requested_at": _("asked at"),
        "status": _("status"),
        "checker": _("decided by"),
        "decided_at": _("decided at"),
        "note": _("note"),
    },
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
    **marketing_words.FIELDS,
    "tiers.tier": TIER,
    "tiers.standing": {
        "public_id": _("public id"),
        "contact": _("customer"),
        "tier": _("tier"),
        "entered_at": _("entered at"),
        "ends_at": _("ends at"),
        "left_at": _("left at"),
        "joined_at": _("in the tier since"),
        "reason": _("reason"),
    },
    "auth.user": {"username": _("log-in"), "is_active": _("may log in")},
}
MODELS: dict[str, tuple[Any, Any]] = {
    "customers.contact": (_("contact"), _("contacts")),
    "customers.consent": (_("consent"), _("consents")),
    "cards.card": (_("card"), _("cards")),
    "cards.cardseries": (_("card series"), _("card series")),
    "cards.cardimport": (_("import of numbers"), _("imports of numbers")),
    "loyalty.purchase": (_("purchase"), _("purchases")),
    "loyalty.store": (_("store"), _("stores")),
    "loyalty.program": (_("retailer settings"), _("retailer settings")),
    "loyalty.jobrun": (_("job run"), _("job runs")),
    "loyalty.journalentry": (_("journal entry"), _("journal")),
    "loyalty.interaction": (_("interaction"), _("interaction log")),
    "loyalty.limit": (_("limit"), _("limits")),
    "loyalty.adjustmentrequest": (_("adjustment"), _("adjustments")),
    "loyalty.apiclient": (_("API client"), _("API clients")),
    "ledger.bonusbalance": (_("balance"), _("balances")),
    "ledger.operation": (_("operation"), _("operations")),
    "ledger.lot": (_("lot"), _("lots of points")),
    "promos.promotion": (_("promotion"), _("promotions")),
    "promos.audience": (_("audience"), _("audiences")),
    "promos.segment": (_("segment"), _("segments")),
    "promos.segmentchange": (_("change of a segment"), _("changes of segments")),
    "promos.promocode": (_("promo code"), _("promo codes")),
    "promos.codebatch": (_("batch of codes"), _("batches of codes")),
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
