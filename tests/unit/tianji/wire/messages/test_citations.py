"""Citations of other providers in front of Anthropic's clients, and on their way back."""

import json

import msgspec

from tianji.providers.dialects.anthropic.foreign import without_foreign
from tianji.wire.messages import MessagesFront
from tianji.wire.neutral import (
    Answer,
    Ask,
    BlockStarted,
    BlockStopped,
    Choice,
    Finished,
    Grew,
    Started,
    Text,
)

PAGE = {"url": "https://a.test", "title": "A", "start_index": 3, "end_index": 7}
NOTE = {"type": "url_citation", "url_citation": PAGE}
OWN = {"type": "char_location", "cited_text": "x", "document_index": 0}
WRITTEN = {
    "type": "web_search_result_location",
    "url": "https://a.test",
    "title": "A",
    "cited_text": "rain",
    "encrypted_index": "",
}
FILE = {"type": "file_citation", "file_id": "f"}


def test_pages_that_another_provider_cites_are_results_of_a_search():
    answer = Answer(choices=[Choice(blocks=[Text("It rains", [NOTE, OWN, FILE])])])

    (block,) = json.loads(MessagesFront().write(answer, Ask("m")))["content"]

    assert block["citations"] == [WRITTEN, OWN]


def test_a_stream_tells_them_as_they_come():
    events = [
        Started("a", "m"),
        BlockStarted(Text("It "), 0),
        Grew(0, "rains"),
        Grew(0, citation=NOTE),
        Grew(0, citation=FILE),
        BlockStopped(0),
        BlockStarted(Text("", [NOTE]), 1),
        BlockStopped(1),
        Finished("stop"),
    ]
    encoder = MessagesFront().encoder(Ask("m"), model="m")

    raw = (encoder.encode(events) + encoder.close()).decode()

    deltas = [json.loads(line[6:]).get("delta", {}) for line in raw.splitlines() if line.startswith("data: ")]
    cited = [delta["citation"] for delta in deltas if delta.get("type") == "citations_delta"]
    assert cited == [WRITTEN, {**WRITTEN, "cited_text": ""}]


def conversation(*citations):
    said = {"role": "assistant", "content": [{"type": "text", "text": "It rains", "citations": [*citations]}]}
    return [{"role": "user", "content": "q"}, said, {"role": "user", "content": "more"}]


def test_they_are_annotations_again_when_they_come_back():
    body = {"model": "m", "max_tokens": 9, "messages": conversation(WRITTEN, OWN)}

    ask = MessagesFront().read(msgspec.json.decode(msgspec.json.encode(body), type=dict[str, msgspec.Raw]))

    first, second = ask.turns[1].blocks[0].citations
    assert (first["type"], first["url_citation"]["url"]) == ("url_citation", "https://a.test")
    assert second == OWN


def test_they_are_kept_from_anthropic_which_knows_no_such_search():
    raw = msgspec.Raw(msgspec.json.encode(conversation(WRITTEN, OWN)))

    (said,) = json.loads(bytes(without_foreign(raw)))[1]["content"]

    assert said["citations"] == [OWN]
