"""What real input looks like: case, typos, punctuation, full-width forms, emoji, prefixes, wrappers."""

import json

PREFIXES = {
    "zh": ["事件：", "事件: ", "告警：", "用户说：", "提醒：", "消息：", "通知：", "备注：", "报告：", "【提醒】",
           "【告警】", "那个，", "你好，", "请注意，", "哎，", "刚才", "现在", "今天", "又"],
    "en": ["event: ", "Event: ", "alert: ", "ALERT: ", "note: ", "message: ", "[INFO] ", "[WARN] ", "warning: ",
           "hi, ", "hey, ", "um, ", "oh no, ", "FYI: ", "user says: ", "help, ", "well, ", "ugh, ", "update: "],
}  # fmt: skip
ENDINGS = {
    "zh": ["。", "！", "！！", "…", "~", "？", "，怎么办？", "，怎么办", "，该怎么办？", " ", "了哦", "呢", "啊"],
    "en": [".", "!", "!!", "...", "?", " :(", ", what now?", ", what should I do?", " ", " again", " please help"],
}
EMOJI = ["😀", "😫", "🙏", "⚠️", "🔥", "💧", "😅", "🚨", "👀", "🤔", "😴", "❗"]
TYPES = ["person.said", "com.example.note", "chat.message", "alert", "sensor.event", "dev.example.event", "message"]
KEYS = ["text", "message", "msg", "body", "event", "note"]
FULL_WIDTH = {ord(c): ord(c) + 0xFEE0 for c in map(chr, range(0x21, 0x7F))}


def dress(text, language, rng):
    """The text as somebody might really send it; half of the time as it is."""
    if language == "en":
        text = _letter_case(_typo(text, rng), rng)
    elif rng.random() < 0.05:
        text = _drop_one(text, rng)
    if rng.random() < 0.10:
        text = rng.choice(PREFIXES[language]) + text
    if rng.random() < 0.30:
        text += rng.choice(ENDINGS[language])
    if rng.random() < 0.04:
        text += rng.choice(EMOJI)
    if rng.random() < 0.03:
        text = _full_width(text, language)
    return _wrap(text, rng) if rng.random() < 0.06 else text


def _letter_case(text, rng):
    """Lower, upper, title or sentence case; most often as written."""
    chance = rng.random()
    if chance < 0.15:
        return text.lower()
    if chance < 0.27:
        return text.upper()
    if chance < 0.31:
        return text.title()
    return text[:1].upper() + text[1:] if chance < 0.55 else text


def _typo(text, rng):
    """With one letter lost, doubled or swapped in one text of eight, and no apostrophe in some."""
    if rng.random() < 0.06:
        text = text.replace("'", "")
    if len(text) < 8 or rng.random() > 0.12:
        return text
    at = rng.randrange(1, len(text) - 2)
    swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return rng.choice([text[:at] + text[at + 1 :], text[:at] + text[at:at + 1] + text[at:], swapped])


def _drop_one(text, rng):
    if len(text) < 7:
        return text
    at = rng.randrange(len(text))
    return text[:at] + text[at + 1 :]


def _full_width(text, language):
    """ASCII as full-width forms: digits and marks in Chinese text, the letters as well in short English."""
    if language == "en" and len(text) > 20:
        return text
    return text.translate(FULL_WIDTH)


def _wrap(text, rng):
    """Inside a JSON object, sometimes one that looks like a CloudEvent."""
    data = {rng.choice(KEYS): text}
    if rng.random() < 0.5:
        data = {"type": rng.choice(TYPES), "data": data}
    compact = (",", ":") if rng.random() < 0.5 else (", ", ": ")
    return json.dumps(data, ensure_ascii=False, separators=compact)
