"""Guards content. No guardrail can run yet: what does not ask for one passes, what does is refused."""

from __future__ import annotations

from tianji.errors import NotImplementedYet
from tianji_gateway.flow.receive import Inference, value_of


def guard(inference: Inference) -> None:
    """Let a request pass that names no guardrail. Raises NotImplementedYet for one that does.

    To answer it unguarded would tell the caller that its content was checked.
    """
    named = value_of(inference.fields, "guardrails")
    inference.fields.pop("guardrails", None)
    if named:
        raise NotImplementedYet(
            "guardrails cannot run yet: send the request without the field guardrails", param="guardrails"
        )
