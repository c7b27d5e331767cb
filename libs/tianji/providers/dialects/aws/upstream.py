"""A deployment behind one of AWS' model services."""

from __future__ import annotations

from collections.abc import Mapping

from tianji.errors import UpstreamError
from tianji.providers.dialects.aws.errors import read_error
from tianji.providers.dialects.translated import TranslatedUpstream


class AwsUpstream(TranslatedUpstream):
    """Translates as any other; its errors are AWS'."""

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """Map an error answer."""
        return read_error(self.provider, status, headers, body, self.secret)
