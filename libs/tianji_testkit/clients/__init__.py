"""The vendors' own SDKs, used as an application would use them, behind one interface."""

from __future__ import annotations

from tianji_testkit.clients.chat import ChatClient
from tianji_testkit.clients.contract import Called, Client, Heard, Picture, Wishes
from tianji_testkit.clients.generate_content import GenerateContentClient
from tianji_testkit.clients.messages import MessagesClient
from tianji_testkit.clients.responses import ResponsesClient

CLIENTS: dict[str, type[Client]] = {
    "chat": ChatClient,
    "responses": ResponsesClient,
    "messages": MessagesClient,
    "generate_content": GenerateContentClient,
}
"""By the name of the client format."""

__all__ = ["CLIENTS", "Called", "Client", "Heard", "Picture", "Wishes"]
