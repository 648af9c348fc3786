"""The calls of partners that read loyalty data: authenticate, read strictly, select, present. Nothing is written."""

from typing import Any, ClassVar
from uuid import UUID

from django.core.exceptions import SuspiciousOperation
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from customers.errors import ContactNotFound
from loyalty.api.loyalty_data import answers, documentation, errors, parameters
from loyalty.api.loyalty_data.authentication import LoyaltyDataAuthentication
from loyalty.api.views import SurfaceView
from loyalty.core.errors import LoyaltyError
from loyalty.selectors import loyalty_data as reads
from loyalty.selectors.loyalty_data import Key


class InvalidApiKey(LoyaltyError):
    code = "InvalidApiKey"
    message = "The api_key of the address is not that of the credential."


class DataView(SurfaceView):
    """The base of this surface: every credential of it may read everybody, and write nothing."""

    authentication_classes = [LoyaltyDataAuthentication]
    roles: ClassVar[frozenset[str] | None] = None
    http_method_names = ["get", "head"]

    @property
    def default_response_headers(self) -> dict[str, str]:
        """Return the headers of every answer: personal data are not to be kept on the way."""
        return {"Cache-Control": "no-store"}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse an address with another api_key than the credential's."""
        super().initial(request, *args, **kwargs)
        caller: Any = request.user
        if kwargs.get("api_key", caller.login) != caller.login:
            raise InvalidApiKey()

    def present_error(self, error: LoyaltyError) -> Response:
        """Return the error body of a refusal by a rule; of parameters it tells what is wrong."""
        row = errors.row_of(error.code)
        text = error.text if error.code == "InvalidParameter" else ""
        # Every 401 says how to be let in (RFC 9110).
        headers = {"WWW-Authenticate": str(self.get_authenticate_header(self.request))} if row.status == 401 else {}
        return Response(errors.body_of(row, text), status=row.status, headers=headers)

    def present_failure(self, status: int, code: str, text: str, headers: dict[str, str]) -> Response:
        """Return the error body of a call that reached no rule."""
        row = errors.row_of(code)
        return Response(errors.body_of(row), status=row.status, headers=headers)

    def handle_exception(self, exc: Exception) -> Response:
        """Answer in JSON also where Django would show a page: too many parameters in an address."""
        if isinstance(exc, SuspiciousOperation):
            return self.present_failure(400, "InvalidRequest", "", {})
        return super().handle_exception(exc)

    def answer(self, request: Request, key: Key, value: str) -> Response:
        """Return the customer with as much as the flags ask for."""
        flags = parameters.read_flags(request.query_params)
        return Response(answers.found(reads.find(key, value, incentives=flags.incentives), flags))


class UserSearch(DataView):
    @documentation.search
    def get(self, request: Request, api_key: str) -> Response:
        """One of `email`, `external_id` and `mobile_number` decides."""
        return self.answer(request, *parameters.read_key(request.query_params))


class UserPage(DataView):
    @documentation.by_id
    def get(self, request: Request, api_key: str, user_id: str) -> Response:
        """The id is the one of every answer."""
        try:
            return self.answer(request, Key.ID, str(UUID(user_id)))
        except ValueError:
            raise ContactNotFound(by="id") from None


class ExternalUserPage(DataView):
    @documentation.by_external_id
    def get(self, request: Request, api_key: str, external_id: str) -> Response:
        """The external id is the retailer's own."""
        if "\x00" in external_id:
            raise ContactNotFound(by="external_id")
        return self.answer(request, Key.EXTERNAL_ID, external_id)


@documentation.undocumented
class UnknownAddress(DataView):
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse before the method is looked at: a missing address has no methods."""
        super().initial(request, *args, **kwargs)
        raise Http404
