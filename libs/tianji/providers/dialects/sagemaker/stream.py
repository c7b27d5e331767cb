"""A stream of a SageMaker endpoint: frames that hold pieces of the container's own stream, cut anywhere."""

from __future__ import annotations

from tianji.providers.contract import Decoder
from tianji.providers.dialects.aws.decoder import FrameDecoder
from tianji.providers.dialects.aws.frames import Frame
from tianji.wire.neutral import Event, Failed


class PartsDecoder(FrameDecoder):
    """Reads one stream; `inner` reads what the container wrote."""

    def __init__(self, provider: str, inner: Decoder) -> None:
        super().__init__(provider)
        self._inner = inner

    def close(self) -> list[Event]:
        """Return what the container's reader still held."""
        if self._failed:
            return []
        out = self._inner.close()
        self.complete = self._inner.complete
        return out

    def _frame(self, out: list[Event], frame: Frame) -> None:
        events = self._inner.feed(frame.payload)
        self._failed = any(isinstance(event, Failed) for event in events)
        out += events
        self.complete = self._inner.complete
