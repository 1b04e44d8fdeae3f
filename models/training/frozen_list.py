"""The frozen list, and how a reply is read as an action. Needs nothing but the data files."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from generate import read_situations, refusal

HELD_OUT = Path(__file__).parent / "heldout.tsv"
HELD_OUT_SHA256 = "0958aa71020bf3d13d6ae618c7edadba05b20f41fa8f2a2be33277faeae9c8fe"


@dataclass
class Phrase:
    """A line of the frozen list."""

    domain: str
    language: str
    expected: str
    text: str


def read_held_out():
    """The frozen list. Errors: ValueError where it is not the one that was frozen."""
    data = HELD_OUT.read_bytes()
    if hashlib.sha256(data).hexdigest() != HELD_OUT_SHA256:
        raise ValueError("heldout.tsv was changed after it was frozen")
    lines = [line for line in data.decode().splitlines() if not line.startswith("#")]
    return [Phrase(*line.split("\t")) for line in lines]


def normalized(text):
    """Letters and digits in lower case: two texts that differ in less count as the same."""
    return "".join(c for c in text.lower() if c.isalnum())


class Reader:
    """Reads an action out of a reply; None where the reply is none of the closed set."""

    def __init__(self):
        situations = read_situations() + [refusal()]
        self.actions = [s.action for s in situations]
        self._texts = {s.answer[language]: s.action for s in situations for language in ("zh", "en")}

    def read(self, reply, form):
        """The action that the reply names in this form: "text", "action" or "json"."""
        if form == "text":
            return self._texts.get(reply)
        name = reply
        if form == "json":
            try:
                name = json.loads(reply)["action"]
            except (ValueError, KeyError, TypeError):
                return None
        return name if name in self.actions else None
