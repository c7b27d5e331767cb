from __future__ import annotations

import datetime
import json
from decimal import Decimal as D

import pytest

from tianji.pricing.catalog import Catalog
from tianji.pricing.seed import entry_from, main, table_from
from tianji.pricing.spellings import amount, limit_from, rates_from

DAY = datetime.date(2026, 1, 2)


@pytest.mark.parametrize(
    ("field", "key"),
    [
        ("input_cost_per_token", "input"),
        ("output_cost_per_token_batches", "output@batch"),
        ("input_cost_per_token_above_200k_tokens", "input>200000"),
        ("input_cost_per_token_above_128_tokens", "input>128"),
        ("cache_read_input_token_cost_above_272k_tokens_priority", "cache_read>272000@priority"),
        ("input_cost_per_token_priority_above_200k_tokens", "input>200000@priority"),
        ("cache_creation_input_token_cost", "cache_write"),
        ("cache_creation_input_token_cost_above_1hr", "cache_write_1h"),
        ("cache_creation_input_token_cost_above_1hr_above_200k_tokens", "cache_write_1h>200000"),
        ("output_cost_per_reasoning_token", "reasoning"),
        ("input_cost_per_audio_token", "input_audio"),
        ("output_cost_per_image", "output_image"),
        ("output_cost_per_image_4K", "output_image_4k"),
        ("output_cost_per_second_1080p", "output_second_1080p"),
        ("input_cost_per_character", "input_character"),
        ("input_cost_per_query", "input_query"),
        ("input_cost_per_video_per_second", "input_video_per_second"),
        ("input_cost_per_token_cache_hit", "cache_read"),
        ("ocr_cost_per_page", "page"),
    ],
)
def test_litellm_price_fields_have_a_key_of_ours(field, key):
    assert rates_from({field: 0.5}) == {key: D("0.5")}


@pytest.mark.parametrize(
    "field",
    ["max_tokens", "input_dbu_cost_per_token", "input_cost_per_video_per_second_above_8s_interval", ""],
)
def test_other_fields_are_no_prices(field):
    assert rates_from({field: 1}) == {}


def test_search_prices_and_tiered_prices_are_read():
    fields = {
        "search_context_cost_per_query": {"search_context_size_low": 0.01, "search_context_size_high": 0.03},
        "tiered_pricing": [
            {"range": [0, 256000.0], "input_cost_per_token": 5e-08},
            {"range": [256000.0, 1e6], "input_cost_per_token": 2.5e-07},
            {"max_results_range": [0, 5], "input_cost_per_query": 1},
        ],
    }

    assert rates_from(fields) == {
        "search_low": D("0.01"),
        "search_high": D("0.03"),
        "input": D("5e-8"),
        "input>256000": D("2.5e-7"),
    }


def test_a_provider_that_bills_from_the_threshold_on_starts_its_band_one_token_earlier():
    entry = entry_from("xai/grok", {"litellm_provider": "xai", "input_cost_per_token_above_128k_tokens": 1})

    assert list(entry.rates) == ["input>127999"]


@pytest.mark.parametrize("junk", [True, None, "free", -1, float("nan"), float("inf"), [], {}, "-0.1"])
def test_what_is_no_amount_is_no_price(junk):
    assert amount(junk) is None
    assert rates_from({"input_cost_per_token": junk}) == {}


@pytest.mark.parametrize(
    ("value", "exact"),
    [(2.5e-06, "0.0000025"), ("1e-6", "0.000001"), (0, "0"), (6.6000000000000005e-07, "6.6e-7")],
)
def test_amounts_are_exact_and_free_of_float_noise(value, exact):
    assert amount(value) == D(exact)


@pytest.mark.parametrize("junk", [True, "8k", 0, -5, float("nan"), float("inf")])
def test_what_is_no_limit_is_none(junk):
    assert limit_from({"max_tokens": junk}, "max_tokens") is None


def test_a_file_becomes_a_table_of_the_same_facts(tmp_path, capsys):
    source, made = tmp_path / "in.json", tmp_path / "out.jsonl"
    source.write_text(
        json.dumps(
            {
                "sample_spec": {"mode": "one of: chat"},
                "ours/large": {
                    "litellm_provider": "ours",
                    "mode": "chat",
                    "max_input_tokens": 1000,
                    "max_tokens": 200,
                    "input_cost_per_token": 1.5e-7,
                    "output_cost_per_image": 0.04,
                    "supports_vision": True,
                    "supports_reasoning": False,
                    "deprecation_date": "2027-01-01",
                },
                'bad"name': {"litellm_provider": "ours"},
            }
        )
    )

    assert main([str(source), str(made), "--source", "ours 1"]) == 0

    catalog = Catalog.load(made)
    entry = catalog.find("ours/large")
    assert entry is not None
    assert list(catalog.names()) == ["ours/large"]
    assert (entry.max_input, entry.max_output, entry.retires) == (1000, 200, "2027-01-01")
    assert entry.rates == {"input": D("0.15e-6"), "output_image": D("0.04")}
    assert (entry.has, entry.lacks) == (["vision"], ["reasoning"])
    assert catalog.source == "ours 1"
    assert catalog.version in capsys.readouterr().out
    assert b'"input":"0.15e-6"' in made.read_bytes()


def test_the_order_of_the_source_does_not_change_the_table():
    models = {name: {"litellm_provider": "p"} for name in ("b", "a", "B/c")}

    assert table_from(models, DAY, "s") == table_from(dict(reversed(models.items())), DAY, "s")
