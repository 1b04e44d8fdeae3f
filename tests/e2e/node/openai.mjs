// OpenAI's package for JavaScript against Sluice: node openai.mjs BASE_URL. Prints "ok WHAT" for each thing
// that it does; exits with 1 at the first that is not as it should be.

import assert from "node:assert/strict";
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.argv[2], apiKey: "none", maxRetries: 0 });
const model = "tiny";
const messages = [{ role: "user", content: "渴了" }];
const settings = { model, messages, temperature: 0, max_tokens: 32 };

const listed = [];
for await (const one of await client.models.list()) listed.push(one.id);
assert.deepEqual(listed, [model]);
assert.equal((await client.models.retrieve(model)).object, "model");
console.log("ok models");

const whole = await client.chat.completions.create(settings);
const answer = whole.choices[0].message.content;
assert.equal(answer, "喝点水。");
assert.equal(whole.choices[0].finish_reason, "stop");
assert.equal(whole.usage.total_tokens, whole.usage.prompt_tokens + whole.usage.completion_tokens);
console.log("ok chat");

let streamed = "";
let usage = null;
const chunks = await client.chat.completions.create({
  ...settings, stream: true, stream_options: { include_usage: true },
});
for await (const chunk of chunks) {
  streamed += chunk.choices[0]?.delta.content ?? "";
  usage = chunk.usage ?? usage;
}
assert.equal(streamed, answer);
assert.deepEqual(usage.total_tokens, whole.usage.total_tokens);
console.log("ok stream");

const runner = client.chat.completions.stream(settings); // Puts the chunks together again.
assert.equal(await runner.finalContent(), answer);
console.log("ok stream helper");

const schema = {
  type: "object", additionalProperties: false, required: ["action"],
  properties: { action: { type: "string", enum: ["drink_water", "eat", "ask_person"] } },
};
const structured = await client.chat.completions.parse({
  ...settings, response_format: { type: "json_schema", json_schema: { name: "a", strict: true, schema } },
});
const decided = JSON.parse(structured.choices[0].message.content).action;
assert.ok(schema.properties.action.enum.includes(decided), decided);
console.log("ok structured output");

const scored = await client.chat.completions.create({ ...settings, logprobs: true, top_logprobs: 2 });
assert.equal(scored.choices[0].logprobs.content[0].top_logprobs.length, 2);
console.log("ok logprobs");

const text = await client.completions.create({ model, prompt: "I am thirsty", max_tokens: 4 });
assert.equal(text.object, "text_completion");
assert.equal(typeof text.choices[0].text, "string");
console.log("ok completion");

await assert.rejects(client.chat.completions.create({ ...settings, model: "gpt" }), (error) => {
  assert.ok(error instanceof OpenAI.NotFoundError);
  assert.equal(error.code, "model_not_found");
  return true;
});
console.log("ok unknown model");

await assert.rejects(client.chat.completions.create({ ...settings, temperature: 7 }), (error) => {
  assert.ok(error instanceof OpenAI.BadRequestError);
  assert.equal(error.param, "temperature");
  assert.match(error.message, /0 to 2, not 7/);
  return true;
});
console.log("ok bad request");
