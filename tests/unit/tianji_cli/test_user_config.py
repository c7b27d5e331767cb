"""What `tianji up` takes from a user's config file."""

from __future__ import annotations

import pytest

from tianji.errors import BadRequest
from tianji_cli.home import Home
from tianji_cli.user_config import settle_config


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path)
    with home.held():
        yield home


def test_keys_and_database_come_from_the_file(home, tmp_path):
    file = tmp_path / "proxy_config.yaml"
    file.write_text(
        "general_settings:\n  master_key: os.environ/ADMIN\n  database_url: postgresql://u:p@db/t\n"
    )

    config = settle_config(str(file), home, {"ADMIN": "sk-1234"})

    assert (config.file, config.master_key) == (file, "sk-1234")
    assert config.database_url == "postgresql://u:p@db/t"
    assert "sk-1234" not in repr(config)


def test_every_fault_of_the_file_is_named_at_once(home, tmp_path):
    file = tmp_path / "proxy_config.yaml"
    file.write_text("model_list: 3\ngeneral_settings: 4\n")

    with pytest.raises(BadRequest, match=r"(?s)cannot be used.*:1:.*model_list.*:2:.*general_settings"):
        settle_config(str(file), home, {})


def test_without_a_file_the_default_config_is_written(home):
    assert "mock_response" in settle_config(None, home, {}).file.read_text()
