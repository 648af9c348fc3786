"""A till's credential: it carries the caller's role."""

from loyalty.api.authentication import ClientAuthentication
from loyalty.models import Surface


class CashDeskAuthentication(ClientAuthentication):
    surface = Surface.CASH_DESK
