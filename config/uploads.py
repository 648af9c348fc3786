"""A limit for uploads, before anything is kept: Django's own limit leaves files out."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler


class LimitedUpload(FileUploadHandler):
    """Refuses a body over settings.MAX_UPLOAD_BYTES; otherwise leaves the work to the next handler."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 - Django's name
        content_length: int,
        *more: Any,
        **options: Any,
    ) -> None:
        """Look at the length that the caller names: Django reads no more than that."""
        if content_length > settings.MAX_UPLOAD_BYTES:
            raise RequestDataTooBig("The upload is too large.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass the data on."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Make no file: the next handler does."""
