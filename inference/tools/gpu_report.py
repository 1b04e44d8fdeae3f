#!/usr/bin/env python3
"""gpu_report.py DIR: how the steps of gpu_check.sh ended (DIR/steps.tsv) and the lines that cuda_bench
and gpu_peers.py have left in DIR, as DIR/gpu.json, and as tables in DIR/gpu.md."""

import datetime
import json
import pathlib
import sys


def lines_of(path):
    """A process that was stopped may have left half a line."""
    lines = []
    if path.exists():
        for line in path.read_text().splitlines():
            try:
                lines += [json.loads(line)] if line.startswith("{") else []
            except json.JSONDecodeError:
                lines.append({"error": "this line is not whole: " + line})
    return lines


def steps_of(path):
    keys = ("step", "state", "seconds", "why")
    rows = path.read_text().splitlines() if path.exists() else []
    return [dict(zip(keys, row.split("\t"))) for row in rows]


def find(lines, **wanted):
    return next((line for line in lines
                 if all(line.get(key) == value for key, value in wanted.items())), {})


def decode_rows(bench, peers):
    for line in bench:
        if "decode" not in line:
            continue
        batch, context = line["decode"]["batch"], line["decode"]["context"]
        peer = find(peers, peer="transformers, CUDA graph", model=line["model"], batch=batch,
                    context=context)
        beside = f"{peer['tokens_per_second']:,.0f}" if "tokens_per_second" in peer else "-"
        if "no_room" in line:
            yield (line["model"], batch, context, "no room", "-", "-", "-", "-", beside)
            continue
        yield (line["model"], batch, context, f"{line['step_us']:,.0f}",
               f"{line['tokens_per_second']:,.0f}", f"{line['floor_us']:,.0f}",
               f"{line['ratio']:.2f}", f"{line['host_us']:.0f}", beside)


def prefill_rows(bench, peak):
    for line in bench:
        if "prefill" not in line:
            continue
        if "no_room" in line:
            yield line["model"], line["prefill"], "no room", "-", "-"
            continue
        ratio = f"{line['tflops'] / peak:.2f}" if peak else "-"
        yield (line["model"], line["prefill"], f"{line['first_token_us']:,.0f}",
               f"{line['tflops']:.0f}", ratio)


def table(header, rows):
    out = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    out += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(out) + "\n"


def main():
    directory = pathlib.Path(sys.argv[1])
    steps = steps_of(directory / "steps.tsv")
    bench, peers = lines_of(directory / "bench.log"), lines_of(directory / "peers.log")
    facts = next((line for line in bench if "device" in line), {})
    peak = find(peers, peer="torch.matmul").get("tflops")
    when = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    (directory / "gpu.json").write_text(json.dumps(
        {"date": when, "steps": steps, "bench": bench, "peers": peers}, indent=1) + "\n")
    bandwidth = facts.get("read_bytes_per_second", 0) / 1e12
    errors = [f"- {line.get('model', line.get('peer', ''))}: {line['error']}\n"
              for line in bench + peers if "error" in line]
    text = [f"# {facts.get('device', 'no device')}, {when}\n",
            f"Reading memory: {bandwidth:.2f} TB/s. torch.matmul, bf16, 8192 cubed: "
            f"{peak or 0:.0f} TFLOP/s.\n",
            "## Steps\n",
            table(("step", "ended", "seconds", "why"), (step.values() for step in steps)),
            *(["## Errors\n", "".join(errors)] if errors else []),
            "## Decode\n",
            table(("model", "batch", "context", "step us", "tokens/s", "floor us", "ratio",
                   "host us", "transformers tokens/s"), decode_rows(bench, peers)),
            "## Prompts\n",
            table(("model", "tokens", "first token us", "TFLOP/s", "ratio to matmul"),
                  prefill_rows(bench, peak)),
            "## Loading\n",
            table(("model", "seconds", "GB/s"),
                  ((line["model"], f"{line['load_seconds']:.2f}",
                    f"{line['weight_bytes'] / line['load_seconds'] / 1e9:.1f}")
                   for line in bench if "load_seconds" in line))]
    (directory / "gpu.md").write_text("\n".join(text))


if __name__ == "__main__":
    main()
