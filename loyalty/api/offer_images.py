"""Pictures of offers: public, named by their content, so that every cache may keep them for ever."""

import re

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.urls import reverse
from django.views.decorators.http import require_safe
from rest_framework.request import Request

from loyalty.selectors import offers

_NAME = re.compile(r"([0-9a-f]{64})\.(png|jpg|webp)")


def public_address(request: Request | HttpRequest, name: str) -> str:
    """Return the whole address of a picture: below PUBLIC_BASE_URL, else below the address that was called."""
    path = reverse("offer_image", args=[name])
    return settings.PUBLIC_BASE_URL + path if settings.PUBLIC_BASE_URL else request.build_absolute_uri(path)


@require_safe
def offer_image(request: HttpRequest, name: str) -> HttpResponse:
    """Answer with the picture; 304 to whoever has it, since a name never gets other content."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise Http404
    tag = f'"{match[1]}"'
    if tag in request.headers.get("If-None-Match", ""):
        return _kept_for_ever(HttpResponseNotModified(), tag)
    image = offers.image(match[1])
    if image is None or offers.image_name(image.sha256, image.content_type) != name:
        raise Http404
    response = HttpResponse(bytes(image.content), content_type=image.content_type)
    # Whatever a browser makes of it, it is a picture and runs nothing.
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return _kept_for_ever(response, tag)


def _kept_for_ever(response: HttpResponse, tag: str) -> HttpResponse:
    response["ETag"] = tag
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
