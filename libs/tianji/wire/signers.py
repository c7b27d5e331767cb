"""Says whose signature a signed thought carries, inside the signature itself.

A conversation may move from one provider to another, and each refuses what another one signed.
Anthropic's signatures bear no mark, since its own clients send them back to us as they are; every
other signer's begin with its name and a colon, which no base64 holds.
"""

from __future__ import annotations

OPENAI = "openai"
GEMINI = "gemini"
ANTHROPIC = "anthropic"


def marked(signer: str, signature: str) -> str:
    """Return a signature that names its signer."""
    return f"{signer}:{signature}"


def signer_of(signature: str) -> tuple[str, str]:
    """Return who signed, and the signature as the signer knows it."""
    signer, colon, own = signature.partition(":")
    return (signer, own) if colon else (ANTHROPIC, signature)


def unmarked(signer: str, signature: str | None) -> str | None:
    """Return a signature as this signer knows it; None for one of somebody else."""
    if signature is None:
        return None
    whose, own = signer_of(signature)
    return own if whose == signer else None
