#!/usr/bin/env python3
"""What others reach on this GPU: the tensor cores' peak, the memory's bandwidth, and transformers
decoding with a static cache in a CUDA graph, with random weights of Qwen3's shapes. One JSON object a
line; what could not be measured says why."""

import json
import sys
import time

import torch
import transformers
from transformers import Qwen3Config, Qwen3ForCausalLM, StaticCache

SHAPES = {  # layers, hidden, heads, kv heads, intermediate, tied
    "0.6B": (28, 1024, 16, 8, 3072, True),
    "8B": (36, 4096, 32, 8, 12288, False),
}
CONTEXTS = (512, 4096)
BATCHES = (1, 64)
WARM_UP = 3
ROUNDS = 20


def emit(**line):
    print(json.dumps(line), flush=True)


def seconds_of(function, rounds):
    function()
    torch.cuda.synchronize()
    begin = time.perf_counter()
    for _ in range(rounds):
        function()
    torch.cuda.synchronize()
    return (time.perf_counter() - begin) / rounds


def peak():
    n = 8192
    a = torch.randn(n, n, device="cuda", dtype=torch.bfloat16)
    b = torch.randn(n, n, device="cuda", dtype=torch.bfloat16)
    emit(peer="torch.matmul", tflops=2 * n**3 / seconds_of(lambda: a @ b, 10) / 1e12)
    source = torch.empty(2**31, device="cuda", dtype=torch.uint8)
    target = torch.empty_like(source)
    emit(peer="torch copy", bytes_per_second=2 * 2**31 / seconds_of(lambda: target.copy_(source), 10))


def model_of(shape):
    layers, hidden, heads, kv_heads, intermediate, tied = SHAPES[shape]
    config = Qwen3Config(
        vocab_size=151936, hidden_size=hidden, intermediate_size=intermediate,
        num_hidden_layers=layers, num_attention_heads=heads, num_key_value_heads=kv_heads,
        head_dim=128, tie_word_embeddings=tied, max_position_embeddings=40960)
    torch.set_default_dtype(torch.bfloat16)
    with torch.device("cuda"):
        return Qwen3ForCausalLM(config).eval()


def decode(shape, model, batch, context):
    cache = StaticCache(config=model.config, max_cache_len=context)
    tokens = torch.ones(batch, 1, dtype=torch.long, device=model.device)
    position = torch.tensor([context - 1], device=model.device)
    # Where it writes: transformers 5 counts in each layer, and the last of all steps fills the last
    # row; earlier ones are told, and write the same row in each step. All rows are read either way.
    counters = [layer.cumulative_length for layer in getattr(cache, "layers", [])
                if hasattr(layer, "cumulative_length")]
    for counter in counters:
        counter.fill_(context - (WARM_UP + 1 + ROUNDS))
    where = {} if counters else {"cache_position": position}

    def step():
        model(tokens, past_key_values=cache, position_ids=position.expand(batch, 1),
              use_cache=True, **where)

    with torch.no_grad():
        for _ in range(WARM_UP):
            step()
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            step()
        seconds = seconds_of(graph.replay, ROUNDS)
    emit(peer="transformers, CUDA graph", model=shape, batch=batch, context=context,
         step_us=seconds * 1e6, tokens_per_second=batch / seconds)


def main():
    emit(torch=torch.__version__, transformers=transformers.__version__,
         device=torch.cuda.get_device_name())
    peak()
    for shape in SHAPES:
        try:
            model = model_of(shape)
        except Exception as error:
            emit(peer="transformers", model=shape, error=f"{type(error).__name__}: {str(error)[:200]}")
            continue
        for batch in BATCHES:
            for context in CONTEXTS:
                try:
                    decode(shape, model, batch, context)
                except Exception as error:  # A peer that fails here is a line of the table.
                    emit(peer="transformers, CUDA graph", model=shape, batch=batch, context=context,
                         error=f"{type(error).__name__}: {str(error)[:200]}")
        del model
        torch.cuda.empty_cache()


if __name__ == "__main__":
    sys.exit(main())
