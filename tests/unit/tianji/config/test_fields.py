import pytest

from tianji.config import parse
from tianji.config.fields import VALUE, Field, table
from tianji.config.kinds import asked_for
from tianji.config.spellings import canonical

FIELDS = [field for section in table().sections.values() for field in section.values()]
VALUES = [field for values in table().values.values() for field in values.values()]
KINDS = {
    "string",
    "name",
    "secret",
    "integer",
    "number",
    "boolean",
    "list",
    "list[string]",
    "mapping",
    "any",
    VALUE,
}


def test_the_table_holds_every_field_of_the_proxies_it_replaces() -> None:
    assert len(FIELDS) > 2_500


def test_every_row_is_well_formed() -> None:
    assert [field for field in FIELDS + VALUES if not well_formed(field)] == []


def well_formed(field: Field) -> bool:
    return (
        all(kind in KINDS or (kind[0] == kind[-1] == "'") for kind in field.kinds)
        and (canonical(field.name) == field.name or field.section == "environment_variables")
        and not (field.status == "works" and field.instead)
        and bool(asked_for(field.kinds))
    )


def test_values_that_are_told_apart_work_or_belong_to_fields_that_do() -> None:
    for (section, name), values in table().values.items():
        states = {value.status for value in values.values()}
        assert table().sections[section][name].status == "works" or states == {"works"}


def test_every_section_is_reached_from_the_top() -> None:
    reached = {"(top)", "environment_variables"}
    while True:
        more = {
            inner
            for section in reached
            for name in table().sections.get(section, {})
            if (inner := table().inner(section, name))
        } - reached
        if not more:
            break
        reached |= more

    # callback_settings has free names of which two are described.
    unreached = {
        section for section in table().sections if not section.startswith("callback_settings.")
    } - reached
    assert unreached == set()


@pytest.mark.parametrize("section", ["litellm_settings", "router_settings", "general_settings"])
def test_every_field_that_does_not_work_yet_is_told_exactly_once(section: str) -> None:
    samples = {
        "string": "x",
        "name": "x",
        "secret": "x",
        "integer": 1,
        "number": 1,
        "boolean": "true",
        "mapping": "{a: 1}",
    }
    later = [field for field in table().sections[section].values() if field.status == "later"]
    described = [field for field in later if table().inner(section, field.name)]
    fields = [field for field in later if field not in described]
    lines = [
        f"  {f.name}: {samples.get(f.kinds[0], f.kinds[0] if f.kinds[0][0] == chr(39) else '[x]')}"
        for f in fields
    ]

    problems = parse("\n".join([f"{section}:", *lines]), "c.yaml", {}).problems

    assert [p.path.rpartition(".")[2] for p in problems] == [field.name for field in fields]
    assert {p.severity for p in problems} == {"warning"}
    assert all("is not supported yet: " in p.message for p in problems)
