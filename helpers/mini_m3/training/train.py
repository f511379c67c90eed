"""Train mini-m3: a student that maps every text to its teacher's vector, from the files of a recipe.

    python -m helpers.mini_m3.training.train --data DIR --tokenizer DIR --work DIR --to DIR

Seeded; progress bars; resumable (the same command takes up at the last checkpoint under ``--work``).
What it simplifies: one learning rate for all weights, no dropout while training, and the last layer
computed for ``<s>`` alone, since only that row enters the loss (the same numbers, a fifth less work).
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from tqdm.auto import tqdm
from transformers import XLMRobertaConfig, XLMRobertaModel

from helpers.mini_m3.training.corpus import Corpus, load_corpus
from helpers.mini_m3.training.teacher import projection, targets, teacher_vectors, unit
from helpers.mini_m3.training.vocabulary import real_tokenizer
from helpers.tokenization import pad

HERE = Path(__file__).parent
SHAPE = dict(hidden_size=256, num_hidden_layers=4, num_attention_heads=4, intermediate_size=1024)
FIXED = dict(max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5, hidden_act="gelu")
TEMPERATURE, SOFTMAX_SHARE = 0.05, 0.3


def new_student(tokenizer: Tokenizer, piece_targets: np.ndarray, seed: int, **shape: int) -> XLMRobertaModel:
    """A fresh student whose word embedding of each piece is half the unit target of that piece."""
    torch.manual_seed(seed)
    config = XLMRobertaConfig(
        vocab_size=tokenizer.get_vocab_size(), **(SHAPE | shape), **FIXED,
        pad_token_id=1, bos_token_id=0, eos_token_id=2, attn_implementation="sdpa",
    )  # fmt: skip
    model = XLMRobertaModel(config, add_pooling_layer=False)
    table = model.embeddings.word_embeddings.weight.data
    table[4:-1] = 0.5 * torch.from_numpy(piece_targets[4:-1].astype(np.float32))
    return model.eval()  # eval: no dropout; gradients flow all the same


def cls_vectors(model: XLMRobertaModel, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Unit [CLS] vectors ``(B, H)``; the last layer is computed for the first row only."""
    visible = mask.bool()[:, None, None, :]  # (B, 1, 1, T)
    hidden = model.embeddings(ids)  # (B, T, H)
    for layer in model.encoder.layer[:-1]:
        hidden = layer(hidden, visible)
    last = model.encoder.layer[-1]
    attend, first = last.attention.self, hidden[:, :1]

    def heads(x: torch.Tensor) -> torch.Tensor:
        return x.unflatten(-1, (attend.num_attention_heads, -1)).transpose(1, 2)

    query, key, value = heads(attend.query(first)), heads(attend.key(hidden)), heads(attend.value(hidden))
    context = F.scaled_dot_product_attention(query, key, value, attn_mask=visible)  # (B, A, 1, H/A)
    row = last.attention.output(context.transpose(1, 2).flatten(-2), first)
    return F.normalize(last.output(last.intermediate(row), row)[:, 0], dim=-1)


def loss_of(vectors: torch.Tensor, wanted: torch.Tensor, group: torch.Tensor) -> torch.Tensor:
    """``1 − cosine`` to the own target, plus a softmax over the batch's different targets."""
    _, own = torch.unique(group, return_inverse=True)  # texts of one pair share a target
    bank = torch.zeros(int(own.max()) + 1, wanted.shape[1]).index_copy_(0, own, wanted)
    scores = vectors @ bank.T / TEMPERATURE
    return (1 - (vectors * wanted).sum(-1)).mean() + SOFTMAX_SHARE * F.cross_entropy(scores, own)


def batches(lengths: np.ndarray, weights: np.ndarray, tokens: int, seed: int) -> Iterator[np.ndarray]:
    """Row numbers for ever: every pass shows each text about ``weight`` times, in batches of like length."""
    for number in range(10**6):
        rng = np.random.default_rng([seed, number])
        times = np.floor(weights + rng.random(len(weights))).astype(int)
        rows = np.repeat(np.arange(len(weights)), times)
        rows = rows[np.argsort(lengths[rows] + rng.random(len(rows)), kind="stable")]
        size = np.cumsum(lengths[rows] + 1) // tokens
        parts = np.split(rows, np.flatnonzero(np.diff(size)) + 1)
        rng.shuffle(parts)
        yield from parts


def train(
    model: XLMRobertaModel, encoded: list[list[int]], wanted: np.ndarray, corpus: Corpus, work: Path, *,
    steps: int, tokens: int = 6000, rate: float = 1e-3, seed: int = 0, save_every: int = 200,
) -> list[float]:  # fmt: skip
    """Train in place for ``steps`` steps in all (resuming from ``work``); the loss of each step run here."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01, fused=True)
    warm = max(1, steps // 25)

    def slope(step: int) -> float:
        return min((step + 1) / warm, 0.5 * (1 + math.cos(math.pi * min(1.0, step / steps))) + 0.01)

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, slope)
    start, state_file = 0, work / "student.pt"
    if state_file.exists():
        state = torch.load(state_file, weights_only=True)
        start = state["step"]
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
    group = np.where(np.asarray(corpus.pairs) >= 0, corpus.pairs, -1 - np.arange(len(corpus.pairs)))
    lengths = np.array([len(row) for row in encoded])
    losses: list[float] = []
    with tqdm(total=steps, initial=start, desc="train", unit="step") as bar:
        for step, rows in enumerate(batches(lengths, np.asarray(corpus.weights), tokens, seed)):
            if step >= steps:
                break
            if step < start:
                continue
            ids, mask = pad([encoded[row] for row in rows])
            goal = torch.from_numpy(wanted[rows].astype(np.float32))
            loss = loss_of(cls_vectors(model, ids, mask), goal, torch.from_numpy(group[rows]))
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            losses.append(loss.item())
            bar.set_postfix(loss=f"{np.mean(losses[-50:]):.4f}")
            bar.update()
            if (step + 1) % save_every == 0 or step + 1 == steps:
                state = {"step": step + 1, "model": model.state_dict(), "optimizer": optimizer.state_dict()}
                part = state_file.with_suffix(".part")
                torch.save(state | {"schedule": schedule.state_dict()}, part)
                part.replace(state_file)
    return losses


def save_model(model: XLMRobertaModel, folder: Path) -> None:
    """Write the weights (float16) and the configuration files of a ``BAAI/bge-m3`` folder."""
    model.half().save_pretrained(folder)
    modules = ["", "Transformer"], ["1_Pooling", "Pooling"], ["2_Normalize", "Normalize"]
    files = {
        "modules.json": [
            {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for i, (path, kind) in enumerate(modules)
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": model.config.hidden_size,
            "pooling_mode_cls_token": True,
            "pooling_mode_mean_tokens": False,
            "pooling_mode_max_tokens": False,
        },
        "sentence_bert_config.json": {
            "max_seq_length": model.config.max_position_embeddings - 2, "do_lower_case": False,
        },
        "config_sentence_transformers.json": {"__version__": {}, "prompts": {}, "default_prompt_name": None},
    }  # fmt: skip
    (folder / "2_Normalize").mkdir(parents=True, exist_ok=True)
    (folder / "2_Normalize" / ".gitkeep").touch()
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8", newline="\n")


def main(argv: list[str] | None = None) -> list[float]:
    """Command line: corpus → targets → training → checkpoint folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", type=Path, default=HERE / "recipe.toml")
    parser.add_argument("--data", type=Path, required=True, help="folder of the files the recipe names")
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder made by vocabulary.py")
    parser.add_argument("--work", type=Path, required=True, help="folder for caches and checkpoints")
    parser.add_argument("--to", type=Path, required=True, help="folder for the finished checkpoint")
    parser.add_argument("--steps", type=int, default=1600)
    parser.add_argument("--tokens", type=int, default=6000, help="tokens a batch")
    parser.add_argument("--layers", type=int, default=SHAPE["num_hidden_layers"])
    options = parser.parse_args(argv)
    options.work.mkdir(parents=True, exist_ok=True)
    tokenizer = real_tokenizer(options.tokenizer / "tokenizer.json")
    corpus = load_corpus(options.recipe, options.data, tokenizer)
    for name, lines in corpus.held_out.items():
        rows = "".join("\t".join(line) + "\n" for line in lines)
        (options.work / f"held_out_{name}").write_text(rows, encoding="utf-8", newline="\n")
    vectors = teacher_vectors(corpus.texts, options.work / "teacher")
    basis = projection(vectors, SHAPE["hidden_size"])
    wanted = targets(vectors, corpus.pairs, basis)
    pieces = [tokenizer.id_to_token(i).replace("▁", " ") for i in range(tokenizer.get_vocab_size())]
    piece_targets = unit(teacher_vectors(pieces, options.work / "teacher").astype(np.float32) @ basis)
    tokenizer.enable_truncation(FIXED["max_position_embeddings"] - 2)
    encoded = [encoding.ids for encoding in tokenizer.encode_batch_fast(corpus.texts)]
    print(f"{len(corpus.texts):,} texts, {sum(map(len, encoded)):,} tokens", flush=True)
    model = new_student(tokenizer, piece_targets, seed=0, num_hidden_layers=options.layers)
    losses = train(model, encoded, wanted, corpus, options.work, steps=options.steps, tokens=options.tokens)
    save_model(model, options.to)
    return losses


if __name__ == "__main__":
    main()
