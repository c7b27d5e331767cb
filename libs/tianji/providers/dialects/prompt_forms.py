"""A dialogue as one text, with the marks that a model was trained on."""

from __future__ import annotations

from collections.abc import Callable

from tianji.providers.dialects.transcript import Line

Template = Callable[[list[Line]], str]


def llama3(lines: list[Line]) -> str:
    """Write as Llama 3 and later were trained."""
    said = "".join(
        f"<|start_header_id|>{line.speaker}<|end_header_id|>\n\n{line.text}<|eot_id|>" for line in lines
    )
    return f"<|begin_of_text|>{said}<|start_header_id|>assistant<|end_header_id|>\n\n"


def llama2(lines: list[Line]) -> str:
    """Write as Llama 2 was trained."""
    return _instructed(lines, "<<SYS>>\n{}\n<</SYS>>\n\n", " </s>")


def mistral(lines: list[Line]) -> str:
    """Write as Mistral's first models were trained."""
    return _instructed(lines, "{}\n\n", "</s>")


def _instructed(lines: list[Line], system_form: str, end: str) -> str:
    system = "\n\n".join(line.text for line in lines if line.speaker == "system")
    before = system_form.format(system) if system else ""
    out = ""
    for line in lines:
        if line.speaker == "user":
            out += f"<s>[INST] {before}{line.text} [/INST]"
            before = ""
        elif line.speaker == "assistant":
            out += f" {line.text}{end}"
    return out or f"<s>[INST] {before} [/INST]"


def chatml(lines: list[Line]) -> str:
    """Write as Qwen was trained."""
    said = "".join(f"<|im_start|>{line.speaker}\n{line.text}<|im_end|>\n" for line in lines)
    return f"{said}<|im_start|>assistant\n"


def deepseek(lines: list[Line]) -> str:
    """Write as DeepSeek R1 was trained: it begins to think at once."""
    marks = {"system": "", "user": "<｜User｜>", "assistant": "<｜Assistant｜>"}
    said = "".join(
        f"{marks[line.speaker]}{line.text}" + ("<｜end▁of▁sentence｜>" if line.speaker == "assistant" else "")
        for line in lines
    )
    return f"<｜begin▁of▁sentence｜>{said}<｜Assistant｜><think>\n"


def human(lines: list[Line]) -> str:
    """Write as Anthropic's first models were trained."""
    names = {"system": "", "user": "Human: ", "assistant": "Assistant: "}
    return "".join(f"\n\n{names[line.speaker]}{line.text}" for line in lines) + "\n\nAssistant:"


def spoken(lines: list[Line]) -> str:
    """Write as Titan's guide shows: speakers named where there are several turns."""
    if len(lines) == 1:
        return lines[0].text
    names = {"system": "", "user": "User: ", "assistant": "Bot: "}
    return "\n\n".join(f"{names[line.speaker]}{line.text}" for line in lines) + "\n\nBot:"
