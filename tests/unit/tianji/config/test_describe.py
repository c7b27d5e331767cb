from pathlib import Path

from tianji.config.describe import reference
from tianji.config.fields import table

ROOT = Path(__file__).parents[4]


def test_the_reference_in_the_docs_is_the_table_of_today() -> None:
    written = (ROOT / "docs" / "reference" / "config-fields.md").read_text("utf-8")

    assert written == reference(table()), (
        "run: python -m tianji.config.describe > docs/reference/config-fields.md"
    )
