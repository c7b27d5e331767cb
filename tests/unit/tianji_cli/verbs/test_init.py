from pathlib import Path

from click.testing import CliRunner

from tianji.config import load, parse
from tianji_cli.verbs.init import command, starter


def test_the_starter_config_loads_without_a_word(tmp_path: Path) -> None:
    config = tmp_path / "proxy_config.yaml"

    result = CliRunner().invoke(command, [str(config)])

    assert result.exit_code == 0
    loaded = load(config, {})
    assert loaded.problems == []
    assert [model.model_name for model in loaded.models] == ["hello"]


def test_what_the_starter_config_offers_in_comments_works_too() -> None:
    lines = [
        line.replace("# ", "", 1) if line.lstrip().startswith("# ") else line
        for line in starter().splitlines()
    ]
    offered = [line for line in lines if line.strip() and not _prose(line)]
    names = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "AZURE_API_KEY", "AZURE_API_BASE", "TIANJI_MASTER_KEY")

    loaded = parse("\n".join(offered[: offered.index("include:")]), "c.yaml", dict.fromkeys(names, "x"))

    assert loaded.problems == []
    assert len(loaded.models) == 6


def _prose(line: str) -> bool:
    """Tell a sentence from YAML: it starts with a capital, or has no colon near its first word."""
    return line.lstrip()[0].isupper() or line.lstrip().startswith("#")


def test_a_file_that_is_there_is_left_alone_unless_forced(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("mine")

    refused = CliRunner().invoke(command, [str(config)])

    assert refused.exit_code == 1
    assert "--force" in refused.stderr
    assert config.read_text() == "mine"
    assert CliRunner().invoke(command, [str(config), "--force"]).exit_code == 0
    assert config.read_text() == starter()


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, [str(tmp_path / "none" / "c.yaml")])

    assert result.exit_code == 1
    assert "cannot be written" in result.stderr
