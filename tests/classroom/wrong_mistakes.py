"""Wrong answers to page 10's exercises."""

import math

import torch


def at(values, place):
    """The score at a place of the downward order, counted from 0."""
    return values.sort(descending=True).values[place].item()


def wrong(solved):
    """Wrong functions by exercise and by what is wrong with them; ``solved`` holds the right ones by name."""
    return {
        "same_model": {
            "the mean in place of all": lambda s, f: bool(torch.cosine_similarity(s, f).mean() > 0.6),
            "exact equality": lambda s, f: torch.equal(s, f),
            "lengths matter": lambda s, f: bool(((s - f).norm(dim=1) < 0.1).all()),
            "any text will do": lambda s, f: bool((torch.cosine_similarity(s, f) > 0.99).any()),
        },
        "lost_share": {
            "counts texts": lambda n, limit: sum(length > limit for length in n) / max(1, len(n)),
            "short texts make up for long ones": lambda n, limit: max(0, sum(n) - limit * len(n)) / max(1, sum(n)),
            "divides by zero": lambda n, limit: sum(max(0, length - limit) for length in n) / sum(n),
        },
        "own_threshold": {
            "the lowest of all": lambda r, keep: r.min().item(),
            "rounds down": lambda r, keep: at(r, max(0, math.floor(keep * len(r)) - 1)),
            "the other end": lambda r, keep: at(r, len(r) - math.ceil(keep * len(r))),
            "between two scores": lambda r, keep: torch.quantile(r, 1 - keep).item(),
        },
    }
