"""Wrong answers to page 02's exercises: its mistakes and those of the formulas."""

import torch


def positions_two(ids, padding_idx):
    """arange plus 2."""
    return torch.arange(ids.shape[1]).expand_as(ids) + 2


def eps_outside_the_root(x, gain, bias, eps):
    """eps added to the standard deviation instead of the variance."""
    return (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True, correction=0) + eps) * gain + bias


def wrong(solved):
    """Wrong functions by exercise and by what is wrong with them; ``solved`` holds the right ones by name."""
    norm, positions, stage = (solved[name] for name in ("my_norm", "my_positions", "my_stage"))

    def spoilt(spoil):
        """The right stage with one part exchanged."""
        return lambda ids, tables, eps, padding_idx: stage(ids, tables | spoil(tables), eps, padding_idx)

    return {
        "lookup": {
            "one too low": lambda ids, table: table[ids - 1],
            "flat": lambda ids, table: table[ids.flatten()],
            "one-hot rows": lambda ids, table: torch.nn.functional.one_hot(ids, len(table)),
            "too few columns": lambda ids, table: torch.nn.functional.one_hot(ids).float() @ table,
        },
        "positions": {
            "padding counted": positions_two,
            "from 0": lambda ids, padding_idx: torch.arange(ids.shape[1]).expand_as(ids),
            "padding not at its row": lambda ids, padding_idx: (ids != padding_idx).long().cumsum(1) + padding_idx,
            "padding_idx written as 1": lambda ids, padding_idx: (ids != 1).long().cumsum(1) * (ids != 1) + 1,
            "not shifted": lambda ids, padding_idx: (ids != padding_idx).long().cumsum(1) * (ids != padding_idx),
        },
        "norm": {
            "n - 1": lambda x, g, b, eps: (
                (x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True) + eps).sqrt() * g + b
            ),
            "eps outside the root": eps_outside_the_root,
            "over everything": lambda x, g, b, eps: (x - x.mean()) / (x.var(correction=0) + eps).sqrt() * g + b,
            "no bias": lambda x, g, b, eps: norm(x, g, b, eps) - b,
            "no gain": lambda x, g, b, eps: norm(x, g * 0 + 1, b, eps),
        },
        "stage": {
            "positions shifted": spoilt(lambda t: {"position": t["position"].roll(2, 0)}),
            "no positions": spoilt(lambda t: {"position": t["position"] * 0}),
            "no token type": spoilt(lambda t: {"type": t["type"] * 0}),
            "no gain": spoilt(lambda t: {"gain": t["gain"] * 0 + 1}),
            "no norm": lambda ids, t, eps, pad: t["word"][ids] + t["position"][positions(ids, pad)] + t["type"][0],
            "padding counted": lambda ids, t, eps, pad: norm(
                t["word"][ids] + t["position"][positions_two(ids, pad)] + t["type"][0], t["gain"], t["bias"], eps
            ),
        },
    }
