"""`began` before the provider is called, `ended` before the last byte: once on every exit."""

from __future__ import annotations

import logging
import time
from decimal import Decimal

import msgspec

from tianji.domain.events import Began, Charge, Refused, SpendEvent, Status
from tianji.errors import BadRequest, ClientGone, TianjiError
from tianji.limits.contract import Chain, Reservation, Split
from tianji.pricing.ceiling import NANO, nano_up
from tianji.pricing.cost import Cost, cost, text
from tianji.wire.excerpt import Excerpt
from tianji.wire.neutral import Usage
from tianji_gateway.flow.admit import Grant
from tianji_gateway.flow.identify import Principal
from tianji_gateway.flow.kept import Kept
from tianji_gateway.flow.labels import NO_LABELS, Labels
from tianji_gateway.flow.receive import Call, Inference, value_of
from tianji_gateway.limits.extent import Size
from tianji_gateway.limits.patience import Patience
from tianji_gateway.runtime import Runtime
from tianji_gateway.snapshot.model import Snapshot, Target

log = logging.getLogger(__name__)

_NOTHING_USED = Usage()
_FREE = Cost(known=False)
_ZERO = Decimal(0)
_LONGEST_MESSAGE = 1000


class Account:
    """The books of one request. What becomes known of it on the line is noted here.

    An event is written only for a request whose caller is known.
    """

    # What most calls never change stands here, once for all of them.
    snapshot: Snapshot | None = None
    principal: Principal | None = None
    inference: Inference | None = None
    labels: Labels = NO_LABELS
    grant: Grant | None = None
    target: Target | None = None
    attempts = 0
    first_token_at: float | None = None
    upstream_s = 0.0
    """Time spent waiting for providers."""
    answer_id = ""
    usage: Usage = _NOTHING_USED
    cost_usd = _ZERO
    cost_text = "0"
    http_status = 0
    """How the request was answered, once the books are closed."""
    error: TianjiError | None = None
    chain: Chain | None = None
    """What the caller is held to."""
    held: Reservation | None = None
    held_of_target: Reservation | None = None
    kept: Kept | None = None
    """What is kept of the answer, where it is."""
    reserved_nano = 0
    refused: Refused | None = None
    """The budget that did not have what the call needs."""
    size: Size | None = None
    counted = False
    """Whether `size` is counted, not merely bounded."""
    shortened: int | None = None
    """The most tokens of an answer that the gateway put into the request, where more was not paid for."""
    patience: Patience | None = None
    """For how long it still waits for what other calls hold."""
    looks = 0
    """How often it has waited."""

    def __init__(self, call: Call, rt: Runtime) -> None:
        self.call = call
        self.rt = rt

    @property
    def closed(self) -> bool:
        """Whether the outcome is known and written."""
        return self.http_status != 0

    @property
    def began(self) -> bool:
        """Whether a provider has been called."""
        return self.attempts > 0

    def begin(self, target: Target) -> None:
        """Note an attempt; the first one is written down. Raises Unavailable: do not call then."""
        self.target = target
        if not self.attempts:
            self.rt.spool.began(self._event_of_start(target))
        self.attempts += 1

    @property
    def charges(self) -> list[Charge]:
        """The budgets that the call's cost is taken from."""
        held, of_target = self.held, self.held_of_target
        if held is None:
            return [] if of_target is None else of_target.charges
        return held.charges if of_target is None else held.charges + of_target.charges

    def release_target(self) -> None:
        """Give back what an attempt took of a deployment's limits: it came to nothing."""
        if self.held_of_target is not None:
            self.rt.limiter.settle(self.held_of_target, 0, 0)
            self.held_of_target = None

    async def succeed(self, usage: Usage | None, answer: Excerpt, finish: str | None) -> None:
        """Close with a complete answer; `answer` is its text, needed where `usage` is None."""
        usage = usage or await self._counted(answer)
        self._close("success", 200, usage, finish=finish)

    async def break_off(self, error: TianjiError, usage: Usage | None, answer: Excerpt) -> None:
        """Close a call whose answer had begun: what was generated until then is paid for.

        `answer` is what was generated after the provider had told `usage`, if it had.
        """
        if usage is None:
            usage = await self._counted(answer)
        elif answer.text:
            more = await self._tokens(answer)
            output = usage.output_tokens + more
            usage = msgspec.structs.replace(usage, output_tokens=output, estimated=True)
        self._close("failure", error.status, usage, error=error)

    def fail(self, error: TianjiError) -> None:
        """Close a call that gave no answer; does nothing when the books are closed."""
        if not self.closed:
            self._close("failure", error.status, _NOTHING_USED, error=error)

    async def abandon(self) -> None:
        """Close a call whose client hung up before the first byte of an answer."""
        if not self.closed:
            await self.break_off(ClientGone(), None if self.began else _NOTHING_USED, Excerpt())

    async def _counted(self, answer: Excerpt) -> Usage:
        """Count what the provider did not say; a request that cannot be read counts its answer only."""
        if self.inference is None or self.target is None:
            return _NOTHING_USED
        model = self.target.deployment.model
        try:
            prompt = await self.rt.counter.count_messages(self.inference.read(), model)
        except (BadRequest, RecursionError):
            prompt = 0
        return Usage(input_tokens=prompt, output_tokens=await self._tokens(answer), estimated=True)

    async def _tokens(self, answer: Excerpt) -> int:
        if not answer.text or self.target is None:
            return 0
        counted = await self.rt.counter.count_text(answer.text, self.target.deployment.model)
        return round(counted * answer.times)

    def _close(
        self,
        status: Status,
        http_status: int,
        usage: Usage,
        *,
        error: TianjiError | None = None,
        finish: str | None = None,
    ) -> None:
        assert not self.closed, "books closed twice"
        self.http_status, self.error, self.usage = http_status, error, usage
        priced = self._priced(usage)
        if priced.known:
            self.cost_usd = priced.total
            self.cost_text = text(self.cost_usd)
        if self.held is not None or self.held_of_target is not None:
            self._settle()
        if self.principal is not None:
            event = self._event_of_end(self.principal, status, priced, finish)
            try:
                self.rt.spool.ended(event)
            except TianjiError:
                log.exception("a spend event could not be written", extra={"event_id": event.id})

    def _settle(self) -> None:
        """Replace what was reserved by what was used."""
        cost_nano = nano_up(self.cost_usd)
        tokens, usage = self._tokens_that_count(), self.usage
        split = Split(usage.input_tokens - usage.cache_read_tokens, usage.output_tokens)
        for held in (self.held, self.held_of_target):
            if held is not None:
                self.rt.limiter.settle(held, cost_nano, tokens, split)
        if self.size is not None and self.target is not None and self.http_status == 200:
            self.rt.usual.note(self.target.id, usage.output_tokens // self.size.answers)

    def _tokens_that_count(self) -> int:
        assert self.snapshot is not None
        counted = self.snapshot.settings.general.get("token_rate_limit_type")
        usage = self.usage
        if counted == "input":
            return usage.input_tokens
        return usage.output_tokens if counted == "output" else usage.input_tokens + usage.output_tokens

    def _priced(self, usage: Usage) -> Cost:
        if self.target is None or usage is _NOTHING_USED:
            return _FREE
        tier = value_of(self.inference.fields, "service_tier") if self.inference else None
        return cost(usage, self.target.price, tier if isinstance(tier, str) else None)

    def _event_of_start(self, target: Target) -> Began:
        assert self.principal is not None
        principal = self.principal
        key, deployment = principal.key, target.deployment
        return Began(
            id=self.call.id,
            gateway_id=self.rt.process_id,
            started_at=self.call.started_at,
            route=self.call.route,
            model=self.inference.model if self.inference else "",
            model_group=self.grant.group if self.grant else "",
            deployment_id=deployment.id,
            provider=deployment.provider,
            upstream_model=deployment.model,
            key_hash=key.hash,
            key_alias=key.alias,
            user_id=key.user_id,
            team_id=key.team_id,
            organization_id=principal.organization_id,
            project_id=key.project_id,
            agent_id=key.agent_id or self.labels.agent_id,
            end_user=self.labels.end_user,
            tags=self.labels.tags,
            reserved_usd=text(Decimal(self.reserved_nano) / NANO) if self.reserved_nano else "0",
            charges=self.charges,
        )

    def _event_of_end(
        self, principal: Principal, status: Status, priced: Cost, finish: str | None
    ) -> SpendEvent:
        call, inference, target, error = self.call, self.inference, self.target, self.error
        key, team = principal.key, principal.team
        deployment = target.deployment if target else None
        return SpendEvent(
            id=call.id,
            gateway_id=self.rt.process_id,
            snapshot=self.snapshot.revision if self.snapshot else 0,
            status=status,
            http_status=self.http_status,
            error_type=error.type if error else None,
            error_message=error.message[:_LONGEST_MESSAGE] if error else None,
            started_at=call.started_at,
            first_token_at=self.first_token_at,
            ended_at=time.time(),
            route=call.route,
            call_type=inference.call_type if inference else "",
            stream=inference.stream if inference else False,
            client_gone=isinstance(error, ClientGone),
            attempts=self.attempts,
            response_id=self.answer_id,
            model=inference.model if inference else "",
            model_group=self.grant.group if self.grant else "",
            deployment_id=deployment.id if deployment else "",
            provider=deployment.provider if deployment else "",
            upstream_model=deployment.model if deployment else "",
            api_base=str(deployment.params.get("api_base") or "") if deployment else "",
            key_hash=key.hash,
            key_alias=key.alias,
            user_id=key.user_id,
            team_id=key.team_id,
            team_alias=team.alias if team else None,
            organization_id=principal.organization_id,
            project_id=key.project_id,
            agent_id=key.agent_id or self.labels.agent_id,
            end_user=self.labels.end_user,
            client_ip=call.client_ip,
            user_agent=call.header(b"user-agent"),
            session_id=self.labels.session_id,
            tags=self.labels.tags,
            metadata=self.labels.metadata,
            usage=self.usage,
            cost_usd=self.cost_text,
            charges=self.charges,
            refused=self.refused,
            cost_parts={name: text(part) for name, part in priced.parts().items()},
            price_version=target.price.version if target else "",
            priced=priced.known,
            finish=finish,
            bodies=self.kept.told(inference.fields) if self.kept and inference else None,
        )
