"""Wrong answers to page 04's exercises."""

import torch


def inner(hidden, mask, last):
    """Mean without position 0 and ``last``, as a wrong answer would have it."""
    kept = mask.clone()
    kept[:, 0] = 0
    kept[torch.arange(len(mask)), last] = 0
    return (hidden * kept[..., None]).sum(dim=1) / kept.sum(dim=1, keepdim=True)


def spread(ids, every, first):
    """Ids with a 0 at the start, before the token after ``first``, and from there before every ``every``-th."""
    places = {0, *range(first, len(ids), every)}
    return [number for place, token in enumerate(ids) for number in ([0, token] if place in places else [token])]


def wrong(solved):
    """Wrong functions by exercise and by what is wrong with them; ``solved`` holds the right ones by name."""
    return {
        "first_real": {
            "position 0": lambda h, m: h[:, 0],
            "last position": lambda h, m: h[:, -1],
            "counts back by the length": lambda h, m: h[torch.arange(len(h)), -m.sum(dim=1)],
            "keeps the batch dimension out": lambda h, m: h[0, m[0].argmax()],
        },
        "mean_without_special": {
            "special tokens left in": lambda h, m: (h * m[..., None]).sum(1) / m.sum(1, keepdim=True),
            "cuts the last position": lambda h, m: inner(h, m, -1),
            "nan for an empty text": lambda h, m: inner(h, m, m.sum(dim=1) - 1),
            "padding forgotten": lambda h, m: h[:, 1:-1].mean(dim=1),
        },
        "insert_cls": {
            "counts the first <s> as a token": lambda ids, n: spread(ids[1:], n, first=n - 1),
            "one at the end": lambda ids, n: [*solved["insert_cls"](ids, n), 0],
            "nothing put in": lambda ids, n: ids,
            "without its own <s>": lambda ids, n: torch.tensor(solved["insert_cls"](ids, n)).tolist()[1:],
        },
    }
