import json
from pathlib import Path

from click.testing import CliRunner

from tianji_cli.verbs.check import command

GOOD = "model_list: [{model_name: a, litellm_params: {model: openai/a, mock_response: hi}}]\n"


def run(tmp_path: Path, text: str, *options: str) -> tuple[int, str]:
    config = tmp_path / "c.yaml"
    config.write_text(text)
    result = CliRunner().invoke(command, [str(config), *options])
    return result.exit_code, result.stdout.replace(f"{tmp_path}/", "")


def test_a_good_config_can_be_used(tmp_path: Path) -> None:
    assert run(tmp_path, GOOD) == (0, "c.yaml can be used: 0 errors, 0 warnings, 1 model\n")


def test_warnings_alone_leave_status_0_unless_strict(tmp_path: Path) -> None:
    text = GOOD + "litellm_settings: {cache: true}\n"

    status, output = run(tmp_path, text)

    assert status == 0
    assert output == (
        "c.yaml:2:20: warning: litellm_settings.cache: is not supported yet: no answer is cached\n"
        "c.yaml can be used: 0 errors, 1 warning, 1 model\n"
    )
    assert run(tmp_path, text, "--strict")[0] == 1


def test_errors_end_with_status_1_and_are_all_there(tmp_path: Path) -> None:
    status, output = run(tmp_path, "model_list: [{model_name: 1}, 2]\n")

    assert status == 1
    assert output.count(": error: ") == 3
    assert output.endswith("c.yaml cannot be used: 3 errors, 0 warnings, 0 models\n")


def test_json_holds_the_same(tmp_path: Path) -> None:
    status, output = run(tmp_path, GOOD + "router_settings: {timeout: soon}", "--json")

    report = json.loads(output)
    assert status == 1
    assert (report["usable"], report["errors"], report["models"]) == (False, 1, 1)
    assert report["problems"] == [
        {
            "severity": "error",
            "file": "c.yaml",
            "line": 2,
            "column": 28,
            "path": "router_settings.timeout",
            "message": "must be a number, not text",
        }
    ]


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, [str(tmp_path / "none.yaml")])

    assert result.exit_code == 1
    assert "the file cannot be read" in result.stdout
