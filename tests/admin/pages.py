"""What a browser sends back of a page that it was shown."""

from html.parser import HTMLParser
from typing import Any

from django.test import Client


class Form(HTMLParser):
    """Collects the fields of the command's form: what they hold when nobody touches them."""

    def __init__(self) -> None:
        super().__init__()
        self.data: dict[str, list[str]] = {}
        self._inside, self._list, self._text = False, "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, kind = given.get("name", ""), given.get("type", "text")
        if tag == "form":
            self._inside = "novalidate" in given
        elif not self._inside:
            return
        elif tag == "input" and name and (kind not in ("checkbox", "radio", "file") or "checked" in given):
            self.data.setdefault(name, []).append(given.get("value", "on" if kind == "checkbox" else ""))
        elif tag == "select":
            self._list = name
        elif tag == "option" and "selected" in given:
            self.data.setdefault(self._list, []).append(given.get("value", ""))
        elif tag == "textarea":
            self._text = name
            self.data[name] = [""]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "textarea":
            # A browser leaves out the line break that begins a box of text.
            self.data[self._text] = [self.data[self._text][0].removeprefix("\n")]
            self._text = ""

    def handle_data(self, data: str) -> None:
        if self._text:
            self.data[self._text][0] += data


def opened(client: Client, path: str) -> dict[str, Any]:
    """Open the page of a command and return its form as the browser would send it back untouched."""
    answer = client.get(path)
    assert answer.status_code == 200, answer
    return read(answer)


def read(answer: Any) -> dict[str, Any]:
    """Return the form of a page that was answered."""
    form = Form()
    form.feed(answer.content.decode())
    return dict(form.data)
