"""What promotions, offers, audiences, segments and promo codes are called in the back office."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

FACE = {
    "title": _("title"),
    "description": _("text"),
    "conditions": _("conditions"),
    "image": _("picture"),
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
    "trigger": _("what makes it give"),
    "audience": _("audience"),
    "customer_count": _("times for one customer"),
    "total_count": _("times in all"),
    "escrow_days": _("escrow, days"),
    **FACE,
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
    "birthday_days": _(
        "Days before and after the birthday; 0 is the day itself. Empty: any day. It counts around one birthday a year,"
        " and fixed points once, unless a limit for each customer says otherwise."
    ),
    "audience": _("Empty: everybody. Whether a customer is in it is asked each time anew."),
    "customer_count": _("How often one customer gets it. Empty: no limit; of a shared code: once."),
    "total_count": _("How often it is given in all. Empty: no limit."),
    "escrow_days": _("Until these points can be spent. Empty: as for purchases."),
    "customer_cap": _("Points that one customer gets by it at most. Empty: no limit."),
    "budget": _("Points that it gives at most in all. The last customer gets what is left. Empty: no limit."),
}
AUDIENCE = {
    "name": pgettext_lazy("promotion", "name"),
    "created_at": _("created at"),
    "updated_at": _("changed at"),
}
SEGMENT = AUDIENCE | {"note": _("note")}
CONDITIONS = {
    "tiers": _("tiers"),
    "cards": _("the card is"),
    "birthday_before": _("days before the birthday"),
    "birthday_after": _("days after the birthday"),
    "points_from": _("points from"),
    "points_to": _("points up to"),
    "purchased_within": _("bought within, days"),
    "not_purchased_within": _("did not buy within, days"),
    "never_purchased": _("never bought"),
    "regions": _("bought in the regions"),
    "region_days": _("in these regions within, days"),
    "segments": _("in the segments"),
    "not_segments": _("not in the segments"),
}
CONDITION_HELP = {
    "tiers": _("In any of them now. None marked: every tier."),
    "cards": _("Of the card that is not given up. None marked: any, also without a card."),
    "birthday_before": _("From so many days before the birthday. 0 and an empty field after it: the day itself."),
    "birthday_after": _("Until so many days after it."),
    "points_from": _("Points that can be spent now, those in escrow left out."),
    "points_to": _("Both bounds are included."),
    "purchased_within": _("0 is today. With the next field: customers who are being lost."),
    "not_purchased_within": _("Who never bought has not bought within them either."),
    "never_purchased": _("Cancelled and wholly returned purchases do not count."),
    "regions": _("In a store of any of these regions."),
    "segments": _("In any of them."),
    "not_segments": _("In none of them."),
}
CARD_STATES = {
    "active": pgettext_lazy("card", "Active"),
    "issued": pgettext_lazy("card", "Issued"),
    "blocked": pgettext_lazy("card", "Blocked"),
    "none": _("no card"),
}
FIELDS = {
    "promos.promotion": PROMOTION,
    "promos.audience": AUDIENCE,
    "promos.segment": SEGMENT,
    "promos.segmentchange": {
        "segment": _("segment"),
        "mode": _("what to do"),
        "audience": _("audience"),
        "file_name": _("file"),
        "lines": _("lines"),
        "done": _("done"),
        "found": _("customers found"),
        "added": _("added"),
        "removed": _("taken out"),
        "problem_count": _("lines without a customer"),
        "status": _("status"),
        "actor": _("who"),
        "created_at": _("ordered at"),
        "finished_at": _("finished at"),
    },
    "promos.promocode": {
        "code": _("code"),
        "promotion": _("promotion"),
        "batch": _("batch"),
        "used_at": _("used at"),
        "used_by": _("used by"),
    },
    "promos.codebatch": {
        "id": _("number"),
        "promotion": _("promotion"),
        "prefix": _("prefix"),
        "length": _("characters"),
        "count": _("codes"),
        "status": _("status"),
        "actor": _("who"),
        "created_at": _("ordered at"),
        "finished_at": _("finished at"),
    },
}
