"""What is asked of each gateway."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

MODEL = "bench-model"
KEY = "sk-bench-7b1f0c52"
WRONG_KEY = "sk-bench-nobody"
CHUNKS = 20


class Scenario(NamedTuple):
    """One kind of request and the status that its answer must have."""

    name: str
    size: int
    stream: bool = False
    key_is_known: bool = True

    @property
    def status(self) -> int:
        """Return the status of a right answer."""
        return 200 if self.key_is_known else 401

    def request(self, port: int, key: str) -> bytes:
        """Return the bytes of the whole request."""
        body = msgspec.json.encode(
            {
                "model": MODEL,
                "messages": [{"role": "user", "content": ("word " * (self.size // 5))}],
                "temperature": 0.2,
                "max_tokens": 256,
                **({"stream": True} if self.stream else {}),
            }
        )
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n"
            f"authorization: Bearer {key if self.key_is_known else WRONG_KEY}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


ALL = (
    Scenario("chat, 1 KB", 900),
    Scenario("chat, 100 KB", 100_000),
    Scenario(f"stream, {CHUNKS} chunks", 900, stream=True),
    Scenario("rejected key", 900, key_is_known=False),
)
