"""OpenAI's package for Python against Sluice: ask.py BASE_URL. Prints "ok WHAT" for each thing that it does;
ends with a traceback at the first that is not as it should be."""

import json
import sys

import openai

client = openai.OpenAI(base_url=sys.argv[1], api_key="none", max_retries=0)
ASKED = {"model": "tiny", "messages": [{"role": "user", "content": "渴了"}], "temperature": 0, "max_tokens": 32}

assert [model.id for model in client.models.list()] == ["tiny"]
print("ok models")

whole = client.chat.completions.create(**ASKED)
answer = whole.choices[0].message.content
assert answer == "喝点水。", answer
assert whole.choices[0].finish_reason == "stop"
assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens
print("ok chat")

chunks = list(client.chat.completions.create(**ASKED, stream=True, stream_options={"include_usage": True}))
assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == answer
assert chunks[-1].usage.total_tokens == whole.usage.total_tokens
print("ok stream")

schema = {"type": "object", "additionalProperties": False, "required": ["action"],
          "properties": {"action": {"type": "string", "enum": ["drink_water", "eat", "ask_person"]}}}
structured = client.chat.completions.create(
    **ASKED, response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": schema}})
assert json.loads(structured.choices[0].message.content)["action"] in schema["properties"]["action"]["enum"]
choice = client.chat.completions.create(**ASKED, extra_body={"guided_choice": ["yes", "no"]})
assert choice.choices[0].message.content in ("yes", "no")
print("ok structured output")

try:
    client.chat.completions.create(**{**ASKED, "model": "gpt"})
    raise AssertionError("an unknown model was served")
except openai.NotFoundError as error:
    assert error.code == "model_not_found", error
print("ok unknown model")

try:
    client.chat.completions.create(**{**ASKED, "temperature": 7})
    raise AssertionError("a bad request was served")
except openai.BadRequestError as error:
    assert error.param == "temperature", error
print("ok bad request")
