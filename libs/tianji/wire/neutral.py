"""The form in the middle: what every client format and every upstream dialect meet in.

A front (a client format) reads a request into an `Ask` and writes an `Answer` or a run of
stream events; a dialect (an upstream format) does the reverse. Each translates only to and
from this form, so that N fronts and M dialects cost N + M translators.

What the form does not name rides along in `extra` (per request, per turn, per block, per
answer), keyed as the side that knows it wrote it; the same side reads it back, other sides
ignore it. Content that only one side can express is an `Opaque` block.

Everything here is mutable on purpose: guardrails and default parameters edit an `Ask` in place
before it is translated. Nothing here does I/O.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from msgspec import Struct, field

Role = Literal["system", "developer", "user", "assistant", "tool"]
Finish = Literal["stop", "length", "tool_calls", "content_filter", "refusal", "pause", "error"]
"""Why a model stopped. `pause`: the provider wants the turn sent back to go on (Anthropic)."""


# Content -----------------------------------------------------------------------------------


class CacheMark(Struct):
    """Everything up to here may be cached by the provider; `ttl` as in `5m`, `1h`."""

    ttl: str | None = None


class Source(Struct):
    """Where bytes come from: exactly one of `url`, `data` (base64), `file_id`, `text`."""

    url: str | None = None
    data: str | None = None
    media_type: str | None = None
    file_id: str | None = None
    text: str | None = None


class Text(Struct, tag="text"):
    """Plain text, with the citations that a provider attached to it."""

    text: str
    citations: list[dict[str, Any]] = field(default_factory=list)
    cache: CacheMark | None = None
    extra: dict[str, Any] = field(default_factory=dict)


class Reasoning(Struct, tag="reasoning"):
    """What the model thought. `signature` and `encrypted` must go back to the provider unchanged."""

    text: str = ""
    signature: str | None = None
    encrypted: str | None = None
    id: str | None = None
    summary: bool = False
    cache: CacheMark | None = None
    extra: dict[str, Any] = field(default_factory=dict)


class ToolCall(Struct, tag="tool_call"):
    """The model asks the client to run a tool. `arguments` is JSON text, as the model wrote it.

    `signature` (Gemini's thought signature) must go back to the provider with the call. Client formats
    have no field for it that every client sends back, so fronts write it into the call's id and read it
    from there (`wire.call_ids`); dialects see a plain id and the signature.
    """

    id: str
    name: str
    arguments: str = ""
    custom: bool = False
    signature: str | None = None
    cache: CacheMark | None = None
    extra: dict[str, Any] = field(default_factory=dict)


class ToolResult(Struct, tag="tool_result"):
    """What the client's tool gave back."""

    call_id: str
    content: list[Block] = field(default_factory=list)
    name: str | None = None
    failed: bool = False
    cache: CacheMark | None = None
    extra: dict[str, Any] = field(default_factory=dict)


class Image(Struct, tag="image"):
    """A picture; `detail` is OpenAI's low, high or auto."""

    source: Source
    detail: str | None = None
    cache: CacheMark | None = None
    extra: dict[str, Any] = field(default_factory=dict)


class Audio(Struct, tag="audio"):
    """A sound; `format` such as wav or mp3. In answers also its `transcript` and the provider's `id`."""

    source: Source
    format: str | None = None
    transcript: str | None = None
    id: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)


class Video(Struct, tag="video"):
    """A film."""

    source: Source
    extra: dict[str, Any] = field(default_factory=dict)


class Document(Struct, tag="document"):
    """A file to read, such as a PDF; `citations` asks the provider to cite it."""

    source: Source
    name: str | None = None
    title: str | None = None
    context: str | None = None
    citations: bool | None = None
    cache: CacheMark | None = None
    extra: dict[str, Any] = field(default_factory=dict)


class Refusal(Struct, tag="refusal"):
    """The model declines, in its own words."""

    text: str
    extra: dict[str, Any] = field(default_factory=dict)


class Opaque(Struct, tag="opaque"):
    """A block that only `dialect` can express (server-side tools, for instance), in its own JSON."""

    dialect: str
    value: dict[str, Any]


Block: TypeAlias = (
    Text | Reasoning | ToolCall | ToolResult | Image | Audio | Video | Document | Refusal | Opaque
)


class Turn(Struct):
    """One message of the conversation. Tool results are blocks of a turn with role `tool` or `user`."""

    role: Role
    blocks: list[Block] = field(default_factory=list)
    name: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)


# The request -------------------------------------------------------------------------------


class Tool(Struct):
    """A function that the model may ask for; `schema` is JSON Schema of its arguments."""

    name: str
    description: str | None = None
    schema: dict[str, Any] | None = None
    strict: bool | None = None
    cache: CacheMark | None = None
    extra: dict[str, Any] = field(default_factory=dict)


class NativeTool(Struct):
    """A tool that the provider runs itself, in the words of the dialect that knows it."""

    dialect: str
    value: dict[str, Any]


class ToolChoice(Struct):
    """`tool` forces the tool called `name`; `allowed` (if given) narrows the choice to these names."""

    mode: Literal["auto", "none", "required", "tool"]
    name: str | None = None
    allowed: list[str] | None = None


class Shape(Struct):
    """The form that the answer must have: any JSON object, or one of a schema."""

    kind: Literal["text", "json_object", "json_schema"]
    name: str | None = None
    description: str | None = None
    schema: dict[str, Any] | None = None
    strict: bool | None = None


class Thinking(Struct):
    """How much the model may think: an effort, a budget in tokens, or whether at all."""

    enabled: bool | None = None
    effort: str | None = None
    budget_tokens: int | None = None
    summary: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)


class Ask(Struct):
    """One request to a model, in nobody's dialect. `None` means: not said by the client."""

    model: str
    turns: list[Turn] = field(default_factory=list)
    tools: list[Tool | NativeTool] = field(default_factory=list)
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: list[str] = field(default_factory=list)
    seed: int | None = None
    n: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    logit_bias: dict[str, float] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    shape: Shape | None = None
    thinking: Thinking | None = None
    user: str | None = None
    metadata: dict[str, Any] | None = None
    service_tier: str | None = None
    stream: bool = False
    front: str = ""
    """The client format it came in, such as `chat` or `messages`."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Fields of the request that the form does not name, as the client wrote them."""


# The answer --------------------------------------------------------------------------------


class Usage(Struct):
    """Tokens, disjointly priced: the named parts lie inside their totals.

    `input_tokens` holds all prompt tokens, cached or written to cache included;
    `output_tokens` holds all generated tokens, reasoning included. `estimated` is true when
    they were counted here because the provider did not say.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0
    """The part of `cache_write_tokens` that is kept for an hour."""
    reasoning_tokens: int = 0
    input_audio_tokens: int = 0
    output_audio_tokens: int = 0
    accepted_prediction_tokens: int = 0
    rejected_prediction_tokens: int = 0
    web_searches: int = 0
    estimated: bool = False
    cost_usd: str | None = None
    """What the provider itself says the call cost, in US dollars, where it says so."""
    extra: dict[str, Any] = field(default_factory=dict)


class Choice(Struct):
    """One of the `n` answers."""

    index: int = 0
    blocks: list[Block] = field(default_factory=list)
    finish: Finish | None = None
    finish_raw: str | None = None
    """The provider's own word for `finish`."""
    stop_sequence: str | None = None
    logprobs: dict[str, Any] | None = None
    extra: dict[str, Any] = field(default_factory=dict)


class Answer(Struct):
    """One whole answer. `created` is in seconds since 1970."""

    id: str = ""
    model: str = ""
    created: int = 0
    choices: list[Choice] = field(default_factory=list)
    usage: Usage | None = None
    service_tier: str | None = None
    system_fingerprint: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)


# The answer as a stream --------------------------------------------------------------------
# Grammar: Started, then per choice blocks that open, grow and close one after another (index
# counts up from 0 within the choice), Finished per choice, Used once or more (the last one
# holds), and nothing after Failed. Dialects guarantee it, so that fronts need not check.


class Started(Struct, tag="started"):
    """The first event."""

    id: str = ""
    model: str = ""
    created: int = 0
    usage: Usage | None = None
    service_tier: str | None = None
    system_fingerprint: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)


class BlockStarted(Struct, tag="block_started"):
    """A block opens. `block` holds what is known now: kind, id, name; its text comes as `Grew`."""

    block: Block
    index: int
    choice: int = 0


class Grew(Struct, tag="grew"):
    """The open block grows by `text` (its text, arguments or reasoning) or by what else is named."""

    index: int
    text: str = ""
    signature: str | None = None
    encrypted: str | None = None
    citation: dict[str, Any] | None = None
    data: str | None = None
    """Base64 of audio."""
    logprobs: dict[str, Any] | None = None
    opaque: dict[str, Any] | None = None
    """For an `Opaque` block: the delta in its dialect's words."""
    choice: int = 0


class BlockStopped(Struct, tag="block_stopped"):
    """The block is complete; `block` is the whole of it where the provider repeats it."""

    index: int
    choice: int = 0
    block: Block | None = None


class Finished(Struct, tag="finished"):
    """A choice is complete."""

    finish: Finish
    finish_raw: str | None = None
    stop_sequence: str | None = None
    choice: int = 0
    extra: dict[str, Any] = field(default_factory=dict)


class Used(Struct, tag="used"):
    """Tokens so far; the last one of a stream is the truth."""

    usage: Usage


class Failed(Struct, tag="failed"):
    """The provider broke off inside the stream; nothing follows."""

    message: str
    type: str = field(default="api_error", name="error_type")  # `type` is the tag when encoded
    code: str | None = None
    status: int = 502


Event: TypeAlias = Started | BlockStarted | Grew | BlockStopped | Finished | Used | Failed
