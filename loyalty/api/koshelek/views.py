"""The calls of the wallet app: authenticate, read strictly, call one use case or selector, present."""

from typing import Any, ClassVar

import structlog
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.http import Http404, HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.api.json_body import read_object
from loyalty.api.koshelek import answers, documentation, errors, serializers
from loyalty.api.koshelek.answers import Answer, ListAnswer
from loyalty.api.koshelek.authentication import KoshelekAuthentication
from loyalty.api.offer_images import public_address
from loyalty.api.views import SurfaceView
from loyalty.core.actors import Actor
from loyalty.core.errors import LoyaltyError
from loyalty.selectors import offers
from loyalty.selectors import wallet as reads
from loyalty.services import fiscal_receipts, promo_codes, wallet, wallet_lists

log = structlog.get_logger(__name__)


class WalletView(SurfaceView):
    """The base of this surface: every Koshelek credential may call, every refusal is in the wallet's words."""

    authentication_classes = [KoshelekAuthentication]
    roles: ClassVar[frozenset[str] | None] = None
    http_method_names = ["get", "head", "post", "put"]

    def present_error(self, error: LoyaltyError) -> Response:
        """Return the error body of a refusal by a rule."""
        row = errors.row_of(error.code)
        wait = error.data.get("retry_after")
        headers = {} if wait is None else {"Retry-After": str(wait)}
        return Answer(errors.body_of(row, error.text), status=row.status, headers=headers)

    def present_failure(self, status: int, code: str, text: str, headers: dict[str, str]) -> Response:
        """Return the error body of a call that reached no rule; the table decides the status."""
        row = errors.row_of(code)
        return Answer(errors.body_of(row, text), status=row.status, headers=headers)

    def handle_exception(self, exc: Exception) -> Response:
        """Answer in JSON whatever happened; what nobody foresaw is logged and reported as Django reports it."""
        if isinstance(exc, SuspiciousOperation) and not isinstance(exc, RequestDataTooBig):
            return self.present_failure(422, "InvalidRequest", "", {})
        try:
            return super().handle_exception(exc)
        except Exception:
            log.exception("koshelek_call_failed", path=self.request.path)
            got_request_exception.send(sender=type(self), request=self.request._request)
            return self.present_failure(500, "InternalError", "", {})

    @property
    def actor(self) -> Actor:
        """Who calls."""
        caller: Any = self.request.user
        actor: Actor = caller.actor
        return actor


class CardSearch(WalletView):
    @documentation.find
    def get(self, request: Request) -> Response:
        """The contact with the phone decides; only when there is none is the e-mail address looked at."""
        found = reads.find_card(serializers.read_search(request.query_params))
        return Answer(answers.card(found) if found else None)


class CardChannels(WalletView):
    @documentation.channels
    def put(self, request: Request, card_number: str) -> Response:
        """Each changed answer is dated and kept. A channel named in neither list stays as it is."""
        allow, deny = serializers.read_channels(read_object(request))
        wallet.set_channels(self.actor, card_number, allow=allow, deny=deny)
        return Answer()


class CardPage(WalletView):
    @documentation.balance
    def get(self, request: Request, card_number: str) -> Response:
        """Points by date: those that can be spent by their last valid day, those in escrow by its end."""
        return Answer(answers.card_points(reads.card_points(card_number)))

    @documentation.update
    def post(self, request: Request, card_number: str) -> Response:
        """What is empty or absent stays as it is stored."""
        wallet.update_person(self.actor, card_number, serializers.read_person(read_object(request)))
        return Answer()


class CardPurchases(WalletView):
    @documentation.history
    def get(self, request: Request, card_number: str) -> Response:
        """Days are those of the retailer's time zone, both included."""
        period = serializers.read_period(request.query_params)
        return Answer(answers.history(reads.history(card_number, period.start, period.end)))


class CardPromotions(WalletView):
    @documentation.promotions
    def get(self, request: Request, card_number: str) -> Response:
        """Only what is live now and meant for this holder. Texts may hold line breaks."""
        found = offers.for_card(card_number)
        return Answer(answers.offers(found, lambda name: public_address(request, name)))


class AllUsers(WalletView):
    @documentation.phones
    def get(self, request: Request) -> HttpResponseBase:
        """The answer streams. One list at a time: while another is being read the answer is 503."""
        if request.method == "HEAD":
            return Answer()
        return ListAnswer(wallet_lists.phones(self.actor), answers.phones)


class AllUsersExtended(WalletView):
    @documentation.profiles
    def get(self, request: Request) -> HttpResponseBase:
        """The same people as in call 10. A parameter that is not known of a person is left out."""
        if request.method == "HEAD":
            return Answer()
        return ListAnswer(wallet_lists.profiles(self.actor), answers.profiles)


class AnonymousCard(WalletView):
    # No HEAD: a number would be held for nobody.
    http_method_names = ["get", "post"]

    @documentation.reserve
    def get(self, request: Request) -> Response:
        """The number is held for an hour (setting); two callers never get the same one."""
        return Answer(answers.card(wallet.reserve_number(self.actor)))

    @documentation.issue
    def post(self, request: Request) -> Response:
        """A person who has a usable card gets that card back: the call may be repeated."""
        card = wallet.issue_virtual(self.actor, serializers.read_new_holder(read_object(request)))
        return Answer(answers.card(card))


class ReservedCard(WalletView):
    @documentation.register
    def post(self, request: Request, card_number: str) -> Response:
        """The person is found by phone, then by e-mail among those without a phone, else made. May be repeated."""
        data = serializers.read_new_holder(read_object(request))
        wallet.register_on_number(self.actor, card_number, data)
        return Answer()


class ReceiptCode(WalletView):
    @documentation.receipt
    def post(self, request: Request) -> Response:
        """Accepted now, decided in the background: the award shows in balance and history. A receipt counts once."""
        sent = serializers.read_receipt(read_object(request))
        fiscal_receipts.accept(self.actor, phone=sent.phone, number=sent.number, code=sent.text)
        return Answer()


class TypedCode(WalletView):
    @documentation.promo_code
    def post(self, request: Request) -> Response:
        """The points stand in the balance when this answers 200. A repeat hears that the code was used already."""
        typed = serializers.read_promo_code(read_object(request))
        promo_codes.redeem(self.actor, phone=typed.phone, number=typed.number, code=typed.code)
        return Answer()


@documentation.undocumented
class UnknownAddress(WalletView):
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse after the credentials were checked, whatever the method."""
        super().initial(request, *args, **kwargs)
        raise Http404
