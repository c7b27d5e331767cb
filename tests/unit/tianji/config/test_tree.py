import pytest

from tianji.config.problems import Problems
from tianji.config.tree import Node, read_yaml


def read(text: str) -> tuple[Node | None, list[str]]:
    problems = Problems()
    return read_yaml(text, "c.yaml", problems), [str(problem) for problem in problems.listed()]


def plain(node: Node) -> object:
    if isinstance(node.value, dict):
        return {name: plain(entry.node) for name, entry in node.value.items()}
    return [plain(item) for item in node.value] if isinstance(node.value, list) else node.value


def test_every_value_knows_its_place() -> None:
    root, _ = read("a:\n  - b: 1\n    c: text\n")

    assert root is not None
    entry = root.entries["a"].node.value[0].entries["c"]
    assert (entry.place.line, entry.place.column) == (3, 5)
    assert (entry.node.place.line, entry.node.place.column) == (3, 8)


def test_anchors_and_merge_keys_work() -> None:
    root, problems = read("x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}\nz: {<<: [{a: 4}, *x]}\n")

    assert root is not None
    assert plain(root) == {"x": {"a": 1, "b": 2}, "y": {"a": 1, "b": 3}, "z": {"a": 4, "b": 2}}
    assert problems == []


def test_a_name_that_is_given_twice_is_a_warning() -> None:
    root, problems = read("a: {b: 1,\n b: 2}\n")

    assert root is not None
    assert plain(root) == {"a": {"b": 2}}
    assert problems == ["c.yaml:2:2: warning: a.b: given twice; this one replaces that of line 1"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: !!python/object/apply:os.system [x]", "is not supported"),
        ("a: !env X", "is not supported"),
        ("a: !!int x", "is not a valid int"),
        ("[1]: 2", "must be plain text"),
        ("<<: 5", "can only merge mappings"),
        ("a: &a [*a]", "an anchor holds itself"),
        ("a: " + "[" * 500 + "]" * 500, "nested"),
    ],
)
def test_what_no_config_needs_is_an_error(text: str, words: str) -> None:
    _, problems = read(text)

    assert len(problems) == 1
    assert words in problems[0]


def test_a_few_lines_that_stand_for_billions_of_values_are_refused() -> None:
    layers = [f"l{at}: &l{at} [{', '.join([f'*l{at - 1}'] * 9)}]" for at in range(1, 9)]

    _, problems = read("\n".join(["l0: &l0 [x, x, x, x, x, x, x, x, x]", *layers]))

    assert "once anchors are followed" in problems[0]


def test_a_date_that_is_none_is_text() -> None:
    root, problems = read("a: 2024-13-45")

    assert root is not None
    assert plain(root) == {"a": "2024-13-45"}
    assert problems == []
