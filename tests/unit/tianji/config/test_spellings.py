import pytest

from tianji.config.spellings import canonical


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("tianji_params", "litellm_params"),
        ("default_tianji_params", "default_litellm_params"),
        ("proxyllm_settings", "litellm_settings"),
        ("TIANJI_MASTER_KEY", "LITELLM_MASTER_KEY"),
        ("litellm_params", "litellm_params"),
        ("mytianji_params", "mytianji_params"),
        ("tianji", "tianji"),
    ],
)
def test_both_names_mean_one_field(written: str, meant: str) -> None:
    assert canonical(written) == meant
