#!/usr/bin/env python3
"""tools/inference/fuzz_tokenizer.py DIR DRIVER [--count N] [--seed N]: random strings against PyPI's.

DIR has a tokenizer.json, DRIVER is the built inference/tools/tokenizer_driver.cc. Strings are made of code
points from all of Unicode and, more often, from where tokenizers break: marks, Hangul, spaces, line
ends, apostrophes, digits, control tokens and pieces of them. Exits with 1 at the first difference.
Needs `tokenizers`.
"""
import argparse
import json
import random
import subprocess
import sys
import unicodedata

from tokenizers import Tokenizer

MARKS = [c for c in range(0x110000) if unicodedata.combining(chr(c))]
COMPOSED = [c for c in range(0x110000) if unicodedata.decomposition(chr(c))
            and not unicodedata.decomposition(chr(c)).startswith("<")]
SPACES = " \t\n\r\v\f\x85\xa0\u1680\u2003\u2028\u2029\u202f\u205f\u3000\u180e\u200b\ufeff\x1c\x1f"
WORDS = ["'s", "'S", "'\u017f", "'ll", "'LL", "'re", "'vE", "'d", "'m", "'t", "\u2019s", "''s",
         "hello", "World", "the", "渴了", "我们", "\r\n", "\n\n", "  ", "    ", "x = y", "::", "...",
         "!!!", "123", "٣٤", "Ⅷ", "½", "e\u0301", "नमस्ते", "한국어", "\u1112\u1161\u11ab", "🐾",
         "👨\u200d👩\u200d👧", "ﬁ", "\u0000", "\u007f", "<|im_e", "nd|>", "<", "|>", "Ġ", "Ċ"]


def code_point(rng):
    while True:
        kind = rng.randrange(8)
        if kind == 0:
            code = rng.randrange(0x110000)
        elif kind == 1:
            code = rng.choice(MARKS)
        elif kind == 2:
            code = rng.choice(COMPOSED)
        elif kind == 3:
            code = rng.choice((rng.randrange(0x1100, 0x1200), rng.randrange(0xAC00, 0xD7A4)))
        elif kind == 4:
            code = rng.randrange(0x20000)
        elif kind == 5:
            code = rng.randrange(0x3000)
        else:
            code = rng.randrange(128)
        if not 0xD800 <= code <= 0xDFFF:
            return chr(code)


def text(rng, controls):
    """One string; how it is put together differs from string to string."""
    weights = [rng.random() ** 3 for _ in range(6)]
    parts = []
    for _ in range(rng.randrange(1, 24)):
        kind = rng.choices(range(6), weights)[0]
        if kind == 0:
            parts.append(code_point(rng))
        elif kind == 1:
            parts.append(rng.choice(WORDS))
        elif kind == 2:
            parts.append(rng.choice(SPACES) * rng.randrange(1, 4))
        elif kind == 3:
            parts.append("".join(chr(rng.randrange(32, 127)) for _ in range(rng.randrange(1, 9))))
        elif kind == 4:
            parts.append(rng.choice("ea'1 \n\u4e00\u3042") * rng.choice((1, 2, 3, 60)))
        elif rng.random() < 0.3:
            control = rng.choice(controls)
            parts.append(control if rng.random() < 0.7 else control[:rng.randrange(len(control))])
        else:
            parts.append("".join(chr(rng.randrange(0x4E00, 0x5200)) for _ in range(6)))
    return "".join(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dir")
    parser.add_argument("driver")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    oracle = Tokenizer.from_file(arguments.dir + "/tokenizer.json")
    controls = [token.content for token in oracle.get_added_tokens_decoder().values()]
    rng = random.Random(arguments.seed)
    done = tokens = 0
    while done < arguments.count:
        texts = [text(rng, controls) for _ in range(min(10_000, arguments.count - done))]
        lines = "".join(json.dumps(t) + "\n" for t in texts)
        ran = subprocess.run([arguments.driver, arguments.dir], input=lines, capture_output=True,
                             text=True, check=True)
        ours = [json.loads(line) for line in ran.stdout.splitlines()]
        assert len(ours) == len(texts)
        for t, ids in zip(texts, ours):
            wanted = oracle.encode(t).ids
            tokens += len(wanted)
            if ids != wanted:
                print(f"differs: {json.dumps(t)}\n  tokenizers: {wanted}\n  ours:       {ids}")
                return 1
        done += len(texts)
    print(f"{done} strings, {tokens} tokens: equal (seed {arguments.seed})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
