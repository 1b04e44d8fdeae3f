"""Examples as token ids: the prompt through the chat template, the completion behind it."""

from transformers import AutoTokenizer

from generate import Generator, completion_of, messages_of

MARK = "\ue000"  # a private character that stands for the user's text while the template is rendered


class Encoder:
    """Renders and tokenizes. The frame around a user's text is rendered once for each system prompt."""

    def __init__(self, folder):
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self._frames = {}

    def prompt(self, example):
        """The prompt's text, as apply_chat_template gives it."""
        key = (example.system, example.thought is None)
        if key not in self._frames:
            self._frames[key] = self._render(example)
        return self._frames[key].replace(MARK, example.user)

    def _render(self, example):
        framed = type(example)(example.system, MARK, example.thought, example.answer)
        options = {"enable_thinking": False} if example.thought is None else {}
        return self.tokenizer.apply_chat_template(
            messages_of(framed), tokenize=False, add_generation_prompt=True, **options
        )

    def encode(self, examples):
        """Pairs (prompt ids, completion ids)."""
        texts = [self.prompt(e) for e in examples] + [completion_of(e) for e in examples]
        ids = self.tokenizer(texts, add_special_tokens=False)["input_ids"]
        return list(zip(ids[: len(examples)], ids[len(examples) :]))


def batches(encoder, seed, pool, size, batches_in_pool=16, longest=120):
    """One pool of batches of equally long examples; depends on `seed` and `pool` alone, so a run can go on."""
    generator = Generator(f"{seed}/{pool}")
    pairs = encoder.encode([generator.draw() for _ in range(size * batches_in_pool)])
    pairs = sorted((p for p in pairs if len(p[0]) + len(p[1]) <= longest), key=lambda p: len(p[0]) + len(p[1]))
    cut = [pairs[at : at + size] for at in range(0, len(pairs) - size // 2, size)]
    generator.rng.shuffle(cut)
    return cut
