"""A refusal of a command is one line that says what is wrong and with what."""

import pytest
from django.core.management import CommandError, call_command


@pytest.mark.django_db
def test_the_line_names_the_value_that_is_wrong() -> None:
    with pytest.raises(CommandError, match=r"^year: The year 2999 is not over"):
        call_command("close_year", "--year", "2999")
