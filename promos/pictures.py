"""Uploaded pictures: checked, decoded and written anew, so that what is served is pixels and nothing else. Pure."""

import hashlib
import io
import struct
import warnings
import zlib
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

from loyalty.core.errors import InvalidParameter

LARGEST_FILE = 5 * 1024 * 1024
MOST_PIXELS = 25_000_000
SMALLEST_SIDE, LONGEST_SIDE = 32, 1600
"""A phone shows no more; what is larger is scaled down."""

_FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
_PHOTO_WITH_MORE = "MPO"
"""A JPEG file of a telephone that holds more than the photo: its depth, its light. The photo is first."""
_SAVED: dict[str, dict[str, Any]] = {
    "PNG": {"optimize": True},
    "JPEG": {"quality": 85, "optimize": True, "progressive": True},
    "WEBP": {"quality": 85},
}
_BROKEN = (
    UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning,
    OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error, MemoryError, TypeError, IndexError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is stored and served. `sha256` is of the content, in hexadecimal."""

    content: bytes
    content_type: str
    width: int
    height: int

    @property
    def sha256(self) -> str:
        """The name of the content."""
        return hashlib.sha256(self.content).hexdigest()


def read(content: bytes) -> Picture:
    """Return a PNG, JPEG or WebP picture written anew: upright, without metadata, at most LONGEST_SIDE long.

    Raises InvalidParameter (`image`) for anything else: another format, a broken or a moving picture, one that is
    larger than LARGEST_FILE or unpacks to more than MOST_PIXELS.
    """
    if len(content) > LARGEST_FILE:
        raise InvalidParameter("The picture is larger than 5 MB.", name="image")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=tuple(_FORMATS)) as opened:
                return _written_anew(opened)
    except _BROKEN as error:
        raise InvalidParameter("This is not a whole PNG, JPEG or WebP picture.", name="image") from error


def _written_anew(opened: Image.Image) -> Picture:
    form = "JPEG" if opened.format == _PHOTO_WITH_MORE else str(opened.format)
    # The size stands in the head of the file: nothing has been unpacked yet.
    if opened.width * opened.height > MOST_PIXELS:
        raise InvalidParameter("The picture has more than 25 million points.", name="image")
    if min(opened.size) < SMALLEST_SIDE:
        raise InvalidParameter("The picture is smaller than 32 points.", name="image")
    if form != "JPEG" and getattr(opened, "n_frames", 1) > 1:
        raise InvalidParameter("The picture moves. Choose a still one.", name="image")
    upright = ImageOps.exif_transpose(opened)
    seen_through = form != "JPEG" and upright.has_transparency_data
    plain = upright.convert("RGBA" if seen_through else "RGB")
    plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    # A new picture holds the points alone: profiles, places and comments of the old one stay behind.
    bare = Image.new(plain.mode, plain.size)
    bare.paste(plain)
    written = io.BytesIO()
    bare.save(written, form, **_SAVED[form])
    return Picture(written.getvalue(), _FORMATS[form], *bare.size)
