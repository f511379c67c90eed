"""Wrong answers to page 00's exercises that a reader could well give."""

import torch


def vectors(tokenizer, model, texts, row=0, normalize=True, mask=True, **options):
    """As it should be but for what the options change."""
    batch = tokenizer(texts, return_tensors="pt", **{"padding": True, "truncation": True} | options)
    with torch.no_grad():
        hidden = model(**batch if mask else {"input_ids": batch["input_ids"]}).last_hidden_state
    rows = hidden.mean(dim=1) if row is None else hidden[:, row]
    return torch.nn.functional.normalize(rows, dim=-1) if normalize else rows


def wrong(solved):
    """Wrong functions by exercise and by what is wrong with them; ``solved`` holds the right ones by name."""
    count = solved["parameters"]
    return {
        "parameters": {
            "without the token type": lambda V, P, L, H, F: count(V, P, L, H, F) - H,
            "without biases": lambda V, P, L, H, F: (V + P + 1) * H + 2 * H + L * (4 * H * H + 2 * H * F + 4 * H),
            "one LayerNorm a layer": lambda V, P, L, H, F: count(V, P, L, H, F) - 2 * H * L,
            "with the pooler": lambda V, P, L, H, F: count(V, P, L, H, F) + H * H + H,
        },
        "embed": {
            "no length of 1": lambda t, m, x: vectors(t, m, x, normalize=False),
            "the last row": lambda t, m, x: vectors(t, m, x, row=-1),
            "the mean": lambda t, m, x: vectors(t, m, x, row=None),
            "without the mask": lambda t, m, x: vectors(t, m, x, mask=False),
            "no padding": lambda t, m, x: vectors(t, m, x, padding=False),
            "no truncation": lambda t, m, x: vectors(t, m, x, truncation=False),
        },
        "nearest": {
            "itself": lambda v: (v @ v.T).argmax(dim=1),
            "the diagonal at 0": lambda v: (v @ v.T).fill_diagonal_(0).argmax(dim=1),
            "the farthest": lambda v: (v @ v.T).argmin(dim=1),
        },
    }
