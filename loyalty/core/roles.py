"""The roles of specs/cash_desk.md: who acts at a till, on the site, in the call centre, in the back office."""

from django.db import models


class Role(models.TextChoices):
    """Roles that the block and unblock tables name, and the till, which has no right to either."""

    TILL = "till", "Till"
    CLIENT = "client", "Client (site, mobile app)"
    CC_OPERATOR = "cc_operator", "Call-centre operator"
    MARKETER = "marketer", "Marketer"
    SENIOR_EMPLOYEE = "senior_employee", "Senior employee"
    DIRECTOR = "director", "Director"
    ADMINISTRATOR = "administrator", "Administrator"
