"""Our errors in the words of specs/loyalty_data.md: one table from our causes to the partner's codes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: our own name of the cause, what the partner reads, and the HTTP status."""

    error: str
    code: str
    status: int
    message: str


TABLE = (
    Row("RequiredParameterMissing", "missing_data", 400, "Give one of email, external_id, mobile_number."),
    Row("InvalidParameter", "argument_error", 400, "A parameter has a wrong value."),
    Row("SeveralContacts", "argument_error", 409, "Several customers match. Search by another key."),
    Row("ContactNotFound", "user_not_found", 404, "No customer matches."),
    Row("InvalidApiKey", "invalid_api_key", 401, "The api_key of the address is not that of the credential."),
    Row("Unauthorized", "unauthorized", 401, "Wrong or missing credentials. Send HTTP Basic with api_key:secret."),
    Row("Forbidden", "forbidden", 403, "This credential may not call this."),
    Row("NotFound", "not_found", 404, "There is nothing at this address. Check the path."),
    Row("MethodNotAllowed", "method_not_allowed", 405, "This surface is read-only: use GET."),
    Row("TooManyRequests", "too_many_requests", 429, "Too many wrong credentials. Wait as long as Retry-After says."),
    Row("Busy", "busy", 503, "The service is busy. Repeat the same call."),
    Row("InternalError", "internal_error", 500, "A fault on our side. Tell us the time of the call."),
    Row("InvalidRequest", "argument_error", 400, "The request cannot be read."),
)
_ROWS = {row.error: row for row in TABLE}


def row_of(name: str) -> Row:
    """Return the line of a cause; an unknown one gets the last line."""
    return _ROWS.get(name) or _ROWS["InvalidRequest"]


def body_of(row: Row, text: str = "") -> dict[str, object]:
    """Return the error body; `text` says more than the table where it is given."""
    return {"status": "error", "errors": {"code": row.code, "message": text or row.message}}


def as_markdown() -> str:
    """Return the table for the page of the API."""
    rows = "\n".join(f"| `{row.code}` | {row.status} | {row.message} |" for row in TABLE)
    return f"| Code | HTTP | Message |\n|---|---|---|\n{rows}"
