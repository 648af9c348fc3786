"""Pages of long lists without counting: nobody waits for a COUNT over millions of rows."""

from typing import Any

from django.core.paginator import EmptyPage
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from unfold import paginator

DEEPEST = 200


class InfinitePaginator(paginator.InfinitePaginator):
    """Previous and next only, down to page 200: further back a search is faster for everybody.

    Unfold knows a paginator without a count by the name of its class.
    """

    @cached_property
    def count(self) -> int:
        """Pretend: the number is never shown."""
        return int(self.per_page) * DEEPEST

    def validate_number(self, number: Any) -> int:
        """Refuse pages so deep that the database would have to walk over everything before them."""
        checked: int = super().validate_number(number)
        if checked > DEEPEST:
            raise EmptyPage(_("Search instead of paging so far."))
        return checked
