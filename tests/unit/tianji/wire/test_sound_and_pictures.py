"""What is heard and seen in an answer, in front of clients whose format has no sound or no pictures."""

import pytest

from tianji.wire.chat import ChatFront
from tianji.wire.generate_content import GenerateContentFront
from tianji.wire.messages import MessagesFront
from tianji.wire.neutral import (
    Answer,
    Ask,
    Audio,
    BlockStarted,
    BlockStopped,
    Choice,
    Finished,
    Grew,
    Image,
    Source,
    Started,
)
from tianji.wire.responses import ResponsesFront

FRONTS = [ChatFront(), MessagesFront(), ResponsesFront(), GenerateContentFront()]


@pytest.fixture(params=FRONTS, ids=lambda front: front.name)
def front(request):
    return request.param


def streamed(front, *events):
    encoder = front.encoder(Ask("m", stream=True), model="m")
    return (encoder.encode([Started("i", "m"), *events, Finished("stop")]) + encoder.close()).decode()


def test_what_is_spoken_can_be_read_in_every_format(front):
    sound = Audio(Source(data="AAAA") if front.name == "chat" else Source(), "wav", transcript="spoken")

    assert "spoken" in front.write(Answer(choices=[Choice(blocks=[sound])]), Ask("m")).decode()
    grown = streamed(front, BlockStarted(Audio(Source(), id="a"), 0), Grew(0, "spoken"), BlockStopped(0))
    assert "spoken" in grown


def test_a_picture_with_an_address_can_be_seen_in_every_format(front):
    picture = Image(Source(url="https://p.test/x.png"))

    assert b"https://p.test/x.png" in front.write(Answer(choices=[Choice(blocks=[picture])]), Ask("m"))
    assert "https://p.test/x.png" in streamed(front, BlockStarted(picture, 0), BlockStopped(0))
