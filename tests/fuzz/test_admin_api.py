"""The control plane keeps to its own description, whatever it is sent: no 500, no answer of another shape."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks as openapi_checks

from tianji_control.openapi.document import document
from tianji_control.routes import ROUTES

DOCUMENT = msgspec.json.decode(msgspec.json.encode(document(ROUTES)))
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
CHECKS = [
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
]
QUICK_SHARE = 8
"""Of so many paths a quick look takes one."""
QUICK_EXAMPLES = 3
TIMEOUT_S = 30
NOT_THERE_YET = 501
ASKS_OTHERS = {"/cloudzero/export", "/spend/capture_rate", "/vantage/export"}
"""Paths that other services have a say in: 502 where they do not answer, 503 without a key for them."""


def operations() -> list[Any]:
    """Return the operations of the control plane; the gateway's are described here, but not served."""
    found = (result.ok() for result in SCHEMA.get_all_operations())
    ours = [operation for operation in found if "inference" not in operation.tags]
    return sorted(ours, key=lambda operation: str(operation.label))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Take every path, or for a quick look some of them."""
    step = 1 if metafunc.config.getoption("--fuzz", default=0) else QUICK_SHARE
    metafunc.parametrize("operation", operations()[::step], ids=lambda operation: operation.label)
    metafunc.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)


def test_every_path_keeps_to_its_description(
    target: Any, examples: int, operation: Any, mode: GenerationMode
) -> None:
    @settings(
        max_examples=examples or QUICK_EXAMPLES,
        derandomize=not examples,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def keeps(case: Any) -> None:
        response = case.call(base_url=target.url, session=target.session, timeout=TIMEOUT_S)
        others = (502, 503) if operation.path in ASKS_OTHERS else ()
        fine = response.status_code < 500 or response.status_code in (NOT_THERE_YET, *others)
        assert fine, response.text
        case.validate_response(response, checks=CHECKS)

    try:
        keeps()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # what takes nothing cannot be asked wrongly
    assert target.troubles() == []
