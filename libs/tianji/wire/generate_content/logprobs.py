"""Log probabilities as OpenAI writes them: to Google's `logprobsResult`."""

from __future__ import annotations

from typing import Any

from tianji.wire.values import Object


def write_logprobs(logprobs: Object | None) -> Object:
    """Return the fields of a candidate that hold them; none where there are none."""
    content = logprobs.get("content") if logprobs else None
    tokens = [one for one in content if isinstance(one, dict)] if isinstance(content, list) else []
    if not tokens:
        return {}
    result: Object = {"chosenCandidates": [_token(one) for one in tokens]}
    tops = [one.get("top_logprobs") or [] for one in tokens]
    if any(tops):
        result["topCandidates"] = [{"candidates": [_token(other) for other in top]} for top in tops]
    known = [one["logprob"] for one in tokens if isinstance(one.get("logprob"), int | float)]
    out: Object = {"logprobsResult": result}
    if known:
        out["avgLogprobs"] = sum(known) / len(known)
    return out


def _token(one: Any) -> Object:
    return {"token": one.get("token"), "logProbability": one.get("logprob")}
