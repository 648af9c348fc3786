"""HTTP around the little server of little_server.py: credentials, addresses, bodies, and the faults of HTTP."""

import base64
import json
import time
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from tests.koshelek_check.little_server import LittleServer

LOGIN, PASSWORD = "koshelek", "very secret 123"
HTML = b"<!DOCTYPE html><html><body>Internal error</body></html>"


class Refused(Exception):
    """A refusal: code and description, status 422."""

    def __init__(self, code: str, status: int = 422) -> None:
        self.code, self.status = code, status


CALLS = (
    ("GET", "card", 1, "find"), ("PUT", "card/*/communication", 2, "channels"), ("GET", "card/*", 3, "balance"),
    ("POST", "card/*", 4, "update"), ("GET", "card/*/purchases", 5, "purchases"),
    ("GET", "card/anonymous", 6, "reserve"), ("POST", "card/anonymous/*", 7, "register"),
    ("POST", "card/anonymous", 8, "issue"), ("GET", "card/*/promotions", 9, "promotions"),
    ("GET", "card/getAllUsers", 10, "users"), ("GET", "card/getAllUsersExtended", 11, "users_extended"),
    ("POST", "promo/qrCode", 12, "receipt"), ("POST", "promo/code", 13, "promo_code"),
)  # fmt: skip


class LittleHandler(BaseHTTPRequestHandler):
    """HTTP around the service: credentials, addresses, bodies, and the faults of HTTP."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server_of: "LittleServer"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        service = self.server_of
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        service.asked.append((self.command, parts.path, body.decode("utf-8", "replace")))
        headers: dict[str, str] = {"Content-Type": "application/json; charset=utf-8"}
        status, number, value = 200, 0, None
        try:
            self.authenticate(headers)
            number, name, card = self.route(parts.path)
            value = self.carry_out(number, name, card, dict(parse_qsl(parts.query)), body)
        except Refused as refused:
            status = refused.status
            value = {"code": refused.code, "description": "Refused"}
        self.send(*self.spoil(number, status, headers, value))

    do_POST = do_PUT = do_PATCH = do_GET  # noqa: N815 - the names of http.server

    def authenticate(self, headers: dict[str, str]) -> None:
        service = self.server_of
        scheme, _, text = self.headers.get("Authorization", "").partition(" ")
        login, _, password = base64.b64decode(text or "").decode().partition(":")
        right = scheme == "Basic" and login == LOGIN
        right = right and (password == PASSWORD or service.fault("the password is not looked at"))
        if right or service.fault("no credentials needed"):
            return
        if not service.fault("401 without a challenge"):
            headers["WWW-Authenticate"] = 'Basic realm="little"'
        raise Refused("1", 403 if service.fault("403 for wrong credentials") else 401)

    def route(self, path: str) -> tuple[int, str, str]:
        service = self.server_of
        parts = path.removeprefix("/v1/").split("/")
        found = []
        for method, form, number, name in CALLS:
            wanted = form.split("/")
            if len(wanted) == len(parts) and all(one in ("*", part) for one, part in zip(wanted, parts, strict=True)):
                card = next((part for one, part in zip(wanted, parts, strict=True) if one == "*"), "")
                reserved = card in ("anonymous", "getAllUsers", "getAllUsersExtended")
                found += [] if reserved else [(method, number, name, card)]
        for method, number, name, card in found:
            if method == self.command and not service.fault(f"call {number} is missing"):
                return number, name, card
        wrong_method = found and all(method != self.command for method, *_ in found)
        raise Refused("3", 405 if wrong_method and not service.fault("404 for a wrong method") else 404)

    def carry_out(self, number: int, name: str, card: str, query: dict, body: bytes) -> object:
        service = self.server_of
        if number == 3 and card == service.given and service.fault("slow"):
            time.sleep(service.slowness)
        arguments: list = [card] if card else []
        if number in (1, 5):
            arguments.append(query)
        if self.command != "GET":
            try:
                arguments.append(json.loads(body))
            except ValueError:
                if service.fault("anything is taken for JSON"):
                    return None
                raise Refused("2", 400 if service.fault("400 for malformed JSON") else 422) from None
        with service.lock:
            return getattr(service, name)(*arguments)

    def spoil(self, number: int, status: int, headers: dict, value: object) -> tuple[int, dict, bytes]:
        """Return what is sent, with the faults that any server may have around its answers."""
        fault = self.server_of.fault
        if status == 422:
            value = self.spoil_refusal(value)
        body = b"" if value is None else json.dumps(value, ensure_ascii=False).encode()
        if number == 3:
            body, status = self.spoil_balance(body, status, headers)
        pages = {422: "HTML error page", 401: "HTML for wrong credentials", 404: "HTML for an unknown path"}
        if fault(pages.get(status, "-")):
            headers["Content-Type"], body = "text/html", HTML
        if fault("no charset"):
            headers["Content-Type"] = "application/json"
        if not body and status == 200 and fault("no header on empty bodies"):
            del headers["Content-Type"]
        if number == 8 and status == 200 and fault("201 for a new card"):
            status = 201
        return status, headers, body

    def spoil_refusal(self, value: object) -> object:
        fault = self.server_of.fault
        for name, change in (
            ("error code as a number", {"code": 422}),
            ("error code empty", {"code": ""}),
            ("error body with a trace", {"trace": "main.py"}),
        ):
            if fault(name) and isinstance(value, dict):
                value |= change
        if fault("error as a bare text"):
            return "Refused"
        return None if fault("error without a body") else value

    def spoil_balance(self, body: bytes, status: int, headers: dict) -> tuple[bytes, int]:
        fault = self.server_of.fault
        if fault("a header with control characters"):
            headers["Content-Type"] = "text/html;\x1b[2J" + "x" * 300
        if status == 422:
            russian = '{"code": "20", "description": "Нет карты"}'.encode("cp1251")
            return russian if fault("cp1251") else body, 200 if fault("200 with an error body") else status
        if fault("500"):
            return HTML, 500
        if fault("redirect"):
            headers["Location"] = "https://elsewhere.example.com/"
            return b"", 302
        if fault("truncated JSON"):
            return body[:-9], status
        if fault("oversize"):
            return body + b" " * 1_100_000, status
        if fault("cut off"):
            headers["Content-Length"] = str(len(body) + 10)
            self.close_connection = True
        return body, status

    def send(self, status: int, headers: dict, body: bytes) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
