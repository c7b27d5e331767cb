from __future__ import annotations

import datetime
import tracemalloc

import pytest

from tianji.pricing.catalog import BadPriceTable, Catalog
from tianji.pricing.seed import table_from

DAY = datetime.date(2026, 1, 2)


def table(*names: str) -> bytes:
    return table_from(
        {name: {"litellm_provider": "p", "input_cost_per_token": 1e-6} for name in names}, DAY, "s"
    )


def test_every_name_of_the_shipped_table_is_found_under_itself():
    catalog = Catalog.load()

    names = list(catalog.names())

    assert len(names) > 4000
    assert names == sorted(names, key=str.encode)
    for name in names[::37] + names[:2] + names[-2:]:
        entry = catalog.find(name)
        assert entry is not None and entry.model == name


def test_every_shipped_entry_can_be_decoded():
    catalog = Catalog.load()

    assert all(catalog.find(name) for name in catalog.names())


@pytest.mark.parametrize("name", ["", "!", "~~~", "gpt-4", "gpt-4o-nothing", 'a"b', "a\nb", "é"])
def test_only_exact_names_are_found(name):
    found = Catalog.load().find(name)

    assert (found.model if found else None) == ("gpt-4" if name == "gpt-4" else None)


def test_the_version_holds_the_digest_of_the_entries():
    catalog = Catalog.load()

    assert catalog.version.rsplit("-", 1)[1] == catalog.digest()
    assert catalog.source.startswith("litellm ")


@pytest.mark.parametrize("names", [(), ("b",), ("b", "d"), ("b", "d", "f", "h")])
def test_small_tables_are_searched_to_both_ends(names):
    catalog = Catalog(table(*names))

    assert tuple(catalog.names()) == names
    assert [bool(catalog.find(name)) for name in "abcdefghi"] == [name in names for name in "abcdefghi"]


def test_names_are_listed_by_prefix():
    catalog = Catalog(table("a/x", "b/x", "b/y", "c"))

    assert list(catalog.names("b/")) == ["b/x", "b/y"]
    assert list(catalog.names("z")) == []


@pytest.mark.parametrize("damaged", [b"", b"\n", b"{}\n", b"not json\n", b'{"version":1}\n'])
def test_a_file_that_is_no_table_is_refused(damaged, tmp_path):
    path = tmp_path / "prices.jsonl"
    path.write_bytes(damaged)

    with pytest.raises(BadPriceTable):
        Catalog.load(path)


def test_a_damaged_line_is_named_as_such():
    catalog = Catalog(table("a", "b") + b"junk\n")

    with pytest.raises(BadPriceTable):
        list(catalog.names())


def test_an_open_table_takes_next_to_no_memory():
    Catalog.load().find("gpt-4o")
    tracemalloc.start()
    try:
        catalog = Catalog.load()
        catalog.find("gpt-4o")
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert held < 50_000
    assert peak < 100_000
