"""What a request may say about a model, in LiteLLM's spelling or in ours."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from tianji_control.envelope import Fault, WrongFields

Map = dict[str, Any]


class NewModel(Struct, kw_only=True):
    """The body of `/model/new`."""

    model_name: str
    litellm_params: Map | None = None
    tianji_params: Map | None = None
    model_info: Map | None = None
    blocked: bool | None = None


class ModelChange(Struct, kw_only=True):
    """The body of `/model/update`: the model is the one with `model_info.id`, or `id`."""

    id: str | None = None
    model_name: str | None = None
    litellm_params: Map | None = None
    tianji_params: Map | None = None
    model_info: Map | None = None
    blocked: bool | None = None


class ModelPatch(ModelChange, kw_only=True):
    """The body of `/model/{id}/update`."""

    litellm_params_to_remove: list[str] = []


class OneModel(Struct):
    """The body of `/model/delete`."""

    id: str


class WhichModels(Struct, kw_only=True):
    """The query of `/model/info`."""

    litellm_model_id: str | None = None


def params_of(ask: NewModel | ModelChange) -> Map:
    """Return the parameters that a request gives under either name."""
    return (ask.litellm_params or {}) | (ask.tianji_params or {})


def model_of(ask: NewModel) -> tuple[str, Map]:
    """Return the upstream model's name and the other parameters."""
    params = params_of(ask)
    model = params.pop("model", None)
    if not isinstance(model, str) or not model:
        raise WrongFields(
            [
                Fault(
                    ["body", "litellm_params", "model"],
                    "the field litellm_params.model is required",
                    "missing",
                )
            ]
        )
    return model, params
