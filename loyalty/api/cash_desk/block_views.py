"""CardService: block and unblock (specs/cash_desk.md, Methods). Every role may call; the tables decide for what."""

from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.api.cash_desk import block_schema
from loyalty.api.cash_desk.base import CashDeskView
from loyalty.api.cash_desk.parameters import Parameters, refuse_missing
from loyalty.core.roles import Role
from loyalty.services import blocking as use_cases


class _Blocking(CashDeskView):
    """What both calls read: the card by number, phone or both, and the reason."""

    roles = None

    @property
    def role(self) -> Role:
        """Return the role of the credential: never one of the body."""
        return Role(self.actor.role)

    def names(self, parameters: Parameters, code: str) -> dict[str, str]:
        """Return number and phone as they came. Raises RequiredParameterMissing with every missing name."""
        by_phone = parameters.get("ContactMobileNumber") is not None
        refuse_missing(parameters.missing(*(() if by_phone else ("Number",)), code))
        return {"number": parameters.identifier("Number"), "phone": parameters.identifier("ContactMobileNumber")}


class Block(_Blocking):
    """A card is lost, unwanted, black-listed, refused or replaced."""

    @block_schema.block
    def post(self, request: Request) -> Response:
        """Block a card."""
        parameters = Parameters.of_body(request)
        names = self.names(parameters, "BlockReasonCode")
        code, name = parameters.code("BlockReasonCode"), parameters.words("BlockReasonName", use_cases.LONGEST_NAME)
        use_cases.block_card(self.actor, self.role, **names, reason_code=code, reason_name=name)
        return self.answer()


class Unblock(_Blocking):
    """What a card was blocked for is over."""

    @block_schema.unblock
    def post(self, request: Request) -> Response:
        """Unblock a card: Active when the holder's data suffice, else Issued."""
        parameters = Parameters.of_body(request)
        names = self.names(parameters, "UnBlockReasonCode")
        code, name = parameters.code("UnBlockReasonCode"), parameters.words("UnBlockReasonName", use_cases.LONGEST_NAME)
        use_cases.unblock_card(self.actor, self.role, **names, reason_code=code, reason_name=name)
        return self.answer()
