"""Every error TianjiLLM raises on purpose, as one family.

TianjiError
├── BadRequest                 400  the request itself is wrong
│   ├── UnsupportedParameter   400  a parameter the provider cannot honour
│   ├── ContextWindowExceeded  400  the prompt is longer than the model takes
│   └── ContentPolicyViolation 400  the provider refused the content
├── AuthenticationFailed       401  no key, an unknown key, an expired key
├── PermissionDenied           403  a known caller, a forbidden thing
├── NotFound                   404  no such model, key, team, path
├── Conflict                   409  it is there already
├── PreconditionFailed         412  it is no longer as the caller has seen it
├── BodyTooLarge               413
├── InvalidFields              422  an admin request with wrong fields
├── BudgetExceeded             422  a budget is spent
├── RateLimited                429  ours or the provider's
├── ClientGone                 499  the caller hung up
├── NotImplementedYet          501  a feature of the API that is not there
├── Unavailable                503  a part we need is not reachable
├── UpstreamError              any  the provider answered with an error
└── UpstreamTimeout            504  the provider did not answer in time

Raised where the fault is known, rendered once per service in the caller's format.
A message says what was wrong, with which field or name, and what to do; it never holds a
key, a provider's secret or a traceback.
"""

from __future__ import annotations

from collections.abc import Mapping


class TianjiError(Exception):
    """Something went wrong in the gateway."""

    status = 500
    type = "internal_server_error"
    code: str | None = None
    facts: Mapping[str, object] | None = None
    """Figures that programs may want beside the message; nothing secret."""

    def __init__(
        self,
        message: str | None = None,
        *,
        param: str | None = None,
        type: str | None = None,
        code: str | None = None,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """`headers` go on the answer (for example `retry-after`)."""
        super().__init__(message or self.__doc__)
        self.message: str = message or self.__doc__ or ""
        self.param = param
        self.headers: dict[str, str] = dict(headers or {})
        if type is not None:
            self.type = type
        if code is not None:
            self.code = code
        if status is not None:
            self.status = status


class BadRequest(TianjiError):
    """The request is not valid."""

    status = 400
    type = "invalid_request_error"


class UnsupportedParameter(BadRequest):
    """The provider does not support a parameter of this request."""

    code = "unsupported_parameter"


class ContextWindowExceeded(BadRequest):
    """The prompt is longer than the model's context window."""

    code = "context_length_exceeded"


class ContentPolicyViolation(BadRequest):
    """The provider refused the content of this request."""

    code = "content_policy_violation"


class AuthenticationFailed(TianjiError):
    """Authentication Error, no valid API key was passed in."""

    status = 401
    type = "auth_error"


class PermissionDenied(TianjiError):
    """This caller may not do this."""

    status = 403
    type = "permission_denied"


class NotFound(TianjiError):
    """There is no such thing."""

    status = 404
    type = "not_found_error"


class Conflict(TianjiError):
    """It exists already."""

    status = 409
    type = "conflict_error"


class PreconditionFailed(TianjiError):
    """It was changed since the caller read it."""

    status = 412
    type = "precondition_failed"


class BodyTooLarge(TianjiError):
    """The request body is larger than this gateway accepts."""

    status = 413
    type = "invalid_request_error"
    code = "request_too_large"


class InvalidFields(TianjiError):
    """Fields of the request are missing or have the wrong type."""

    status = 422
    type = "validation_error"


class BudgetExceeded(TianjiError):
    """A budget is spent."""

    status = 422
    type = "budget_exceeded"

    def __init__(
        self, message: str, *, status: int, headers: Mapping[str, str], facts: Mapping[str, object]
    ) -> None:
        """`facts` name the level, its limit and what is left of it."""
        super().__init__(message, status=status, headers=headers)
        self.facts = facts


class RateLimited(TianjiError):
    """Too many requests."""

    status = 429
    type = "rate_limit_error"


class ClientGone(TianjiError):
    """The client closed the connection before the answer was complete."""

    status = 499
    type = "client_closed_request"


class NotImplementedYet(TianjiError):
    """TianjiLLM does not have this feature yet."""

    status = 501
    type = "not_implemented"


class Unavailable(TianjiError):
    """A part that this request needs cannot be reached."""

    status = 503
    type = "service_unavailable"


class UpstreamError(TianjiError):
    """The provider answered with an error.

    `provider` is the provider's name as in the config, `retryable` says whether another
    deployment or another attempt may succeed.
    """

    type = "api_error"
    status = 502

    def __init__(
        self,
        message: str | None = None,
        *,
        provider: str,
        status: int = 502,
        type: str = "api_error",
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(message, param=param, type=type, code=code, status=status, headers=headers)
        self.provider = provider
        self.retryable = retryable


class UpstreamTimeout(UpstreamError):
    """The provider did not answer in time."""

    def __init__(self, message: str | None = None, *, provider: str, status: int = 504) -> None:
        super().__init__(message, provider=provider, status=status, type="timeout_error", retryable=True)
