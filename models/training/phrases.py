"""Phrase files: reads them and draws sentences from their templates.

A template is text with `(a|b|)` for a choice, nested as deep as wanted, `{slot}` for a value, and
a backslash before a character that stands for itself. A block starts with `= field | field | ...`;
`#` starts a comment line.
"""

import random
import re
from dataclasses import dataclass, field
from pathlib import Path

from slots import draw_slot

PHRASES = Path(__file__).parent / "phrases"
HAN = re.compile(r"[\u4e00-\u9fff]")


@dataclass
class Block:
    """One situation: the fields of its header, and its templates."""

    fields: list
    templates: list = field(default_factory=list)

    def of_language(self, language):
        """The templates in "zh" (they have Chinese characters) or in "en"."""
        return [t for t in self.templates if language_of(t) == language]


def language_of(text):
    """ "zh" where a Chinese character or a Chinese slot occurs, else "en"."""
    return "zh" if HAN.search(text) or "_zh}" in text or "{cheng}" in text else "en"


def read_blocks(name):
    """The blocks of phrases/`name`, in order."""
    blocks = []
    for line in (PHRASES / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("="):
            blocks.append(Block([part.strip() for part in line[1:].split("|")]))
        elif line.strip() and not line.startswith("#"):
            blocks[-1].templates.append(line.strip())
    return blocks


def parse(template):
    """A template as a list of parts: a string, ("slot", name) or ("choice", [list of parts])."""
    parts, end = _parse_sequence(template, 0)
    if end != len(template):
        raise ValueError(f"unbalanced ) at {end}: {template}")
    return parts


def _parse_sequence(template, at):
    """Parts from `at` up to `|`, `)` or the end, and where that is."""
    parts = []
    while at < len(template) and template[at] not in "|)":
        if template[at] == "(":
            choices, at = _parse_choice(template, at + 1)
            parts.append(("choice", choices))
        elif template[at] == "{":
            close = template.index("}", at)
            parts.append(("slot", template[at + 1 : close]))
            at = close + 1
        else:
            at += template[at] == "\\"
            parts.append(template[at])
            at += 1
    return parts, at


def _parse_choice(template, at):
    """The alternatives from behind `(`, and the place behind its `)`."""
    choices = []
    while True:
        parts, at = _parse_sequence(template, at)
        choices.append(parts)
        if at >= len(template):
            raise ValueError(f"( without ): {template}")
        if template[at] == ")":
            return choices, at + 1
        at += 1


def sample(parts, rng, split):
    """One sentence. `split` says whether slot values come from "train" or from "held"."""
    return re.sub(r" {2,}", " ", _sample(parts, rng, split)).replace(" ,", ",").strip()


def _sample(parts, rng, split):
    text = []
    for part in parts:
        if isinstance(part, str):
            text.append(part)
        elif part[0] == "slot":
            text.append(draw_slot(part[1], rng, split))
        else:
            text.append(_sample(rng.choice(part[1]), rng, split))
    return "".join(text)


class Sampler:
    """Draws sentences from a list of templates, each as often as the square root of its breadth."""

    def __init__(self, templates):
        self._parsed = [parse(template) for template in templates]
        self._weights = [_breadth(parts) ** 0.5 for parts in self._parsed]

    def draw(self, rng, split="train"):
        """One sentence, not empty."""
        return sample(rng.choices(self._parsed, self._weights)[0], rng, split)


def _breadth(parts):
    """How many sentences a template has, slots counted once, at most 60: wide ones must not rule."""
    total = 1
    for part in parts:
        if not isinstance(part, str) and part[0] == "choice":
            total *= sum(_breadth(choice) for choice in part[1])
    return min(total, 60)


if __name__ == "__main__":
    for block in read_blocks("body_home.txt")[:3]:
        print(Sampler(block.templates).draw(random.Random(1)))
