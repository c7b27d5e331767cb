from pathlib import Path

from tianji.config import Loaded, load, parse


def written(folder: Path, **files: str) -> Loaded:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return load(folder / "main.yaml", {})


MODEL = "model_list: [{model_name: %s, litellm_params: {model: openai/x}}]\n"


def test_lists_of_an_included_file_are_added(tmp_path: Path) -> None:
    loaded = written(tmp_path, main="include: [more.yaml]\n" + MODEL % "a", more=MODEL % "b")

    assert [model.model_name for model in loaded.models] == ["a", "b"]
    assert loaded.models[1].place.file == str(tmp_path / "more.yaml")
    assert loaded.documents == [tmp_path / "main.yaml", tmp_path / "more.yaml"]
    assert loaded.problems == []


def test_other_sections_of_an_included_file_replace_with_a_warning(tmp_path: Path) -> None:
    loaded = written(
        tmp_path,
        main="router_settings: {num_retries: 1, timeout: 3}\ninclude: [more.yaml]\n",
        more="router_settings: {num_retries: 2}\n",
    )

    assert loaded.router_settings == {"num_retries": 2}
    [warning] = loaded.warnings
    assert warning.message == f"this file's router_settings replaces that of {tmp_path}/main.yaml:1"


def test_spellings_are_one_across_files(tmp_path: Path) -> None:
    loaded = written(
        tmp_path,
        main="tianji_settings: {drop_params: true}\ninclude: [more.yaml]\n",
        more="litellm_settings: {num_retries: 2}\n",
    )

    assert loaded.litellm_settings == {"num_retries": 2}


def test_included_files_include_from_their_own_folder(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "c.yaml").write_text(MODEL % "c")
    (tmp_path / "sub" / "b.yaml").write_text("include: [c.yaml]\n" + MODEL % "b")

    loaded = written(tmp_path, main="include: [sub/b.yaml]\n" + MODEL % "a", c=MODEL % "wrong")

    assert [model.model_name for model in loaded.models] == ["a", "b", "c"]


def test_a_name_that_only_the_first_folder_has_is_found_there(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.yaml").write_text("include: [c.yaml]\n" + MODEL % "b")

    loaded = written(tmp_path, main="include: [sub/b.yaml]\n" + MODEL % "a", c=MODEL % "c")

    assert [model.model_name for model in loaded.models] == ["a", "b", "c"]


def test_files_come_in_breadth_first(tmp_path: Path) -> None:
    loaded = written(
        tmp_path,
        main="include: [b.yaml, c.yaml]\n" + MODEL % "a",
        b="include: [d.yaml]\n" + MODEL % "b",
        c=MODEL % "c",
        d=MODEL % "d",
    )

    assert [model.model_name for model in loaded.models] == ["a", "b", "c", "d"]


def test_a_file_that_is_not_there_is_an_error_at_its_mention(tmp_path: Path) -> None:
    loaded = written(tmp_path, main="include:\n  - gone.yaml\n  - 5\n  - .\n" + MODEL % "a")

    assert [(p.line, p.path) for p in loaded.errors] == [
        (2, "include[0]"),
        (3, "include[1]"),
        (4, "include[2]"),
    ]
    assert loaded.errors[0].message == f"there is no file {tmp_path}/gone.yaml"


def test_a_name_that_no_file_can_have_is_an_error(tmp_path: Path) -> None:
    loaded = written(tmp_path, main=f'include: ["{"x" * 5000}", "a\\0b"]')

    assert [p.path for p in loaded.errors] == ["include[0]", "include[1]"]
    assert load(tmp_path / ("x" * 5000), {}).errors
    assert load(tmp_path / "a\0b", {}).errors


def test_a_circle_of_includes_is_an_error(tmp_path: Path) -> None:
    loaded = written(tmp_path, main="include: [b.yaml]\n" + MODEL % "a", b="include: [main.yaml]\n")

    assert [p.message for p in loaded.errors] == [f"{tmp_path}/main.yaml includes itself"]


def test_a_file_that_two_others_include_comes_in_once(tmp_path: Path) -> None:
    loaded = written(
        tmp_path,
        main="include: [b.yaml, c.yaml]",
        b="include: [d.yaml]",
        c="include: [d.yaml]",
        d=MODEL % "d",
    )

    assert loaded.problems == []
    assert [model.model_name for model in loaded.models] == ["d"]


def test_one_name_need_not_be_a_list(tmp_path: Path) -> None:
    loaded = written(tmp_path, main="include: more.yaml", more=MODEL % "b")

    assert [model.model_name for model in loaded.models] == ["b"]


def test_a_text_cannot_include_files() -> None:
    [error] = parse("include: [/etc/hostname]", "c.yaml", {}).errors

    assert error.message == "only a config file can include others"
