"""Requests into Structs, and what is said of wrong fields."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from tianji.errors import BadRequest
from tianji_control.decode import body_of, query_of
from tianji_control.envelope import WrongFields
from tianji_control.resources.keys.fields import KeyFields


class Inner(msgspec.Struct):
    role: str


class Body(msgspec.Struct):
    name: str
    count: int = 1
    inner: list[Inner] = []
    note: str | None = "unset"


def test_fields_are_read() -> None:
    assert body_of(b'{"name":"n","count":"3","note":null}', Body, "/x") == Body("n", 3, [], None)


def test_null_means_the_default_where_null_is_no_value() -> None:
    assert body_of(b'{"name":"n","count":null,"inner":null}', Body, "/x") == Body("n")


def test_an_empty_body_is_an_empty_object() -> None:
    with pytest.raises(WrongFields) as wrong:
        body_of(b"", Body, "/x")
    assert wrong.value.faults[0].loc == ["body", "name"]


@pytest.mark.parametrize(
    ("raw", "loc", "type"),
    [
        (b'{"name":1}', ["body", "name"], "string_type"),
        (b'{"name":"n","count":"x"}', ["body", "count"], "int_type"),
        (b'{"name":"n","inner":{}}', ["body", "inner"], "list_type"),
        (b'{"name":"n","inner":[{"role":"a"},{}]}', ["body", "inner", 1], "value_error"),
        (b'{"name":"n","inner":[{"role":5}]}', ["body", "inner", 0, "role"], "string_type"),
        (b"[]", ["body"], "model_attributes_type"),
    ],
)
def test_a_wrong_field_is_located(raw: bytes, loc: list[Any], type: str) -> None:
    with pytest.raises(WrongFields) as wrong:
        body_of(raw, Body, "/x")
    [fault] = wrong.value.faults
    assert (fault.loc, fault.type) == (loc, type)


@pytest.mark.parametrize("raw", [b"{", b"\xff", b'{"a":1,}', b"nul"])
def test_what_is_no_json_is_a_bad_request(raw: bytes) -> None:
    with pytest.raises(BadRequest):
        body_of(raw, Body, "/x")


def test_a_query_is_read_from_text() -> None:
    assert query_of({"name": "n", "count": "7"}, Body, "/x") == Body("n", 7)


def test_a_list_in_a_query_has_each_value_of_its_name() -> None:
    class Chosen(msgspec.Struct):
        names: list[str] = []
        last: str = ""

    assert query_of(QueryParams("names=a&names=b&last=x&last=y"), Chosen, "/x") == Chosen(["a", "b"], "y")
    assert query_of(QueryParams("last=x"), Chosen, "/x") == Chosen([], "x")
    with pytest.raises(BadRequest):
        query_of(QueryParams("names=%00&names=b"), Chosen, "/x")


@given(
    st.binary(max_size=60)
    | st.dictionaries(
        st.sampled_from(list(KeyFields.__struct_fields__)),
        st.none() | st.integers() | st.text() | st.lists(st.integers()),
    ).map(msgspec.json.encode)
)
def test_any_body_is_read_or_refused(raw: bytes) -> None:
    try:
        body_of(raw, KeyFields, "/x")
    except (BadRequest, WrongFields) as refused:
        assert refused.status in (400, 422)
