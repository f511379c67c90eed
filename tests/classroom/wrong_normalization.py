"""Wrong answers to page 05's exercises."""

import torch
from torch.nn.functional import normalize


def wrong(solved):
    """Wrong functions by exercise and by what is wrong with them; ``solved`` holds the right ones by name."""
    assert solved.keys() >= {"unit", "top_k", "document_vector", "int8_scores"}
    return {
        "unit": {
            "batch dim": lambda x: normalize(x, dim=0),
            "torch's default dim": lambda x: normalize(x) if x.ndim > 1 else normalize(x, dim=0),
            "no eps": lambda x: x / x.norm(dim=-1, keepdim=True),
            "whole matrix": lambda x: x / x.norm().clamp_min(1e-12),
            "eps added": lambda x: x / (x.norm(dim=-1, keepdim=True) + 1e-6),
            "L1": lambda x: x / x.abs().sum(dim=-1, keepdim=True).clamp_min(1e-12),
            "half precision": lambda x: x / x.pow(2).sum(-1, keepdim=True).sqrt().clamp_min(1e-12),
        },
        "top_k": {
            "raw dot": lambda q, d, k: (d @ q).topk(min(k, len(d))).indices,
            "nan wins": lambda q, d, k: (d / d.norm(dim=1, keepdim=True) @ q).topk(min(k, len(d))).indices,
            "smallest": lambda q, d, k: (normalize(d) @ q).topk(min(k, len(d)), largest=False).indices,
            "k too large": lambda q, d, k: (normalize(d) @ q).topk(k).indices,
            "raw distance": lambda q, d, k: (d - q).norm(dim=1).topk(min(k, len(d)), largest=False).indices,
            "scores": lambda q, d, k: (normalize(d) @ q).topk(min(k, len(d))).values,
        },
        "document_vector": {
            "average first": lambda c, m: normalize((c * m[..., None]).sum(1) / m.sum(1, keepdim=True), dim=-1),
            "no second norm": lambda c, m: (normalize(c, dim=-1) * m[..., None]).sum(1) / m.sum(1, keepdim=True),
            "no mask": lambda c, m: normalize(normalize(c, dim=-1).mean(dim=1), dim=-1),
            "over the chunks": lambda c, m: normalize((normalize(c, dim=1) * m[..., None]).sum(1), dim=-1),
            "first chunk": lambda c, m: normalize(c[:, 0], dim=-1),
        },
        "int8_scores": {
            "wraps": lambda a, b: torch.from_numpy(a.numpy() @ b.numpy().T),
            "clamped": lambda a, b: (a.int() @ b.int().T).clamp(-128, 127),
            "transposed": lambda a, b: b.int() @ a.int().T,
            "elementwise": lambda a, b: (a.int() * b.int()).sum(dim=1),
            "cosine": lambda a, b: normalize(a.float()) @ normalize(b.float()).T,
        },
    }
