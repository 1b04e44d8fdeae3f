// KafkaJS as a foreign peer. Reads one JSON command a line from stdin and answers with one JSON line each:
//   {"brokers": "host:port", "produce": {"topic", "key", "value", "headers"}}     {"ok": true}
//   {"brokers": "host:port", "consume": {"topic", "count"}}                       the records, from the beginning

import readline from "node:readline";
import { Kafka, logLevel } from "kafkajs";

const text = (bytes) => (bytes === null || bytes === undefined ? null : bytes.toString());

async function produce(kafka, { topic, key, value, headers }) {
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, acks: -1, messages: [{ key, value, headers }] });
  await producer.disconnect();
  return { ok: true };
}

async function consume(kafka, { topic, count }) {
  const consumer = kafka.consumer({ groupId: `peer-${process.pid}-${Date.now()}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const records = [];
  await new Promise((resolve, reject) => {
    consumer.run({
      eachMessage: async ({ message }) => {
        const headers = Object.fromEntries(
          Object.entries(message.headers).map(([name, value]) => [name, text(value)]));
        records.push({ key: text(message.key), value: text(message.value), headers });
        if (records.length === count) resolve();
      },
    }).catch(reject);
  });
  await consumer.disconnect();
  return records;
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  const kafka = new Kafka({ clientId: "peer", brokers: [command.brokers], logLevel: logLevel.NOTHING });
  const answer = command.produce ? await produce(kafka, command.produce) : await consume(kafka, command.consume);
  console.log(JSON.stringify(answer));
}
