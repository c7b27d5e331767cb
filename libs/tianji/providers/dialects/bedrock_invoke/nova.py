"""Amazon's Nova behind InvokeModel: Converse's form but for some fields and the stream's envelope."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tianji.providers._params import Params
from tianji.providers.dialects.converse import request
from tianji.providers.dialects.converse.model import Model
from tianji.providers.dialects.converse.stream import ConverseEvents
from tianji.providers.dialects.events import EventDecoder
from tianji.wire.neutral import Ask, Event
from tianji.wire.sse import ServerEvent, Splitter
from tianji.wire.values import Object

_KINDS = (
    "messageStart",
    "contentBlockStart",
    "contentBlockDelta",
    "contentBlockStop",
    "messageStop",
    "metadata",
)
_OWN = "additionalModelRequestFields"


def write(ask: Ask, model: Model, params: Params) -> tuple[Object, list[str]]:
    """Return the body of a request: what Converse takes apart as the vendor's own stands at the top here."""
    body, changed = request.write(ask, model, params)
    own = body.pop(_OWN, {})
    inference = body.pop("inferenceConfig", {}) | own.pop("inferenceConfig", {})
    if "reasoningConfig" in own:
        inference["reasoningConfig"] = own.pop("reasoningConfig")
    if inference:
        body["inferenceConfig"] = inference
    return {"schemaVersion": "messages-v1", **body, **own}, changed


class NovaDecoder(EventDecoder):
    """Reads one stream."""

    def __init__(self, provider: str, model: str, names: Mapping[str, str], *, emulated: bool) -> None:
        super().__init__(provider, Splitter())
        self._events = ConverseEvents(model, names, emulated=emulated)

    def _event(self, out: list[Event], event: ServerEvent) -> None:
        told = msgspec.json.decode(event.data, type=dict[str, msgspec.Raw])
        for kind in _KINDS:
            if kind in told:
                self._events.read(out, kind, bytes(told[kind]))
        self.complete = self._events.stopped and self._events.counted
