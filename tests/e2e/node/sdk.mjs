// The CloudEvents SDK as producer and as subscriber. Prints the port of its subscriber, reads the broker's
// URL from stdin, posts events in both modes, and compares what its own HTTP receiver makes of what is
// delivered with what was sent. Exits with 1 and the difference, or with 0.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import readline from "node:readline";
import { CloudEvent, HTTP } from "cloudevents";

const arrived = new Map(); // id -> event
const waiting = new Map(); // id -> resolve

const subscriber = http.createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  try {
    const event = HTTP.toEvent({ headers: request.headers, body: Buffer.concat(chunks).toString() });
    event.validate();
    arrived.set(event.id, event);
    waiting.get(event.id)?.(event);
    response.writeHead(202).end();
  } catch (error) {
    console.error(`a delivery the SDK does not take: ${error.message}`, request.headers);
    response.writeHead(400).end();
  }
});

function arrival(id) {
  if (arrived.has(id)) return arrived.get(id);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${id} did not arrive`)), 20_000);
    waiting.set(id, (event) => {
      clearTimeout(timer);
      resolve(event);
    });
  });
}

const events = {
  plain: new CloudEvent({ id: "plain", type: "com.example.a", source: "/sdk", data: { text: "hi" } }),
  full: new CloudEvent({
    id: "full", type: "com.example.b", source: "https://example.com/a?b=c#d", subject: "a/b",
    time: "2024-05-01T12:34:56.789Z", dataschema: "https://example.com/schema.json",
    datacontenttype: "application/json", data: [1, 2.5, "drei", null, { vier: true }],
    partitionkey: "k1", number: 7, flag: true,
  }),
  unicode: new CloudEvent({
    // The SDK neither writes nor reads the percent-encoding of headers, so only the data is not ASCII.
    id: "unicode", type: "com.example.c", source: "/sdk", subject: "plain/subject-1",
    datacontenttype: "text/plain", data: "Grüße 100% 你好 🎉\nZeile zwei ☕",
  }),
  bare: new CloudEvent({ id: "bare", type: "com.example.d", source: "/sdk" }),
};

/** What must come back: the attributes as strings compare equal, the data deeply. */
function compare(sent, got, mode) {
  for (const name of ["specversion", "type", "source", "subject", "time", "dataschema", "partitionkey",
                      "number", "flag"]) {
    const text = (value) => (value === undefined ? undefined : String(value));
    assert.equal(text(got[name]), text(sent[name]), `${mode}: ${name} of ${sent.id}`);
  }
  assert.deepEqual(got.data === "" ? undefined : got.data, sent.data, `${mode}: data of ${sent.id}`);
  assert.ok(!Number.isNaN(Date.parse(got.knativearrivaltime)), `${mode}: knativearrivaltime`);
  assert.equal(got.knativebrokerttl, undefined, `${mode}: the hop count is not for subscribers`);
}

subscriber.listen(0, "127.0.0.1");
await once(subscriber, "listening");
console.log(subscriber.address().port);
const url = (await readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]().next()).value;

try {
  for (const [mode, encode] of [["binary", HTTP.binary], ["structured", HTTP.structured]]) {
    for (const event of Object.values(events)) {
      const sent = event.cloneWith({ id: `${mode}-${event.id}` });
      const { headers, body } = encode(sent);
      const response = await fetch(url, { method: "POST", headers, body });
      assert.equal(response.status, 202, `${mode} ${sent.id}: ${await response.text()}`);
      compare(sent, await arrival(sent.id), mode);
      console.log(`ok ${mode} ${event.id}`);
    }
  }
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
subscriber.closeAllConnections?.();
subscriber.close();
process.stdin.destroy();
