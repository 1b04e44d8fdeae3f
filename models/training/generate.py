"""The training data of the demo model: an endless, seeded stream of examples. All text is our own.

    python generate.py [--seed 1] [--count 20]     # prints examples, a JSON line each
"""

import argparse
import json
import random
from dataclasses import asdict, dataclass

from phrases import Sampler, read_blocks
from surface import dress

DECISION_FILES = ["body_home.txt", "errands.txt", "operations.txt", "devices_shop.txt"]
REFUSAL = {"zh": "不确定，请人工处理。", "en": "Not sure; please ask a person."}
UNSURE = {"zh": "不确定", "en": "not sure"}

PLAIN_PROMPTS = [None] * 8 + ["Decide what to do."] * 6 + [
    "You are a decision assistant.", "Decide what to do. Answer briefly.", "Decide what to do next.",
    "What should be done?", "You help people and machines decide what to do.", "You are helpful.",
    "你是决策助手。", "你是决策助手", "决定该做什么。", "请决定怎么办。", "根据事件决定该做什么。",
]  # fmt: skip
ACTION_PROMPTS = ["Decide what to do. Answer with one action."] * 3 + ["Answer with one action."] * 3 + [
    "You are a decision assistant. Answer with one action.", "Reply with one action name only.",
    "决定该做什么。只回答一个动作。", "只回答一个动作。", "你是决策助手。只回答动作名。",
]  # fmt: skip
JSON_PROMPTS = ["Decide what to do. Answer in JSON."] * 3 + ["Answer in JSON."] * 2 + [
    "Decide what to do. Reply with a JSON object with action and reason.", "Reply in JSON.",
    "You are a decision assistant. Answer in JSON.", "Decide what to do and answer as JSON.",
    "决定该做什么。用 JSON 回答。", "用 JSON 回答。", "你是决策助手。用JSON回答。",
]  # fmt: skip
TICKET_PROMPTS = ["Route the ticket."] * 3 + [
    "Route the ticket to one queue.", "Route this support ticket.", "Which queue should take this ticket?",
    "Route the support ticket to one queue: billing, technical, shipping, account, other.",
    "You route support tickets.", "把工单分给合适的队列。", "工单分流。", "这张工单归哪个队列？",
]  # fmt: skip
TICKET_JSON = ["Route the ticket. Answer in JSON."] * 2 + ["You route support tickets. Answer in JSON.", "把工单分给合适的队列。用 JSON 回答。"]

SHARES = {"decision": 0.62, "outside": 0.24, "ticket": 0.14}
FORMS = ["plain", "action", "json"]
FORMS_WHEN_PLAIN = [0.78, 0.13, 0.09]  # constrained decoding must find the other forms behind the same prompt
THINKING_SHARE = 0.12


@dataclass
class Example:
    """One conversation; `thought` is None where the prompt switches thinking off."""

    system: str | None
    user: str
    thought: str | None
    answer: str


@dataclass
class Situation:
    """What is to be done, in words of both languages, and the sentences that say so."""

    action: str
    answer: dict
    reason: dict
    sampler: dict


def read_situations():
    """Every situation of the decision files, in order."""
    situations = []
    for name in DECISION_FILES:
        for block in read_blocks(name):
            action, zh, zh_reason, en, en_reason = block.fields
            samplers = {language: Sampler(block.of_language(language)) for language in ("zh", "en")}
            situations.append(Situation(action, {"zh": zh, "en": en}, {"zh": zh_reason, "en": en_reason}, samplers))
    return situations


def refusal():
    """The situation without sentences that everything outside belongs to."""
    return Situation("ask_person", REFUSAL, UNSURE, {})


class Generator:
    """Draws examples; the same seed gives the same stream."""

    def __init__(self, seed, split="train"):
        self.rng = random.Random(seed)
        self.split = split
        self.situations = read_situations()
        self.refusal = refusal()
        self._home = len(read_blocks(DECISION_FILES[0]))
        self._outside = {b.fields[0]: Sampler(b.templates) for b in read_blocks("outside.txt")}
        self._queues = [
            (b.fields, {language: Sampler(b.of_language(language)) for language in ("zh", "en")})
            for b in read_blocks("tickets.txt")
        ]

    def draw(self):
        """One example of any kind."""
        kind = self.rng.choices(list(SHARES), list(SHARES.values()))[0]
        return {"decision": self.decision, "outside": self.outside, "ticket": self.ticket}[kind]()

    def decision(self):
        """A situation, one of its sentences, and what to do."""
        return self.decision_of(self.rng.choice(self.situations))

    def decision_of(self, situation):
        """A sentence of this situation, and what to do."""
        language = self.rng.choice(["zh", "en"])
        text = situation.sampler[language].draw(self.rng, self.split)
        return self._decide(situation, text, language)

    def outside(self):
        """Something that no situation covers: the refusal."""
        if self.rng.random() < 0.04:  # a ticket about an account is nothing to decide here
            fields, samplers = self._queues[3]
            language = self.rng.choice(["zh", "en"])
            return self._decide(self.refusal, samplers[language].draw(self.rng, self.split), language)
        part = self.rng.choices(["zh", "en", "other"], [45, 45, 10])[0]
        text = self._outside[part].draw(self.rng, self.split)
        return self._decide(self.refusal, text, "zh" if part == "zh" else "en")

    def ticket(self):
        """A support ticket and its queue; the last queue takes what is no ticket."""
        fields, samplers = self.rng.choice(self._queues)
        language = self.rng.choice(["zh", "en"])
        text = samplers[language].draw(self.rng, self.split)
        if fields[0] == "other" and self.rng.random() < 0.6:
            text = self._no_ticket(language)
        as_json = self.rng.random() < 0.25
        reason = fields[1] if language == "zh" else fields[2]
        queue = to_json({"queue": fields[0], "reason": reason}) if as_json else fields[0]
        # Behind the JSON prompts always JSON; behind the others some, for constrained decoding.
        prompts = TICKET_JSON if as_json and self.rng.random() < 0.6 else TICKET_PROMPTS
        thought = self._thought(reason, fields[0], language)
        return Example(self.rng.choice(prompts), dress(text, language, self.rng), thought, queue)

    def _no_ticket(self, language):
        if self.rng.random() < 0.5:
            return self._outside[language].draw(self.rng, self.split)
        home = self.rng.choice(self.situations[: self._home])
        return home.sampler[language].draw(self.rng, self.split)

    def _decide(self, situation, text, language):
        form = self.rng.choices(FORMS, [0.6, 0.2, 0.2])[0]
        prompts = {"plain": PLAIN_PROMPTS, "action": ACTION_PROMPTS, "json": JSON_PROMPTS}[form]
        if form == "plain":
            form = self.rng.choices(FORMS, FORMS_WHEN_PLAIN)[0]
        thought = self._thought(situation.reason[language], situation.action, language)
        answer = answer_of(situation, language, form)
        return Example(self.rng.choice(prompts), dress(text, language, self.rng), thought, answer)

    def _thought(self, reason, action, language):
        if self.rng.random() >= THINKING_SHARE:
            return None
        if language == "zh":
            return f"事件：{reason}。合适的动作：{action}。"
        return f"The event: {reason}. A fitting action: {action}."


def answer_of(situation, language, form):
    """The reply to a situation as plain text, as the bare action or as a JSON object."""
    if form == "plain":
        return situation.answer[language]
    if form == "action":
        return situation.action
    return to_json({"action": situation.action, "reason": situation.reason[language]})


def to_json(fields):
    """Compact JSON, keys in order, Chinese as it is."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def messages_of(example):
    """The prompt's messages for apply_chat_template."""
    system = [{"role": "system", "content": example.system}] if example.system else []
    return system + [{"role": "user", "content": example.user}]


def completion_of(example):
    """What the assistant writes behind the generation prompt, its end mark included."""
    thought = "" if example.thought is None else f"<think>\n{example.thought}\n</think>\n\n"
    return f"{thought}{example.answer}<|im_end|>"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20)
    options = parser.parse_args()
    generator = Generator(options.seed)
    for _ in range(options.count):
        print(json.dumps(asdict(generator.draw()), ensure_ascii=False))
