from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
import tiktoken

from tianji.tokens import encodings
from tianji.tokens.encodings import DamagedVocabulary, encoding_name, load

HOME = Path(encodings.__file__).parent
TEXTS = [
    "Hello, world! It's 2026; we'll see 12345 things.\n\n  Indented\tand   spaced   \r\n",
    "Größe, naïve café — 漢字かな交じり文 🙂👩‍👩‍👧 العربية हिन्दी",
    "def f(x):\n    return x ** 2  # HTTPServerError/ok\n",
    "<|endoftext|> is only text here",
    "\ud800 lone",
    "",
]


@pytest.fixture(scope="module", params=["cl100k_base", "o200k_base"])
def name(request):
    return request.param


def test_an_encoding_from_our_file_counts_as_tiktoken_does(name, tmp_path, monkeypatch):
    address = f"https://openaipublic.blob.core.windows.net/encodings/{name}.tiktoken"
    shipped = (HOME / f"{name}.tiktoken").read_bytes()
    (tmp_path / hashlib.sha1(address.encode()).hexdigest()).write_bytes(shipped)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    theirs = tiktoken.get_encoding(name)

    ours = load(name)

    assert [ours.encode_ordinary(t) for t in TEXTS] == [theirs.encode_ordinary(t) for t in TEXTS]


def test_a_damaged_vocabulary_is_refused_and_left_where_it_is(tmp_path, monkeypatch):
    damaged = tmp_path / "o200k_base.tiktoken"
    damaged.write_bytes(b"AA== 0\n")
    monkeypatch.setattr(encodings, "__file__", str(tmp_path / "encodings.py"))

    with pytest.raises(DamagedVocabulary, match="damaged"):
        load("o200k_base")
    with pytest.raises(DamagedVocabulary, match="missing"):
        load("cl100k_base")
    assert damaged.exists()


@pytest.mark.parametrize(
    ("model", "wanted"),
    [
        ("gpt-4", "cl100k_base"),
        ("gpt-4-turbo-2024-04-09", "cl100k_base"),
        ("gpt-4-32k", "cl100k_base"),
        ("gpt-3.5-turbo", "cl100k_base"),
        ("azure/gpt-35-turbo", "cl100k_base"),
        ("ft:gpt-4-0613:org::id", "cl100k_base"),
        ("text-embedding-3-small", "cl100k_base"),
        ("openai/text-embedding-ada-002", "cl100k_base"),
        ("gpt-4o-mini", "o200k_base"),
        ("ft:gpt-4o-2024-08-06:org::id", "o200k_base"),
        ("gpt-4.1", "o200k_base"),
        ("gpt-4.5-preview", "o200k_base"),
        ("gpt-5", "o200k_base"),
        ("o3", "o200k_base"),
        ("claude-sonnet-4-5", "o200k_base"),
        ("gemini/gemini-2.5-pro", "o200k_base"),
        ("", "o200k_base"),
    ],
)
def test_a_model_has_its_encoding(model, wanted):
    assert encoding_name(model) == wanted


def test_nothing_is_loaded_at_import():
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import gc, tianji.tokens.count as c; c.Counter(); import tiktoken;"
            "print(sum(isinstance(o, tiktoken.Encoding) for o in gc.get_objects()))",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert done.stdout.strip() == "0"
