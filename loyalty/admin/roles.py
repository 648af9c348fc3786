"""Who may do what in the back office: one table, deny by default.

An administrator (or Django's superuser) may do everything. For the others a right that is not written here
does not exist. `view` opens the list and the page; every other word is the name of a command.
"""

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest

from loyalty.core import actors
from loyalty.core.actors import Actor
from loyalty.core.addresses import address_of
from loyalty.models import StaffRole

VIEW = "view"
ADD = "add"

_COLUMNS = (StaffRole.MARKETER, StaffRole.CC_OPERATOR, StaffRole.SENIOR_EMPLOYEE, StaffRole.DIRECTOR)
# For what they block and unblock, the tables in cards/blocking.py say.
_BLOCKS_CARDS = "view block unblock replace"
_HANDLES_CARDS = f"{_BLOCKS_CARDS} issue activate"
_RUNS_PROMOTIONS = "view add edit face go-live pause end duplicate add-code generate-codes"
# Who asks for points by hand does not approve: two people, two roles. Administrators may both, never for themselves.
_DRIVES = "add-drives remove-drives"
_ASKS, _APPROVES = "view withdraw", "view approve refuse"
# Who talks with customers merges and enrols them; to block a person or to erase one for good takes a director.
_SERVES = "view edit merge unmerge enrol leave export"
_RULES = "view export block unblock erase"
_TABLE: dict[str, tuple[str, str, str, str]] = {
    # model:               marketer               cc_operator            senior_employee  director
    "customers.contact": (f"{_SERVES} adjust",   f"{_SERVES} adjust",   "view",          _RULES),
    "customers.consent": ("view",                "view",                "",              ""),
    "cards.card":        (_HANDLES_CARDS,        _HANDLES_CARDS,        _BLOCKS_CARDS,   _BLOCKS_CARDS),
    "cards.cardseries":  ("view add edit import", "",                   "",              ""),
    "cards.cardimport":  ("view add",            "",                    "",              ""),
    "loyalty.purchase":  ("view",                "view",                "view",          "view"),
    "loyalty.store":     (f"view add edit {_DRIVES}", "",                    "",              ""),
    "loyalty.program":   ("view",                "",                    "",              ""),
    "loyalty.adjustmentrequest": (_ASKS,         _ASKS,                 _APPROVES,       _APPROVES),
    "ledger.bonusbalance": ("view",              "view",                "view",          "view"),
    "ledger.operation":  ("view",                "view",                "",              ""),
    "ledger.lot":        ("view",                "view",                "",              ""),
    "tiers.tier":        ("view add edit",       "",                    "",              ""),
    # The call centre explains to customers what they see on their receipts.
    "promos.promotion":  (_RUNS_PROMOTIONS,      "view",                "",              "view"),
    "promos.audience":   ("view add edit copy freeze for-wallet not-for-wallet", "view", "", "view"),
    "promos.segment":    ("view add edit upload", "",                   "",              "view"),
    "promos.segmentchange": ("view",             "",                    "",              "view"),
    # Whoever may export could use the codes; a free one is shown to nobody on a page.
    "promos.promocode":  ("view",                "view",                "",              "view"),
    "promos.codebatch":  ("view export",         "",                    "",              "view"),
    "tiers.standing":    ("view",                "view",                "",              ""),
    "loyalty.limit":     ("",                    "",                    "",              "view"),
    "loyalty.interaction": ("",                  "",                    "",              "view"),
    # Administrators only:
    "loyalty.jobrun":       ("", "", "", ""),
    "loyalty.journalentry": ("", "", "", ""),
    "loyalty.apiclient":    ("", "", "", ""),
    "auth.user":            ("", "", "", ""),
}  # fmt: skip

_Person = User | AnonymousUser


def role_of(person: _Person) -> str:
    """Return the person's role, empty when it has none. One query for a request."""
    if not person.is_authenticated or not person.is_active or not person.is_staff:
        return ""
    if person.is_superuser:
        return StaffRole.ADMINISTRATOR.value
    known: str | None = getattr(person, "_back_office_role", None)
    if known is None:
        groups = set(person.groups.values_list("name", flat=True))
        known = next((role.value for role in StaffRole if role.value in groups), "")
        person._back_office_role = known  # type: ignore[attr-defined]
    return known


def allows(role: str, label: str, act: str) -> bool:
    """Tell whether a role may do `act` (view, add, or the name of a command) to the model with this label."""
    if role == StaffRole.ADMINISTRATOR:
        return True
    if role not in _COLUMNS:
        return False
    row = _TABLE.get(label)
    return row is not None and act in row[_COLUMNS.index(StaffRole(role))].split()


def may(person: _Person, label: str, act: str = VIEW) -> bool:
    """Tell whether this person may do `act` to the model with this label, like `customers.contact`."""
    return allows(role_of(person), label, act)


def labels() -> frozenset[str]:
    """Return the labels of the models that the table names."""
    return frozenset(_TABLE)


def actor_of(request: HttpRequest) -> Actor:
    """Return who acts in this request, for the journal."""
    person = request.user
    return actors.staff(person.get_username(), role_of(person), address_of(request))
