"""Trains the tokenizer on the synthetic corpus and writes tokenizer.json; byte-level BPE as Qwen3 has it.

    python train_tokenizer.py --qwen3 DIR --out ../ce-tiny-demo

From the released Qwen3 tokenizer it takes the rules (NFC, the splitting expression, the strings of
the added tokens), never its vocabulary: merges are counted here. The ids differ on purpose, so that
a program has to read them.
"""

import argparse
import json
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

import regex

from generate import Generator

VOCABULARY = 3062  # with the added tokens; the model has 3072 rows, the last 10 unused, as Qwen3 has unused ones
EXAMPLES = 120_000


def byte_symbols():
    """GPT-2's printable character for each byte."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in plain]
    return {b: chr(b) for b in plain} | {b: chr(256 + i) for i, b in enumerate(others)}


def count_words(expression, examples, seed):
    """How often each pre-token occurs in what users and the assistant write; a prompt counts once."""
    generator = Generator(seed)
    texts = Counter()
    for _ in range(examples):
        example = generator.draw()
        texts[example.user] += 1
        texts[example.answer] = 300  # few and always the same: enough to become whole words, no more
        texts[example.system or ""] = 300
        texts[example.thought or ""] = 20
    symbols = byte_symbols()
    words = Counter()
    for text, count in texts.items():
        for word in regex.findall(expression, unicodedata.normalize("NFC", text)):
            words["".join(symbols[b] for b in word.encode())] += count
    return words


class MergeCounter:
    """The words as symbol lists, and how often each adjacent pair of symbols occurs in them."""

    def __init__(self, words):
        self.words = [(list(word), count) for word, count in sorted(words.items())]
        self.pairs = Counter()
        self.places = defaultdict(set)  # pair -> indices of words that have or had it
        for index in range(len(self.words)):
            self._count(index, 1)

    def _count(self, index, sign):
        symbols, count = self.words[index]
        for pair in zip(symbols, symbols[1:]):
            self.pairs[pair] += sign * count
            self.places[pair].add(index)

    def best(self):
        """The most frequent pair; of equals the first in order, so that every run agrees."""
        top = max(self.pairs.values())
        return min(pair for pair, count in self.pairs.items() if count == top)

    def merge(self, pair):
        """Joins the pair wherever it occurs."""
        for index in sorted(self.places.pop(pair)):
            self._count(index, -1)
            self.words[index] = (joined(self.words[index][0], pair), self.words[index][1])
            self._count(index, 1)
        del self.pairs[pair]


def joined(symbols, pair):
    """The symbols with each occurrence of the pair, from the left, as one symbol."""
    out, at = [], 0
    while at < len(symbols):
        found = tuple(symbols[at : at + 2]) == pair
        out.append(symbols[at] + symbols[at + 1] if found else symbols[at])
        at += 2 if found else 1
    return out


def train_merges(words, count):
    """The first `count` merges."""
    counter = MergeCounter(words)
    merges = []
    for _ in range(count):
        merges.append(counter.best())
        counter.merge(merges[-1])
    return merges


def build(reference, words):
    """tokenizer.json as a dict: the reference's rules, our vocabulary."""
    added = reference["added_tokens"]
    merges = train_merges(words, VOCABULARY - 256 - len(added))
    tokens = sorted(byte_symbols().values()) + [a + b for a, b in merges]
    if len(set(tokens)) != len(tokens):
        raise ValueError("two merges made the same token")
    model = dict(reference["model"], vocab={t: i for i, t in enumerate(tokens)}, merges=[list(m) for m in merges])
    renumbered = [dict(token, id=len(tokens) + i) for i, token in enumerate(added)]
    return dict(reference, added_tokens=renumbered, model=model)


def build_config(reference, added):
    """tokenizer_config.json: the reference's, chat template unchanged, with our ids and length."""
    entries = {
        str(token["id"]): {key: token[key] for key in token if key != "id"} for token in added
    }
    return dict(reference, added_tokens_decoder=entries, model_max_length=1024)


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--qwen3", type=Path, required=True, help="folder with the released tokenizer.json")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    reference = json.loads((options.qwen3 / "tokenizer.json").read_text(encoding="utf-8"))
    config = json.loads((options.qwen3 / "tokenizer_config.json").read_text(encoding="utf-8"))
    expression = reference["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"]
    tokenizer = build(reference, count_words(expression, EXAMPLES, options.seed))
    options.out.mkdir(parents=True, exist_ok=True)
    write_json(options.out / "tokenizer.json", tokenizer)
    write_json(options.out / "tokenizer_config.json", build_config(config, tokenizer["added_tokens"]))
    print(f"{len(tokenizer['model']['merges'])} merges, {VOCABULARY} ids")


if __name__ == "__main__":
    main()
