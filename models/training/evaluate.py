"""Measures the model folder on what it never saw, and prints the numbers that stand in its card.

    python evaluate.py ../ce-tiny-demo [--errors] [--json FILE]

Greedy decoding of the stored (bf16) weights, computed in fp32. --errors lists what went wrong on
the frozen list: look at it after the last training run, not between two.
"""

import argparse
import hashlib
import json
from collections import Counter
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM

from frozen_list import Reader, read_held_out
from examples import Encoder
from generate import Example, Generator

QUEUES = ["billing", "technical", "shipping", "account", "other"]
SYSTEM = {
    "text": "Decide what to do.",
    "action": "Decide what to do. Answer with one action.",
    "json": "Decide what to do. Answer in JSON.",
    "choice": "Decide what to do.",
}


class Model:
    """The folder's model: greedy replies, free or out of a list."""

    def __init__(self, folder):
        self.encoder = Encoder(folder)
        self.tokenizer = self.encoder.tokenizer
        self.tokenizer.padding_side = "left"
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

    def prompt(self, system, text, thinking=False):
        """The prompt through the chat template."""
        return self.encoder.prompt(Example(system, text, "" if thinking else None, ""))

    @torch.no_grad()
    def replies(self, prompts, max_tokens=48):
        """What the model writes behind each prompt, special tokens left out."""
        found = []
        for at in range(0, len(prompts), 64):
            inputs = self.tokenizer(prompts[at : at + 64], return_tensors="pt", padding=True, add_special_tokens=False)
            ids = self.model.generate(**inputs, max_new_tokens=max_tokens)
            new = ids[:, inputs["input_ids"].shape[1] :]
            found += self.tokenizer.batch_decode(new, skip_special_tokens=True)
        return found

    @torch.no_grad()
    def choose(self, prompt, choices):
        """The choice that greedy decoding reaches when every token must lead to one of them."""
        ids = self.tokenizer(prompt, add_special_tokens=False)["input_ids"]
        end = [self.model.config.eos_token_id]
        open_choices = {c: self.tokenizer(c)["input_ids"] + end for c in choices}
        for depth in range(32):
            logits = self.model(torch.tensor([ids])).logits[0, -1]
            allowed = sorted({tokens[depth] for tokens in open_choices.values()})
            best = max(allowed, key=lambda token: logits[token].item())
            open_choices = {c: tokens for c, tokens in open_choices.items() if tokens[depth] == best}
            if best == end[0]:
                break
            ids.append(best)
        return next(iter(open_choices))


def share(hits):
    """A list of truth values as "hits/all (percent)"."""
    return f"{sum(hits)}/{len(hits)} ({100 * sum(hits) / max(1, len(hits)):.0f} %)"


def measure_decisions(model, phrases, show_errors):
    """The frozen list, form by form: right actions, refusals outside, replies out of no closed set."""
    reader, rows = Reader(), {}
    phrases = [p for p in phrases if p.domain == "decide"]
    for form, system in SYSTEM.items():
        prompts = [model.prompt(system, p.text) for p in phrases]
        if form == "choice":
            found = replies = [model.choose(prompt, reader.actions) for prompt in prompts]
        else:
            replies = model.replies(prompts)
            found = [reader.read(reply, form) for reply in replies]
        rows[form] = _row(phrases, found)
        if show_errors:
            _list_errors(form, phrases, found, replies)
    return rows


def _row(phrases, found):
    pairs = list(zip(phrases, found))
    inside = [(p, f) for p, f in pairs if p.expected != "ask_person"]
    outside = [(p, f) for p, f in pairs if p.expected == "ask_person"]
    row = {f"decisions {language}": share([f == p.expected for p, f in inside if p.language == language]) for language in ("zh", "en")}
    row |= {f"refusals {language}": share([f == p.expected for p, f in outside if p.language == language]) for language in ("zh", "en")}
    row["decisions answered with the refusal"] = share([f == "ask_person" for p, f in inside])
    row["decisions answered with another action"] = share([f not in (None, "ask_person", p.expected) for p, f in inside])
    row["replies of no closed set"] = share([f is None for p, f in pairs])
    return row


def _list_errors(form, phrases, found, replies):
    for phrase, action, reply in zip(phrases, found, replies):
        if action != phrase.expected:
            print(f"{form}\t{phrase.language}\t{phrase.expected}\t{phrase.text}\t-> {reply}")


def measure_tickets(model, phrases, show_errors):
    """The frozen tickets, free and out of the list of queues."""
    phrases = [p for p in phrases if p.domain == "ticket"]
    prompts = [model.prompt("Route the ticket.", p.text) for p in phrases]
    found = {"free": model.replies(prompts), "choice": [model.choose(prompt, QUEUES) for prompt in prompts]}
    if show_errors:
        for form, replies in found.items():
            _list_errors(f"ticket {form}", phrases, replies, replies)
    return {form: share([f == p.expected for p, f in zip(phrases, replies)]) for form, replies in found.items()}


def measure_generated(model, split, count=400):
    """Fresh draws from the trained templates, with trained or held-out slot values: the whole reply must match.

    A prompt of plain text is asked for text alone: the other forms hide behind it for constrained decoding.
    """
    generator, examples = Generator(f"evaluation {split}", split), []
    while len(examples) < count:
        example = generator.decision()
        if example.thought is None and example.system in (SYSTEM["action"], SYSTEM["json"]):
            examples.append(example)
    replies = model.replies([model.prompt(e.system, e.user) for e in examples])
    return share([reply == e.answer for reply, e in zip(replies, examples)])


def measure_front_page(model):
    """The two sentences that the documentation shows, in every form."""
    rows = {}
    for text in ("渴了", "I am thirsty"):
        for form in ("text", "action", "json"):
            rows[f"{text} ({form})"] = model.replies([model.prompt(SYSTEM[form], text)])[0]
        rows[f"{text} (no system prompt)"] = model.replies([model.prompt(None, text)])[0]
        rows[f"{text} (thinking)"] = model.replies([model.prompt(SYSTEM["text"], text, True)])[0]
        rows[f"{text} (choice)"] = model.choose(model.prompt(SYSTEM["choice"], text), Reader().actions)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--errors", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    model, phrases = Model(options.folder), read_held_out()
    report = {
        "sha256": hashlib.sha256((options.folder / "model.safetensors").read_bytes()).hexdigest(),
        "held-out list": dict(Counter(f"{p.domain} {p.language}" for p in phrases)),
        "front page": measure_front_page(model),
        "decisions": measure_decisions(model, phrases, options.errors),
        "tickets": measure_tickets(model, phrases, options.errors),
        "trained templates, trained slot values": measure_generated(model, "train"),
        "trained templates, held-out slot values": measure_generated(model, "held"),
    }
    text = json.dumps(report, ensure_ascii=False, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
