import re
from pathlib import Path

import pytest

from tianji.config import parse

PAGE = (Path(__file__).parents[4] / "docs" / "configuration.md").read_text("utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.splitlines()[0])
def test_an_example_of_the_docs_loads(example: str) -> None:
    names = dict.fromkeys(re.findall(r"os\.environ/(\w+)", example), "x")

    loaded = parse(example, "c.yaml", names)

    assert loaded.problems == []
    assert loaded.models
