"""The credential of whoever reads loyalty data: HTTP Basic with `api_key:secret`."""

from loyalty.api.authentication import ClientAuthentication
from loyalty.models import Surface


class LoyaltyDataAuthentication(ClientAuthentication):
    surface = Surface.LOYALTY_DATA
