from tianji.config import parse, revealed

CONFIG = """\
general: {master_key: sk-1}
router: {routing_strategy: simple, num_retries: 3, timeout: 60, enable_cooldowns: false}
database: {url: postgres://h/d}
model_list: [{model_name: a, litellm_params: {model: openai/a, api_key: "${KEY}"}}]
"""


def test_its_sections_become_litellms() -> None:
    loaded = parse(CONFIG, "c.yaml", {"KEY": "sk-2"})

    assert loaded.problems == []
    assert revealed(loaded.general_settings) == {"master_key": "sk-1", "database_url": "postgres://h/d"}
    assert loaded.router_settings == {
        "num_retries": 3,
        "timeout": 60,
        "routing_strategy": "simple-shuffle",
        "disable_cooldowns": True,
    }
    assert loaded.other == {}


def test_its_cache_becomes_cache_params() -> None:
    loaded = parse("cache: {mode: redis, redis_url: redis://h, ttl: 60}", "c.yaml", {})

    assert [p.path for p in loaded.warnings] == ["cache"]
    assert revealed(loaded.litellm_settings) == {
        "cache": True,
        "cache_params": {"type": "redis", "url": "redis://h", "ttl": 60},
    }


def test_what_litellms_layout_says_goes_first() -> None:
    loaded = parse("router: {num_retries: 3, timeout: 5}\nrouter_settings: {num_retries: 1}", "c.yaml", {})

    assert loaded.router_settings == {"num_retries": 1, "timeout": 5}


def test_a_strategy_that_is_not_there_yet_is_a_warning() -> None:
    loaded = parse("router: {routing_strategy: cost_optimized}", "c.yaml", {})

    assert [p.message for p in loaded.warnings] == [
        "the value cost_optimized is not supported yet: simple-shuffle is used"
    ]
    assert loaded.router_settings == {"routing_strategy": "cost-based-routing"}
