"""The part of a config that offers one model, whose answers cost a round sum."""

from __future__ import annotations

PRICED_MODEL = """
model_list:
  - model_name: gpt
    litellm_params:
      model: openai/gpt-4o-mini
      api_base: {root}/v1
      api_key: sk-provider-openai
      input_cost_per_token: 0
      output_cost_per_token: 0.001
"""
"""An answer of five words costs 0.005 USD. To be formatted with where the provider is."""
