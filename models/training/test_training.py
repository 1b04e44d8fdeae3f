"""Tests of the data generator and of the tokenizer: `python -m unittest` in this folder.

What needs transformers or tokenizers is skipped where they are missing.
"""

import json
import random
import unicodedata
import unittest
from pathlib import Path

import phrases
from frozen_list import normalized, read_held_out
from generate import Generator, answer_of, completion_of, messages_of, read_situations
from surface import dress

MODEL = Path(__file__).parent.parent / "ce-tiny-demo"

try:
    import regex
    from tokenizers import Tokenizer

    from examples import Encoder
    from train_tokenizer import byte_symbols
except ImportError as missing:
    Tokenizer, WHY = None, str(missing)
else:
    WHY = ""


class Templates(unittest.TestCase):
    def test_a_choice_draws_each_of_its_alternatives(self):
        parts = phrases.parse("I (am|feel) (so |)cold")
        drawn = {phrases.sample(parts, random.Random(i), "train") for i in range(60)}
        self.assertEqual(drawn, {"I am cold", "I feel cold", "I am so cold", "I feel so cold"})

    def test_a_backslash_takes_the_next_character_as_it_is(self):
        self.assertEqual(phrases.sample(phrases.parse("f\\(x\\)"), random.Random(1), "train"), "f(x)")

    def test_an_open_parenthesis_is_refused(self):
        with self.assertRaises(ValueError):
            phrases.parse("I (am cold")

    def test_slot_values_are_split_between_training_and_evaluation(self):
        parts = phrases.parse("{id} {city}")
        drawn = {split: set() for split in ("train", "held")}
        for split, seen in drawn.items():
            rng = random.Random(1)
            for _ in range(3000):
                seen.update(phrases.sample(parts, rng, split).split())
        self.assertFalse(drawn["train"] & drawn["held"])


class Data(unittest.TestCase):
    def test_actions_and_answers_name_one_situation_each(self):
        situations = read_situations()
        self.assertGreaterEqual(len(situations), 80)
        for key in (lambda s: s.action, lambda s: s.answer["zh"], lambda s: s.answer["en"]):
            self.assertEqual(len({key(s) for s in situations}), len(situations))

    def test_the_same_seed_gives_the_same_examples(self):
        first, second = Generator(5), Generator(5)
        self.assertEqual([first.draw() for _ in range(50)], [second.draw() for _ in range(50)])

    def test_no_drawn_text_is_on_the_frozen_list(self):
        frozen = {normalized(p.text) for p in read_held_out()}
        generator = Generator("overlap")
        drawn = (normalized(generator.draw().user) for _ in range(100_000))
        self.assertEqual([text for text in drawn if text in frozen], [])

    def test_json_answers_parse_and_keep_chinese_readable(self):
        for situation in read_situations():
            answer = json.loads(answer_of(situation, "zh", "json"))
            self.assertEqual(list(answer), ["action", "reason"])

    def test_dressing_never_loses_the_text(self):
        rng = random.Random(3)
        self.assertTrue(all(dress("渴了", "zh", rng).strip() for _ in range(2000)))


@unittest.skipIf(Tokenizer is None, WHY)
class Tokens(unittest.TestCase):
    def setUp(self):
        self.file = json.loads((MODEL / "tokenizer.json").read_text(encoding="utf-8"))
        self.tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))

    def encode(self, text):
        """The rules by the book: NFC, split, bytes, then always the earliest merge."""
        ranks = {tuple(pair): rank for rank, pair in enumerate(self.file["model"]["merges"])}
        expression = self.file["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"]
        ids = []
        for word in regex.findall(expression, unicodedata.normalize("NFC", text)):
            symbols = [byte_symbols()[b] for b in word.encode()]
            while True:
                pairs = [(ranks[p], i) for i, p in enumerate(zip(symbols, symbols[1:])) if p in ranks]
                if not pairs:
                    break
                at = min(pairs)[1]
                symbols[at : at + 2] = [symbols[at] + symbols[at + 1]]
            ids += [self.file["model"]["vocab"][s] for s in symbols]
        return ids

    def texts(self):
        """Drawn texts, and lines of random characters out of several scripts."""
        generator, rng = Generator("tokens"), random.Random(1)
        ranges = [(32, 126), (160, 591), (880, 1279), (2304, 2431), (12352, 12543), (19968, 21000), (44032, 44100)]
        drawn = [generator.draw().user for _ in range(300)]
        random_lines = ["".join(chr(rng.randint(*rng.choice(ranges))) for _ in range(30)) for _ in range(300)]
        return drawn + random_lines + ["e\u0301 \r\n\r\n a  \t x", "नमस्ते", "👨‍👩‍👧", "Don'T I'LL 123  4567"]

    def test_tokenizers_agrees_with_the_rules(self):
        for text in self.texts():
            self.assertEqual(self.tokenizer.encode(text).ids, self.encode(text), text)

    def test_decoding_gives_the_normalized_text_back(self):
        for text in self.texts():
            ids = self.tokenizer.encode(text).ids
            self.assertEqual(self.tokenizer.decode(ids), unicodedata.normalize("NFC", text))

    def test_added_tokens_have_the_last_ids(self):
        ids = [self.tokenizer.token_to_id(t["content"]) for t in self.file["added_tokens"]]
        self.assertEqual(ids, list(range(3036, 3062)))

    def test_prompts_are_what_the_chat_template_renders(self):
        encoder, generator = Encoder(MODEL), Generator("prompts")
        for _ in range(200):
            example = generator.draw()
            options = {"enable_thinking": False} if example.thought is None else {}
            rendered = encoder.tokenizer.apply_chat_template(
                messages_of(example), tokenize=False, add_generation_prompt=True, **options
            )
            self.assertEqual(encoder.prompt(example), rendered)
            self.assertTrue(completion_of(example).endswith("<|im_end|>"))


if __name__ == "__main__":
    unittest.main()
