"""The price table in LiteLLM's words: read back, it is the same table."""

from __future__ import annotations

from tianji.pricing.catalog import shipped
from tianji.pricing.packed import pack, unpack
from tianji.pricing.seed import entry_from
from tianji.pricing.told import fields_of


def test_every_entry_of_the_table_is_told_so_that_it_reads_back_the_same() -> None:
    wrong = [
        entry.model
        for entry in shipped().entries()
        if entry_from(entry.model, fields_of(entry)).rates != entry.rates
    ]
    assert wrong == []


def test_a_packed_table_opens_as_it_was() -> None:
    table = b'{"version":"1","source":"here"}\n{"model":"m","provider":"p","rates":{"input":"1e-6"}}\n'
    entry = unpack(pack(table)).find("m")
    assert entry is not None and entry.rates["input"] * 1_000_000 == 1
