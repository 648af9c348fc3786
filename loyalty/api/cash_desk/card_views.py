"""CardService: balances and the states of a card (specs/cash_desk.md, Methods)."""

from rest_framework.request import Request
from rest_framework.response import Response

from customers import identifiers
from loyalty.api.cash_desk import card_answers, card_schema, errors
from loyalty.api.cash_desk.base import ALL_BUT_CLIENT, CashDeskView
from loyalty.api.cash_desk.parameters import Parameters
from loyalty.selectors import card_balances
from loyalty.services import cards as use_cases


class Balance(CashDeskView):
    """The balance by card number or contact code, which share an address."""

    roles = None

    @card_schema.balance
    def get(self, request: Request, number: str) -> Response:
        """Return the card with a number, or the card of the contact with a code."""
        if identifiers.looks_like_code(number.strip()):
            self.keys = errors.BALANCE_BY_CODE_KEYS
            return self.answer(card_answers.balance(card_balances.by_code(number)))
        return self.answer(card_answers.balance(card_balances.by_number(number)))


class BalanceByPhone(CashDeskView):
    """The balance by the contact's phone."""

    roles = None
    keys = errors.BALANCE_BY_PHONE_KEYS

    @card_schema.balance_by_phone
    def get(self, request: Request, phone: str) -> Response:
        """Return the card of the contact with a phone: the one not blocked, else the newest."""
        return self.answer(card_answers.balance(card_balances.by_phone(phone)))


class Issue(CashDeskView):
    """A card was sold."""

    roles = ALL_BUT_CLIENT
    keys = errors.ISSUE_KEYS

    @card_schema.issue
    def get(self, request: Request) -> Response:
        """Make a New card Issued."""
        parameters = Parameters.of_query(request)
        parameters.require("Number")
        use_cases.issue_card(self.actor, parameters.identifier("Number"))
        return self.answer()


class BindTo(CashDeskView):
    """A card gets its owner."""

    roles = ALL_BUT_CLIENT

    @card_schema.bind
    def post(self, request: Request) -> Response:
        """Bind a card to the contact with a phone."""
        parameters = Parameters.of_body(request)
        parameters.require("Number", "MobileNumber")
        number, phone = parameters.identifier("Number"), parameters.identifier("MobileNumber")
        use_cases.bind_card(self.actor, number, phone)
        return self.answer()


class Activate(CashDeskView):
    """The holder's data suffice now."""

    roles = ALL_BUT_CLIENT

    @card_schema.activate
    def get(self, request: Request) -> Response:
        """Make an Issued, bound card Active."""
        parameters = Parameters.of_query(request)
        parameters.require("Number")
        use_cases.activate_card(self.actor, parameters.identifier("Number"))
        return self.answer()
