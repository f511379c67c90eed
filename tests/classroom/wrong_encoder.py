"""Wrong answers to page 03's exercises: each the right one but for one thing."""

import torch
from torch.nn import functional


def hide(scores, mask):
    """Scores with padding keys at the lowest number."""
    return scores.masked_fill(mask[:, None, None, :] == 0, torch.finfo(scores.dtype).min)


def layer_with(hidden, mask, layer, gelu=functional.gelu, residual=1, pre=False, masked=True):
    """A layer with one thing spoilt."""
    own, out = layer.attention.self, layer.attention.output
    x = out.LayerNorm(hidden) if pre else hidden
    parts = (own.query(x), own.key(x), own.value(x))
    q, k, v = (part.unflatten(-1, (own.num_attention_heads, -1)).transpose(1, 2) for part in parts)
    allowed = mask.bool()[:, None, None, :] if masked else None
    context = functional.scaled_dot_product_attention(q, k, v, attn_mask=allowed).transpose(1, 2).flatten(2)
    attended = residual * hidden + out.dense(context)
    if pre:
        return attended + layer.output.dense(gelu(layer.intermediate.dense(layer.output.LayerNorm(attended))))
    attended = out.LayerNorm(attended)
    return layer.output.LayerNorm(attended + layer.output.dense(gelu(layer.intermediate.dense(attended))))


def tanh_gelu(x):
    """The fast one, which is not BERT's."""
    return functional.gelu(x, approximate="tanh")


def wrong(solved):
    """Wrong functions by exercise and by what is wrong with them; ``solved`` holds the right ones by name."""
    assert solved.keys() >= {"softmax", "split", "attend_heads", "my_layer"}
    return {
        "softmax": {
            "overflows": lambda x: torch.exp(x) / torch.exp(x).sum(-1, keepdim=True),
            "first axis": lambda x: torch.softmax(x, dim=0),
            "over everything": lambda x: torch.exp(x - x.max()) / torch.exp(x - x.max()).sum(),
            "no exponential": lambda x: x / x.sum(-1, keepdim=True),
            "logarithm": lambda x: torch.log_softmax(x, -1),
        },
        "split": {
            "mixes tokens": lambda x, heads: x.reshape(len(x), heads, x.shape[1], -1),
            "no transpose": lambda x, heads: x.reshape(*x.shape[:2], heads, -1),
            "every A-th column": lambda x, heads: x.unflatten(-1, (-1, heads)).permute(0, 3, 1, 2),
        },
        "attend": {
            "no scale": lambda q, k, v, m: torch.softmax(hide(q @ k.mT, m), -1) @ v,
            "no mask": lambda q, k, v, m: torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, -1) @ v,
            "by D": lambda q, k, v, m: torch.softmax(hide(q @ k.mT / q.shape[-1], m), -1) @ v,
            "over the queries": lambda q, k, v, m: torch.softmax(hide(q @ k.mT / q.shape[-1] ** 0.5, m), -2) @ v,
            "mask after": lambda q, k, v, m: torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, -1) * m[:, None, None, :] @ v,
            "√H": lambda q, k, v, m: torch.softmax(hide(q @ k.mT / (q.shape[1] * q.shape[3]) ** 0.5, m), -1) @ v,
        },
        "layer": {
            "pre-LN": lambda h, m, layer: layer_with(h, m, layer, pre=True),
            "no mask": lambda h, m, layer: layer_with(h, m, layer, masked=False),
            "no residual": lambda h, m, layer: layer_with(h, m, layer, residual=0),
            "tanh gelu": lambda h, m, layer: layer_with(h, m, layer, gelu=tanh_gelu),
            "relu": lambda h, m, layer: layer_with(h, m, layer, gelu=torch.relu),
        },
    }


# What the wrong ones are made of is right when nothing is spoilt, so that each fails for its own reason.
RIGHT = {"layer": layer_with}
