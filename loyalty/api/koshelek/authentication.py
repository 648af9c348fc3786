"""Koshelek's credential."""

from loyalty.api.authentication import ClientAuthentication
from loyalty.models import Surface


class KoshelekAuthentication(ClientAuthentication):
    surface = Surface.KOSHELEK
