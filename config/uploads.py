"""A bound for uploaded files: Django stops large forms by itself, and writes files of any size to the disk."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler


class BoundedUpload(FileUploadHandler):
    """Refuses the whole request before its first byte is kept; the handlers after it keep what is small enough."""

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *_args: Any, **_kwargs: Any) -> None:  # noqa: N803
        """Raise RequestDataTooBig (an answer 400) beyond MAX_UPLOAD_BYTES."""
        if content_length > settings.MAX_UPLOAD_BYTES:
            raise RequestDataTooBig(f"An upload has at most {settings.MAX_UPLOAD_BYTES} bytes.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass the data on."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the next handler."""
