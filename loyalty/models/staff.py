"""Roles of the people in the back office; each is a Django group."""

from django.db import models


class StaffRole(models.TextChoices):
    ADMINISTRATOR = "administrator", "Administrator"
    MARKETER = "marketer", "Marketer"
    CC_OPERATOR = "cc_operator", "Call-centre operator"
    SENIOR_EMPLOYEE = "senior_employee", "Senior employee"
    DIRECTOR = "director", "Director"
