"""Routes of the cash desk, under /api/. Fixed words are read in any case, a trailing slash is forgiven."""

import re
from collections.abc import Callable

from django.http import HttpResponseBase
from django.urls import URLPattern, path, re_path
from django.urls.resolvers import RegexPattern

from loyalty.api.cash_desk.base import CashDeskView, UnknownAddress
from loyalty.api.cash_desk.batch_views import AddBatch
from loyalty.api.cash_desk.block_views import Block, Unblock
from loyalty.api.cash_desk.card_views import Activate, Balance, BalanceByPhone, BindTo, Issue
from loyalty.api.cash_desk.hold_views import CaptureHold, HoldBonuses, VoidHold
from loyalty.api.cash_desk.purchase_views import AddPurchase, QuotePurchase, ShowPurchase
from loyalty.api.cash_desk.return_views import CancelPurchase, RefundPurchase
from loyalty.api.cash_desk.schema import CARDS, PURCHASES
from loyalty.api.openapi import describe

describe(
    CARDS,
    "Cards at the till. Every business answer is HTTP 200: `Status` true or false, `Key` `OK` or the error code, "
    "`Value` the error text. The caller's role comes from its credential.",
)
describe(
    PURCHASES,
    "Purchases at the till. `PurchaseId` makes a call safe to repeat: the same content answers the first answer "
    "again, other content is `OperationConflict`. `LimitExceeded` (our own Key): a limit of the day that an "
    "administrator set for cards, tills or cashiers is reached; nothing was written, and the same call may be sent "
    "the next day. A purchase whose id is the name of an act (`add`, `quote`, `batch` and so on) is recorded as any "
    "other, but `GET` cannot show it.",
)

_ACTS: dict[str, type[CashDeskView]] = {
    "quote": QuotePurchase,
    "add": AddPurchase,
    "cancel": CancelPurchase,
    "refund": RefundPurchase,
    "hold": HoldBonuses,
    "capture": CaptureHold,
    "void": VoidHold,
    "batch": AddBatch,
}
"""What a till does with purchases, by the last word of the address."""

# The spelling of the specification: these are the routes that the documentation shows.
_documented = [
    path("card/balance/by/phone/<str:phone>", BalanceByPhone.as_view()),
    path("card/balance/by/<str:number>", Balance.as_view()),
    path("card/issue", Issue.as_view()),
    path("card/bindto", BindTo.as_view()),
    path("card/active", Activate.as_view()),
    path("card/block", Block.as_view()),
    path("card/unblock", Unblock.as_view()),
    *(path(f"purchase/{act}", view.as_view()) for act, view in _ACTS.items()),
]


class _AnyCase(RegexPattern):
    """A pattern in any case. The flag lies beside the text: Django reverses no address of the whole service
    while one pattern has a flag inside it."""

    def __init__(self, regex: str) -> None:
        super().__init__(regex, is_endpoint=True)
        self.__dict__["regex"] = re.compile(regex, re.IGNORECASE)


def _any_case(regex: str, view: Callable[..., HttpResponseBase]) -> URLPattern:
    return URLPattern(_AnyCase(regex), view)


# The same in any case; `binto` is the misprint of the source that tills were built by.
_forgiven = [
    _any_case(r"^card/balance/by/phone/(?P<phone>[^/]+)/?\Z", BalanceByPhone.as_view(schema=None)),
    _any_case(r"^card/balance/by/(?P<number>[^/]+)/?\Z", Balance.as_view(schema=None)),
    _any_case(r"^card/issue/?\Z", Issue.as_view(schema=None)),
    _any_case(r"^card/bind?to/?\Z", BindTo.as_view(schema=None)),
    _any_case(r"^card/active/?\Z", Activate.as_view(schema=None)),
    _any_case(r"^card/block/?\Z", Block.as_view(schema=None)),
    _any_case(r"^card/unblock/?\Z", Unblock.as_view(schema=None)),
    *(_any_case(rf"^purchase/{act}/?\Z", view.as_view(schema=None)) for act, view in _ACTS.items()),
]

# After every act, because an id is any text: it may hold slashes.
_purchase = path("purchase/<path:purchase_id>", ShowPurchase.as_view())

_unknown = re_path(r"^(card|purchase)(/[\s\S]*)?\Z", UnknownAddress.as_view(schema=None))

urlpatterns: list[URLPattern] = [*_documented, *_forgiven, _purchase, _unknown]
