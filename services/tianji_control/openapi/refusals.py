"""What paths answer when they refuse: one shape for errors, another for wrong fields."""

from __future__ import annotations

from msgspec import Struct

from tianji_control.call import Guarded, Open
from tianji_control.envelope import Fault
from tianji_control.openapi.schemas import Schema


class ErrorBody(Struct):
    """What was wrong, and what to do; `code` is the status, or a name for the error."""

    message: str
    type: str
    code: str
    param: str | None


class Refusal(Struct):
    """The body of every refusal but that of wrong fields."""

    error: ErrorBody


class WrongFieldsBody(Struct):
    """The body of a refusal for fields that are missing or wrong."""

    detail: list[Fault]


_WORDS = {
    400: "Something that is asked for is not possible; the message says what.",
    401: "No key, or one that is unknown, expired or blocked.",
    403: "This caller may not do this.",
    404: "There is no such object.",
    409: "It is there already, or a request with the same Idempotency-Key is under way.",
    412: "The object is not at the version that If-Match names.",
    413: "The body is too large.",
    422: "Fields are missing or wrong.",
    500: "The control plane failed; its log says why.",
    501: "Something that is asked for is not there yet; the message says what.",
    502: "Another service, which this asks, did not do it; the message says what it answered.",
    503: "A server that this needs is away.",
}


def responses() -> Schema:
    """Return the components that operations refer to."""
    error = {"$ref": "#/components/schemas/Refusal"}
    fields = {"anyOf": [{"$ref": "#/components/schemas/WrongFieldsBody"}, error]}
    return {
        f"Status{status}": {
            "description": words,
            "content": {"application/json": {"schema": fields if status == 422 else error}},
        }
        for status, words in _WORDS.items()
    }


def refusals(route: Guarded) -> Schema:
    """Say which refusals a path may answer with."""
    statuses = {401, 403, 500, 503, *route.refuses}
    if route.body is not None or route.query is not None or route.param_convertors:
        statuses |= {400, 404, 422}
    if route.body is not None:
        statuses |= {409, 413, 501}
    if route.conditional:
        statuses |= {400, 412}
    if route.once:
        statuses |= {400, 409, 422}
    return _references(statuses)


def open_refusals(route: Open) -> Schema:
    """Say which refusals a path that needs no key may answer with."""
    return _references({400, 401, 413, 422, 500, 503} if route.body or route.query else set())


def _references(statuses: set[int]) -> Schema:
    return {str(status): {"$ref": f"#/components/responses/Status{status}"} for status in sorted(statuses)}
