from tianji.config import parse, revealed


def test_a_credential_that_is_not_listed_is_a_warning() -> None:
    text = "model_list: [{model_name: a, litellm_params: {model: x/a, litellm_credential_name: east}}]"

    [warning] = map(str, parse(text, "c.yaml", {}).problems)

    assert "model_list[0].litellm_params.litellm_credential_name: credential_list has no east" in warning


def test_a_credential_that_is_given_twice_is_a_warning() -> None:
    one = "  - {credential_name: a, credential_values: {api_key: %s}}\n"

    loaded = parse("credential_list:\n" + one % "x" + one % "y", "c.yaml", {})

    assert [p.message for p in loaded.warnings] == ["a is given twice; this one replaces line 2"]
    assert revealed(loaded.credentials["a"].values) == {"api_key": "y"}


def test_each_of_several_organizations_gets_its_own_deployment() -> None:
    params = "{model: openai/a, organization: [one, two]}"

    loaded = parse(
        f"model_list: [{{model_name: a, litellm_params: {params}, model_info: {{id: x}}}}]", "c.yaml", {}
    )

    assert loaded.problems == []
    assert [(m.params["organization"], m.model_info["id"]) for m in loaded.models] == [
        ("one", "x"),
        ("two", "x-2"),
    ]


def test_an_entry_without_a_name_is_left_out() -> None:
    loaded = parse("model_list: [{litellm_params: {model: x/a}}, {model_name: b}]", "c.yaml", {})

    assert loaded.models == []
    assert len(loaded.errors) == 2
