"""A mail server on a real socket that keeps what it is handed.

async with Mailbox(password="...") as mailbox:
    ...
    letters = await mailbox.until(2)
"""

from __future__ import annotations

import asyncio
import base64
import email
import email.policy
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Self


@dataclass
class Letter:
    """What came for one recipient."""

    to: str
    message: EmailMessage


class Mailbox:
    """Speaks as much of SMTP as clients need to hand over a letter; knows no TLS."""

    def __init__(self, password: str = "") -> None:
        self.letters: list[Letter] = []
        self.said: list[str] = []
        """All that clients said, but for the letters."""
        self.port = 0
        self.full = False
        """Whether letters are refused for now."""
        self._password = password
        self._came = asyncio.Event()

    async def until(self, count: int, within_s: float = 60) -> list[Letter]:
        """Wait until so many letters came; return them."""
        async with asyncio.timeout(within_s):
            while len(self.letters) < count:
                self._came.clear()
                await self._came.wait()
        return self.letters

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mailbox\r\n")
        to: list[str] = []
        known = not self._password
        while line := (await reader.readline()).decode().strip():
            self.said.append(line)
            word, _, rest = line.partition(" ")
            word, answer = word.upper(), "250 good"
            if word == "EHLO":
                answer = "250-mailbox\r\n250 AUTH PLAIN"
            elif word == "AUTH":
                known = base64.b64decode(rest.removeprefix("PLAIN ")).endswith(f"\0{self._password}".encode())
                answer = "235 known" if known else "535 not known"
            elif word == "RCPT":
                to.append(rest.partition("<")[2].rstrip(">"))
            elif word == "DATA" and known and not self.full:
                writer.write(b"354 go on\r\n")
                self._keep(to, await reader.readuntil(b"\r\n.\r\n"))
            elif word == "DATA":
                answer = "451 later"
            elif word == "QUIT":
                answer = "221 bye"
            writer.write(f"{answer}\r\n".encode())
            await writer.drain()

    def _keep(self, to: list[str], sent: bytes) -> None:
        for one in to:
            message = email.message_from_bytes(sent[:-5], policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            self.letters.append(Letter(one, message))
        self._came.set()
