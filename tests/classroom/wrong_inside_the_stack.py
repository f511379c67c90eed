"""Wrong answers to page 06's exercises: each the right one but for one thing."""

import torch


def silenced(weight, head, heads, rows=False, every=False, other=0):
    """A projection with one head silent, and one thing spoilt."""
    answer, size = weight.clone(), weight.shape[1] // heads
    part = slice((head + other) * size, (head + other + 1) * size)
    if every:
        part = slice(head, None, heads)
    if rows:
        answer[part] = 0
    else:
        answer[:, part] = 0
    return answer


def in_place(weight, head, heads):
    """Right, but the model's own weight is spoilt for good."""
    size = weight.shape[1] // heads
    weight[:, head * size : (head + 1) * size] = 0
    return weight


def shares(weighted):
    """Rows that sum to 1."""
    return weighted / weighted.sum(dim=-1, keepdim=True)


def wrong(solved):
    """Wrong functions by exercise and by what is wrong with them; ``solved`` holds the right ones by name."""
    assert solved.keys() >= {"share_of_next", "silence", "what_arrives", "crossing"}
    return {
        "habit": {
            "the token before": lambda maps: maps.diagonal(offset=-1, dim1=1, dim2=2).mean(dim=-1),
            "itself": lambda maps: maps.diagonal(dim1=1, dim2=2).mean(dim=-1),
            "divided by T": lambda maps: maps.diagonal(offset=1, dim1=1, dim2=2).sum(dim=-1) / maps.shape[-1],
            "over heads": lambda maps: maps.mean(dim=0).diagonal(offset=1).mean(),
        },
        "silence": {
            "rows": lambda weight, head, heads: silenced(weight, head, heads, rows=True),
            "every A-th column": lambda weight, head, heads: silenced(weight, head, heads, every=True),
            "counted from 1": lambda weight, head, heads: silenced(weight, head, heads, other=-1),
            "in place": in_place,
        },
        "arriving": {
            "who looks": lambda weights, lengths: shares(weights * lengths[:, :, None]),
            "not divided": lambda weights, lengths: weights * lengths[:, None, :],
            "columns sum to 1": lambda w, n: (w * n[:, None, :]) / (w * n[:, None, :]).sum(dim=1, keepdim=True),
            "softmax again": lambda weights, lengths: torch.softmax(weights * lengths[:, None, :], dim=-1),
        },
        "crossing": {
            "always 6H": lambda H, F: 6.0 * H,
            "without the feed-forward": lambda H, F: 2.0 * H,
            "only the feed-forward": lambda H, F: float(F),
        },
    }


# What the wrong ones are made of is right when nothing is spoilt, so that each fails for its own reason.
RIGHT = {"silence": silenced}
