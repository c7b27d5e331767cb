"""The gateway's HTTP client against providers that say exactly these bytes."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tianji_gateway.upstream.client import Client, Deadlines

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter
Serve = Callable[[Reader, Writer], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
PATIENT = Deadlines(connect=5, total=5)


async def request_of(reader: Reader) -> bytes:
    """Read one request with its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next(int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:"))
    return head + await reader.readexactly(length)


class Provider:
    """Answers the requests of each connection with these pieces; None closes it."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.connections = 0
        self.requests: list[bytes] = []
        self.url = ""

    async def serve(self, reader: Reader, writer: Writer) -> None:
        self.connections += 1
        try:
            while self.answers:
                self.requests.append(await request_of(reader))
                answer = self.answers.pop(0)
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
            else:
                await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[str]:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        server.close()


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    made = Client()
    yield made
    await made.close()


async def ask(client: Client, url: str, deadlines: Deadlines = PATIENT, body: bytes = b"{}") -> bytes:
    exchange = await client.open("POST", url, {"x-key": "value"}, body, deadlines)
    try:
        return await exchange.read()
    finally:
        exchange.close()


async def test_a_request_arrives_as_it_was_given_and_connections_are_used_again(client: Client) -> None:
    provider = Provider(OK, OK, OK)
    async with serving(provider.serve) as url:
        for _ in range(3):
            assert await ask(client, url + "/chat?a=b") == b"ok"
    assert provider.connections == 1
    host = url.split("/")[2].encode()
    assert provider.requests[2] == (
        b"POST /v1/chat?a=b HTTP/1.1\r\nhost: " + host + b"\r\nx-key: value\r\ncontent-length: 2\r\n\r\n{}"
    )


async def test_calls_at_once_take_a_connection_each(client: Client) -> None:
    both = asyncio.Barrier(2)

    async def serve(reader: Reader, writer: Writer) -> None:
        await request_of(reader)
        await both.wait()
        writer.write(OK)
        await writer.drain()
        writer.close()

    async with serving(serve) as url:
        assert await asyncio.gather(ask(client, url), ask(client, url)) == [b"ok", b"ok"]


async def test_an_idle_connection_that_breaks_is_replaced_without_a_word(client: Client) -> None:
    provider = Provider(OK, None, OK)
    async with serving(provider.serve) as url:
        assert await ask(client, url) == b"ok"
        assert await ask(client, url) == b"ok"
    assert provider.connections == 2


async def test_a_request_that_a_provider_was_at_work_on_is_not_sent_twice(client: Client) -> None:
    requests = 0

    async def serve(reader: Reader, writer: Writer) -> None:
        nonlocal requests
        while True:
            await request_of(reader)
            requests += 1
            if requests == 2:
                await asyncio.sleep(1.2)
                writer.close()
                return
            writer.write(OK)

    async with serving(serve) as url:
        assert await ask(client, url) == b"ok"
        with pytest.raises(ConnectionError, match="broke off"):
            await ask(client, url)
    assert requests == 2


async def test_a_new_connection_that_breaks_is_told(client: Client) -> None:
    async with serving(Provider(None).serve) as url:
        with pytest.raises(ConnectionError, match="broke off"):
            await ask(client, url)


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, b"ok"),
        (b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + OK, b"ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n", b""),
    ],
)
async def test_answers_of_all_shapes_are_read_and_the_connection_kept(
    client: Client, answer: bytes, body: bytes
) -> None:
    provider = Provider(answer, answer)
    async with serving(provider.serve) as url:
        assert await ask(client, url) == body
        assert await ask(client, url) == body
    assert provider.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
        OK + b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil",
    ],
)
async def test_a_connection_is_not_kept_where_the_provider_ends_it_or_says_too_much(
    client: Client, answer: bytes
) -> None:
    provider = Provider(answer, answer)
    async with serving(provider.serve) as url:
        assert await ask(client, url) == b"ok"
        assert await ask(client, url) == b"ok"
    assert provider.connections == 2


async def test_an_answer_without_a_length_ends_with_its_connection(client: Client) -> None:
    provider = Provider(b"HTTP/1.1 200 OK\r\n\r\nall of it", None)

    async def serve(reader: Reader, writer: Writer) -> None:
        await request_of(reader)
        writer.write(provider.answers[0] or b"")
        await writer.drain()
        writer.close()

    async with serving(serve) as url:
        assert await ask(client, url) == b"all of it"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ],
)
async def test_an_answer_that_stops_short_is_an_error(client: Client, answer: bytes) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        await request_of(reader)
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with serving(serve) as url:
        with pytest.raises(ConnectionError, match="broke off"):
            await ask(client, url)


@pytest.mark.parametrize("answer", [b"220 smtp ready\r\n", b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000])
async def test_what_is_not_http_is_an_error(client: Client, answer: bytes) -> None:
    async with serving(Provider(answer).serve) as url:
        with pytest.raises(ConnectionError, match=r"not HTTP|too long"):
            await ask(client, url)


async def test_a_compressed_answer_is_opened(client: Client) -> None:
    packed = gzip.compress(b"hello")
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(packed)
    async with serving(Provider(head + packed).serve) as url:
        assert await ask(client, url) == b"hello"


async def test_deadlines_end_a_call(client: Client) -> None:
    silent = Provider(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", b"")
    async with serving(silent.serve) as url:
        with pytest.raises(TimeoutError):
            await ask(client, url, Deadlines(total=0.05))
        with pytest.raises(TimeoutError):
            await ask(client, url, Deadlines(silence=0.05))


async def test_silence_is_measured_from_the_last_byte(client: Client) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n")
        for _ in range(6):
            await asyncio.sleep(0.25)
            writer.write(b"x")
        await writer.drain()
        writer.close()

    async with serving(serve) as url:
        assert await ask(client, url, Deadlines(silence=1)) == b"xxxxxx"


async def test_a_stream_whose_reader_is_slow_is_held_back(client: Client) -> None:
    sent = 0

    async def serve(reader: Reader, writer: Writer) -> None:
        nonlocal sent
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (64 << 20))
        try:
            for _ in range(1024):
                writer.write(bytes(1 << 16))
                await writer.drain()
                sent += 1 << 16
        except ConnectionError:
            pass
        writer.close()

    async with serving(serve) as url:
        exchange = await client.open("POST", url, {}, b"{}", Deadlines(silence=5))
        async with asyncio.timeout(30):
            before = -1
            while before != sent or not sent:  # until the sockets between the two are full
                before = sent
                await asyncio.sleep(0.3)
        assert sent < 32 << 20
        got = 0
        while piece := await exchange.next():
            got += len(piece)
        exchange.close()
    assert got == 64 << 20


async def test_a_call_that_is_cancelled_closes_its_connection(client: Client) -> None:
    asked, closed = asyncio.Event(), asyncio.Event()

    async def serve(reader: Reader, writer: Writer) -> None:
        await request_of(reader)
        asked.set()
        assert await reader.read() == b""
        closed.set()
        writer.close()

    async with serving(serve) as url:
        task = asyncio.create_task(ask(client, url))
        await asyncio.wait_for(asked.wait(), 30)
        task.cancel()
        await asyncio.wait_for(closed.wait(), 30)
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_header_cannot_bring_another_one_with_it(client: Client) -> None:
    with pytest.raises(ConnectionError, match="line break"):
        await client.open("POST", "http://127.0.0.1:1/", {"a": "b\r\nc: d"}, b"", PATIENT)


async def test_nobody_listening_is_said_in_plain_words(client: Client) -> None:
    with pytest.raises(ConnectionRefusedError, match="refused"):
        await ask(client, "http://127.0.0.1:9/")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a key and a certificate for 127.0.0.1 that nobody has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a provider")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "provider.pem"
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@asynccontextmanager
async def serving_tls(serve: Serve, certificate: Path) -> AsyncIterator[str]:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        server.close()


async def test_a_provider_is_called_over_tls_and_its_connection_kept(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    client, provider = Client(), Provider(OK, OK)
    async with serving_tls(provider.serve, certificate) as url:
        assert [await ask(client, url), await ask(client, url)] == [b"ok", b"ok"]
        await client.close()
    assert provider.connections == 1


async def test_a_certificate_that_nobody_signed_is_refused_unless_it_is_not_checked(
    certificate: Path,
) -> None:
    provider, lenient, strict = Provider(OK), Client(verify=False), Client()
    async with serving_tls(provider.serve, certificate) as url:
        with pytest.raises(ConnectionError, match="certificate"):
            await ask(strict, url)
        assert await ask(lenient, url) == b"ok"
        await strict.close()
        await lenient.close()
