#!/usr/bin/env bash
# Asks npm's ajv, a JSON Schema validator that is not ours, what it thinks of the texts that
# constrained output writes: random schemas, and both a model that picks any allowed token and an engine
# with a transformer of random weights, as in tests/inference.
#
#   tools/inference/check_json_schema.sh INFERENCE_TEST [TEXTS]
#
# INFERENCE_TEST is the test program (cmake -S inference ...), TEXTS how many of each (10000). Needs
# node, npm and a registry to get ajv from; ajv is not part of the product.
set -euo pipefail
test_program=$(realpath "${1:?usage: $0 INFERENCE_TEST [TEXTS]}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

export SLUICE_GRAMMAR_TEXTS="${2:-10000}" SLUICE_GRAMMAR_SAMPLES="$dir/masks.jsonl"
export SLUICE_CONSTRAINED_TEXTS="${2:-10000}" SLUICE_CONSTRAINED_SAMPLES="$dir/engine.jsonl"
"$test_program" --gtest_filter='GrammarMask.EachText*:ConstrainedOutput.EveryText*' --gtest_brief=1
cd "$dir"
npm install --silent --no-fund --no-audit ajv@8 >/dev/null 2>&1
cat >check.mjs <<'JS'
import fs from 'node:fs';
import Ajv from 'ajv/dist/2020.js';

let bad = false;
for (const name of ['masks', 'engine']) {
  let wrong = 0, texts = 0;
  const kinds = new Map();
  for (const line of fs.readFileSync(`${name}.jsonl`, 'utf8').split('\n')) {
    if (!line) continue;
    const {schema, text} = JSON.parse(line);
    const ajv = new Ajv({strict: false});
    const value = JSON.parse(text);
    const kind = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    texts += 1;
    if (ajv.validate(schema, value)) continue;
    wrong += 1;
    if (wrong <= 5) console.error(ajv.errorsText(), '\n', line);
  }
  console.log(`ajv, ${name}: ${texts} texts, ${wrong} wrong;`, JSON.stringify(Object.fromEntries(kinds)));
  bad ||= texts === 0 || wrong > 0;
}
process.exit(bad ? 1 : 0);
JS
node check.mjs
