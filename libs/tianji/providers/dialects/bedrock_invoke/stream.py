"""A stream of InvokeModel: frames whose payload holds, in base64, one event of the vendor's own."""

from __future__ import annotations

import base64
import binascii

import msgspec
from msgspec import Struct

from tianji.providers.contract import Decoder
from tianji.providers.dialects.aws.decoder import FrameDecoder
from tianji.providers.dialects.aws.frames import Frame
from tianji.wire.neutral import Event, Failed, Usage, Used
from tianji.wire.usage import count


class _Payload(Struct):
    bytes: str = ""


class _Metrics(Struct):
    inputTokenCount: int | None = None
    outputTokenCount: int | None = None
    cacheReadInputTokenCount: int | None = None
    cacheWriteInputTokenCount: int | None = None


class _Last(Struct, rename={"metrics": "amazon-bedrock-invocationMetrics"}):
    metrics: _Metrics | None = None


_payload = msgspec.json.Decoder(_Payload)
_last = msgspec.json.Decoder(_Last)


class InvokeDecoder(FrameDecoder):
    """Reads one stream; `inner` reads the vendor's events, which it is given as server-sent ones."""

    def __init__(self, provider: str, inner: Decoder) -> None:
        super().__init__(provider)
        self._inner = inner
        self._counted = False

    def close(self) -> list[Event]:
        """Return what the vendor's reader still held."""
        if self._failed:
            return []
        out = self._inner.close()
        self.complete = self._inner.complete
        return out

    def _frame(self, out: list[Event], frame: Frame) -> None:
        try:
            chunk = base64.b64decode(_payload.decode(frame.payload).bytes, validate=True)
        except binascii.Error:
            raise ValueError("a chunk that is not base64") from None
        if not chunk:
            return
        events = self._inner.feed(b"data: " + chunk + b"\n\n")
        out += events
        self._counted = self._counted or any(isinstance(event, Used) for event in events)
        self._failed = any(isinstance(event, Failed) for event in events)
        if not self._counted and not self._failed and b"amazon-bedrock-invocationMetrics" in chunk:
            self._count(out, chunk)
        self.complete = self._inner.complete

    def _count(self, out: list[Event], chunk: bytes) -> None:
        """Take Bedrock's own count where the vendor's events told none."""
        metrics = _last.decode(chunk).metrics
        if metrics is None or metrics.inputTokenCount is None:
            return
        read, kept = count(metrics.cacheReadInputTokenCount), count(metrics.cacheWriteInputTokenCount)
        usage = Usage(
            metrics.inputTokenCount + read + kept,
            count(metrics.outputTokenCount),
            cache_read_tokens=read,
            cache_write_tokens=kept,
        )
        out.append(Used(usage))
