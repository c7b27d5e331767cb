"""The config of a system that was started without one: it answers with no provider key."""

from __future__ import annotations

from collections.abc import Mapping

DEMO_MODEL = "tianji-demo"

_HEAD = f"""\
# Written anew by `tianji up` at each start without --config.
# For a config of your own: `tianji init`, then `tianji up --config proxy_config.yaml`.
model_list:
  - model_name: {DEMO_MODEL}
    litellm_params:
      model: openai/{DEMO_MODEL}
      mock_response: "Hello from TianjiLLM. The gateway made this answer itself; no provider was asked."
"""

# Provider, the variables that must be set, and the parameters that they fill.
_PROVIDERS = (
    ("openai", {"api_key": "OPENAI_API_KEY"}),
    ("anthropic", {"api_key": "ANTHROPIC_API_KEY"}),
    ("azure", {"api_key": "AZURE_API_KEY", "api_base": "AZURE_API_BASE"}),
)


def default_config(environ: Mapping[str, str]) -> str:
    """Write the config: a mock model, and each provider whose key is in the environment."""
    text = _HEAD
    for provider, parameters in _PROVIDERS:
        if all(environ.get(name) for name in parameters.values()):
            text += f'  - model_name: "{provider}/*"\n    litellm_params:\n      model: "{provider}/*"\n'
            text += "".join(f"      {field}: os.environ/{name}\n" for field, name in parameters.items())
    return text
