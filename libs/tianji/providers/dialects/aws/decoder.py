"""A stream in AWS' frames: what all of them share. What a frame means, dialects say."""

from __future__ import annotations

import msgspec

from tianji.errors import BadRequest
from tianji.providers.dialects.aws.errors import read_failure
from tianji.providers.dialects.aws.frames import Damaged, Frame, Unframer
from tianji.wire.neutral import Event, Failed


class FrameDecoder:
    """Reads a stream of frames; a dialect overrides `_frame`."""

    def __init__(self, provider: str) -> None:
        self.complete = False
        self._provider = provider
        self._unframer = Unframer()
        self._failed = False

    def feed(self, chunk: bytes) -> list[Event]:
        """Return the events that are complete with this chunk."""
        out: list[Event] = []
        if self._failed:
            return out
        try:
            for frame in self._unframer.feed(chunk):
                failure = read_failure(self._provider, frame)
                if failure is not None:
                    self._failed = True
                    out.append(failure)
                    break
                self._frame(out, frame)
        except Damaged as damage:
            self._fail(out, f"a damaged stream: {damage}")
        except (msgspec.DecodeError, ValueError, RecursionError, BadRequest):
            self._fail(out, "an event that cannot be read")
        return out

    def close(self) -> list[Event]:
        """Return what was still held: half a frame tells nothing."""
        return []

    def _frame(self, out: list[Event], frame: Frame) -> None:
        """Read one frame of the answer; may raise ValueError or BadRequest for one that makes no sense."""
        raise NotImplementedError

    def _fail(self, out: list[Event], message: str) -> None:
        self._failed = True
        out.append(Failed(f"{self._provider}: {message}"))
