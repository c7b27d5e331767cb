"""The vocabularies of OpenAI's models, shipped as files and loaded by hand.

tiktoken's own loader downloads a file that is missing or damaged, and deletes the damaged one; a
gateway must do neither, so the files are read and checked here and only handed to its encoder.
"""

from __future__ import annotations

import hashlib
import re
from binascii import a2b_base64
from pathlib import Path

from msgspec import Struct
from tiktoken import Encoding

from tianji.errors import TianjiError


class DamagedVocabulary(TianjiError):
    """A vocabulary file of the installation is missing or damaged; install the package again."""


class _Vocabulary(Struct, frozen=True):
    sha256: str
    pattern: str
    """How a text falls into words before words fall into tokens; part of the encoding's definition."""


_ENDINGS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
_LOWER = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_UPPER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
_LEAD = r"[^\r\n\p{L}\p{N}]?"

_VOCABULARIES = {
    "cl100k_base": _Vocabulary(
        sha256="223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
        pattern=r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+"
        r"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
    ),
    "o200k_base": _Vocabulary(
        sha256="446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
        pattern="|".join(
            [
                f"{_LEAD}{_UPPER}*{_LOWER}+{_ENDINGS}",
                f"{_LEAD}{_UPPER}+{_LOWER}*{_ENDINGS}",
                r"\p{N}{1,3}",
                r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
                r"\s*[\r\n]+",
                r"\s+(?!\S)",
                r"\s+",
            ]
        ),
    ),
}

DEFAULT = "o200k_base"
_CL100K = re.compile(
    r"(?:ft:)?(?:gpt-4(?!o|\.|-?omni)|gpt-3\.?5|text-embedding-(?:3-|ada-002)|davinci-002|babbage-002)"
)


def encoding_name(model: str) -> str:
    """Name the encoding of a model; for models that are not OpenAI's it gives an estimate."""
    return "cl100k_base" if _CL100K.match(model.rpartition("/")[2].lower()) else DEFAULT


def load(name: str) -> Encoding:
    """Read an encoding from its file: 0.4 s and 25 to 48 MB; call it off the event loop."""
    vocabulary = _VOCABULARIES[name]
    try:
        content = Path(__file__).with_name(f"{name}.tiktoken").read_bytes()
    except OSError as fault:
        raise DamagedVocabulary(f"The vocabulary {name} is missing from the installation.") from fault
    if hashlib.sha256(content).hexdigest() != vocabulary.sha256:
        raise DamagedVocabulary(f"The vocabulary {name} is damaged; install the package again.")
    ranks = {}
    for line in content.splitlines():
        token, rank = line.split()
        ranks[a2b_base64(token)] = int(rank)
    del content
    encoding = Encoding(name, pat_str=vocabulary.pattern, mergeable_ranks=ranks, special_tokens={})
    # The encoder has its own copy; ours is a third of the memory and is used by special functions only.
    ranks.clear()
    return encoding
