"""What the launcher says when it cannot go on."""


class CannotStart(Exception):
    """A server or the service cannot run; the text is one line for the operator."""


def first_line(text: str, default: str) -> str:
    """Return the first line of `text` that is not empty, or `default`."""
    return next((line.strip() for line in text.splitlines() if line.strip()), default)
