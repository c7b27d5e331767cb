"""AI21 under the name that LiteLLM's configs have for its chat."""

from msgspec import structs

from tianji.providers import ai21

PROFILE = structs.replace(ai21.PROFILE, example="ai21_chat/jamba-large")
bind = ai21.bind
