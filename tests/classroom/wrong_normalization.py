"""Wrong answers to page 05's exercises."""

from torch.nn.functional import normalize


def wrong(solved):
    """Wrong functions by exercise and by what is wrong with them; ``solved`` holds the right ones by name."""
    assert solved.keys() >= {"unit", "to_cosine", "top_k", "document_vector"}
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
        "to_cosine": {
            "always 1 minus": lambda x, kind: 1 - x,
            "every L2 squared": lambda x, kind: 1 - x / 2 if kind == "L2" else solved["to_cosine"](x, kind),
            "no L2 squared": lambda x, kind: 1 - x**2 / 2 if "L2" in kind else solved["to_cosine"](x, kind),
            "sign kept": lambda x, kind: x if kind == "negative dot" else solved["to_cosine"](x, kind),
            "half forgotten": lambda x, kind: x if kind == "halved" else solved["to_cosine"](x, kind),
        },
    }
