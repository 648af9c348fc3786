"""What the OpenAPI pages say beyond the views: one security scheme for each surface, one description for each tag."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from loyalty.models import Surface

_SCHEMES = {
    Surface.KOSHELEK: "koshelekCredential",
    Surface.CASH_DESK: "cashDeskCredential",
    Surface.BONUS_COMMANDS: "bonusCommandsCredential",
    Surface.LOYALTY_DATA: "loyaltyDataCredential",
}

_tags: dict[str, str] = {}


class ClientCredential(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """HTTP Basic for every subclass of ClientAuthentication: a credential of one surface opens no other."""

    target_class = "loyalty.api.authentication.ClientAuthentication"
    match_subclasses = True

    def __init__(self, target: Any) -> None:
        super().__init__(target)  # type: ignore[no-untyped-call]
        self.name = _SCHEMES[target.surface]

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """Return the OpenAPI security scheme."""
        label = Surface(self.target.surface).label
        return {
            "type": "http",
            "scheme": "basic",
            "description": f"Login and secret of an API client of the surface {label}.",
        }


def describe(tag: str, description: str) -> None:
    """Keep the description (Markdown) of a tag; each surface calls this once, beside its routes."""
    _tags[tag] = description


def add_tags(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Put the descriptions of the tags in use into the schema (a drf-spectacular postprocessing hook)."""
    operations = [operation for path in result["paths"].values() for operation in path.values()]
    used = {tag for operation in operations for tag in operation.get("tags", ())}
    result["tags"] = [{"name": tag, "description": text} for tag, text in sorted(_tags.items()) if tag in used]
    return result
