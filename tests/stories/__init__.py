"""Tales of shoppers. What they share asserts for them, so it shows what differs as a test does."""

import pytest

pytest.register_assert_rewrite("tests.stories.life")
