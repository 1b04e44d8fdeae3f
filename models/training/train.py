"""Trains the demo model from random weights on the generated examples, on a CPU, and writes its folder.

    nice -n 15 python train.py --out ../ce-tiny-demo --steps 4000 --state /tmp/demo-state.pt

--state names a file that is written every 200 steps; where it exists, the run goes on from it.
"""

import argparse
import json
import os
import time
from pathlib import Path

import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from examples import Encoder, batches
from train_tokenizer import write_json

ROWS = 3072  # of the embedding: the tokenizer's 3062 ids, and 10 that nothing uses
IGNORED = -100
WARM_UP = 100
PEAK, FLOOR = 2e-3, 5e-5
FALLING = 1 / 3  # share of the steps over which the learning rate falls


def make_config(tokenizer):
    """A small Qwen3: head_dim is 128 as in every real one, and not hidden_size / heads."""
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    pad = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    return Qwen3Config(
        vocab_size=ROWS, hidden_size=192, intermediate_size=512, num_hidden_layers=4, max_window_layers=4,
        num_attention_heads=4, num_key_value_heads=2, head_dim=128, max_position_embeddings=1024,
        rope_theta=1_000_000.0, rms_norm_eps=1e-6, tie_word_embeddings=True, attention_bias=False,
        use_sliding_window=False, sliding_window=None, bos_token_id=pad, eos_token_id=end, pad_token_id=pad,
    )  # fmt: skip


def make_optimizer(model):
    """AdamW; norms and the embedding do not decay."""
    decays = [p for n, p in model.named_parameters() if p.dim() == 2 and "embed" not in n]
    others = [p for n, p in model.named_parameters() if p.dim() != 2 or "embed" in n]
    groups = [{"params": decays, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=PEAK, betas=(0.9, 0.95), fused=True)


def learning_rate(step, steps):
    """Linear warm-up, PEAK, and over the last third linear to FLOOR: a state from before can serve a longer run."""
    if step < WARM_UP:
        return PEAK * (step + 1) / WARM_UP
    left = (steps - step) / (steps * FALLING)
    return FLOOR + (PEAK - FLOOR) * min(1.0, left)


def to_tensors(batch, pad):
    """Ids (batch, length), padded behind the end, and targets that leave out prompt and padding."""
    length = max(len(prompt) + len(completion) for prompt, completion in batch)
    ids = torch.full((len(batch), length), pad)
    targets = torch.full((len(batch), length), IGNORED)
    for row, (prompt, completion) in enumerate(batch):
        end = len(prompt) + len(completion)
        ids[row, :end] = torch.tensor(prompt + completion)
        targets[row, len(prompt) : end] = torch.tensor(completion)
    return ids, targets


def loss_of(model, ids, targets):
    """Mean cross entropy of the completions' tokens. Padding stands last, so causal attention never sees it."""
    with torch.autocast("cpu", torch.bfloat16):
        hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state[:, :-1]
        wanted = targets[:, 1:]
        logits = model.lm_head(hidden[wanted != IGNORED])
    return torch.nn.functional.cross_entropy(logits.float(), wanted[wanted != IGNORED])


class Run:
    """Model, optimizer and the number of the next step; can be saved and taken up again."""

    def __init__(self, encoder, options):
        torch.manual_seed(options.seed)
        self.encoder, self.options, self.step = encoder, options, 0
        config = make_config(encoder.tokenizer)  # eager attention: the fused one's backward is slow on a CPU
        self.model = Qwen3ForCausalLM._from_config(config, attn_implementation="eager")
        self.optimizer = make_optimizer(self.model)
        if options.state and options.state.exists():
            self._load()

    def _load(self):
        state = torch.load(self.options.state)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]

    def save(self):
        """Writes the state beside the old one and swaps them, so that a cut leaves a whole file."""
        if not self.options.state:
            return
        state = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(), "step": self.step}
        fresh = self.options.state.with_suffix(".new")
        torch.save(state, fresh)
        os.replace(fresh, self.options.state)

    def train(self):
        """Pools of batches until the steps are done."""
        started, in_pool = time.monotonic(), 16
        while self.step < self.options.steps:
            pool = self.step // in_pool
            for batch in batches(self.encoder, self.options.seed, pool, self.options.batch, in_pool):
                loss = self._learn(batch)
            self.step = (pool + 1) * in_pool
            if pool % 12 == 0:
                print(f"step {self.step} loss {loss:.4f} {time.monotonic() - started:.0f} s", flush=True)
                self.save()
        self.save()

    def _learn(self, batch):
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.step, self.options.steps)
        loss = loss_of(self.model, *to_tensors(batch, self.model.config.pad_token_id))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss.item()


def write_model(model, folder):
    """config.json, generation_config.json and the weights rounded to bf16, in one file without lm_head."""
    model.to(torch.bfloat16).save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    config = json.loads((folder / "config.json").read_text())
    # As the released Qwen3 files spell it: transformers 4 knows no other form, and 5 reads it as well.
    theta = config.pop("rope_parameters")["rope_theta"]
    config |= {"torch_dtype": config.pop("dtype"), "rope_theta": theta, "rope_scaling": None}
    write_json(folder / "config.json", dict(sorted(config.items())))
    ends = [config["eos_token_id"], config["pad_token_id"]]
    generation = {"bos_token_id": config["bos_token_id"], "do_sample": False, "eos_token_id": ends}
    generation |= {"pad_token_id": config["pad_token_id"], "transformers_version": config["transformers_version"]}
    write_json(folder / "generation_config.json", generation)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder that already has the tokenizer")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--state", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    run = Run(Encoder(options.out), options)
    run.train()
    write_model(run.model, options.out)


if __name__ == "__main__":
    main()
