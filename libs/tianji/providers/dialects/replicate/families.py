"""What models on Replicate call their inputs: each has a schema of its own, vendors keep to theirs."""

from __future__ import annotations

from msgspec import Struct


class Family(Struct, frozen=True):
    """The names of the inputs that differ."""

    limit: str = "max_new_tokens"
    system: str | None = None
    """None: the prompt begins with it."""
    image: str = "image"
    several_images: bool = False
    stop: str = "stop_sequences"


_FAMILIES = {
    "meta/": Family(system="system_prompt"),
    "openai/": Family("max_completion_tokens", "system_prompt", "image_input", several_images=True),
    "anthropic/": Family("max_tokens", "system_prompt"),
    "google/gemini": Family("max_output_tokens", "system_instruction", "images", several_images=True),
    "deepseek-ai/": Family("max_tokens"),
    "moonshotai/": Family("max_tokens"),
    "qwen/": Family("max_tokens"),
    "ibm-granite/": Family("max_tokens", "system_prompt"),
    "xai/": Family("max_tokens"),
    "mistralai/": Family("max_new_tokens"),
}
_LENGTH = ("vicuna", "flan")


def family_of(model: str) -> Family:
    """Return the family that a model's name tells."""
    if any(name in model for name in _LENGTH):
        return Family("max_length")
    return next((family for start, family in _FAMILIES.items() if model.startswith(start)), Family())
