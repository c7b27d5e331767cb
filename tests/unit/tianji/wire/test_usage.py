import pytest

from tianji.wire.messages import usage as messages
from tianji.wire.neutral import Usage
from tianji.wire.usage import read_chat_usage, write_chat_usage

WHOLE = Usage(
    input_tokens=100,
    output_tokens=50,
    cache_read_tokens=40,
    cache_write_tokens=30,
    cache_write_1h_tokens=10,
    reasoning_tokens=20,
    input_audio_tokens=3,
    output_audio_tokens=4,
    accepted_prediction_tokens=5,
    rejected_prediction_tokens=6,
    web_searches=2,
    cost_usd="0.0123",
)


def test_chat_usage_comes_back_as_it_was_written():
    assert read_chat_usage(write_chat_usage(WHOLE)) == WHOLE


def test_messages_usage_counts_cached_tokens_apart():
    written = messages.write_usage(WHOLE)

    assert (written["input_tokens"], written["cache_read_input_tokens"]) == (30, 40)
    assert messages.read_usage(written).input_tokens == 100


def test_later_usage_of_a_stream_leaves_out_what_stays():
    first = messages.read_usage({"input_tokens": 5, "cache_read_input_tokens": 7, "output_tokens": 1})

    last = messages.read_usage({"output_tokens": 9}, first)

    assert (last.input_tokens, last.cache_read_tokens, last.output_tokens) == (12, 7, 9)


@pytest.mark.parametrize(
    ("raw", "cached"),
    [
        ({"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 4}}, 4),
        ({"prompt_tokens": 9, "prompt_cache_hit_tokens": 4}, 4),
        ({"prompt_tokens": 9, "cache_read_input_tokens": 4}, 4),
        ({"prompt_tokens": 9, "prompt_tokens_details": None}, 0),
        ({"prompt_tokens": "9", "prompt_tokens_details": {"cached_tokens": -4}}, 0),
    ],
)
def test_vendors_tell_of_their_caches_in_several_ways(raw: dict[str, object], cached: int):
    usage = read_chat_usage(raw)

    assert usage is not None
    assert usage.cache_read_tokens == cached


@pytest.mark.parametrize(
    ("cost", "read"), [(0.5, "0.5"), ({"total_cost": 0.25}, "0.25"), (1e-7, "1e-07"), ("x", None)]
)
def test_a_cost_that_the_provider_names_is_kept(cost: object, read: str | None):
    usage = read_chat_usage({"cost": cost})

    assert usage is not None
    assert usage.cost_usd == read
