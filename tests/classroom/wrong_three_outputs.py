"""Wrong answers to page 08's exercises."""

import torch


def max_sim(question, question_mask, passage, passage_mask, fill=float("-inf"), ask=True):
    """MaxSim with what ``fill`` makes of the passage's padding; ``ask`` says whether the question's mask counts."""
    cosines = question @ passage.T
    if fill is not None:
        cosines = cosines.masked_fill(passage_mask == 0, fill)
    best = cosines.amax(dim=1)
    return (best * question_mask).sum() / question_mask.sum() if ask else best.mean()


def wrong(solved):
    """Wrong functions by exercise and by what is wrong with them; ``solved`` holds the right ones by name."""
    return {
        "reasons": {
            "by the question's weight alone": lambda q, p: sorted(q.keys() & p.keys(), key=lambda n: -q[n]),
            "by the passage's weight alone": lambda q, p: sorted(q.keys() & p.keys(), key=lambda n: -p[n]),
            "by the sum of weights": lambda q, p: sorted(q.keys() & p.keys(), key=lambda n: -q[n] - p[n]),
            "smallest first": lambda q, p: solved["reasons"](q, p)[::-1],
            "not only shared ones": lambda q, p: sorted(q, key=lambda n: -q[n] * p.get(n, 0.0)),
        },
        "masked_max_sim": {
            "the wrong way round": lambda q, qm, p, pm: max_sim(p, pm, q, qm),
            "no mask": lambda q, qm, p, pm: max_sim(q, qm, p, pm, fill=None, ask=False),
            "padding set to 0": lambda q, qm, p, pm: max_sim(q, qm, p, pm, fill=0.0),
            "question's padding counts": lambda q, qm, p, pm: max_sim(q, qm, p, pm, ask=False),
            "sum, no mean": lambda q, qm, p, pm: solved["masked_max_sim"](q, qm, p, pm) * qm.sum(),
            "mean of all cosines": lambda q, qm, p, pm: (q @ p.T).mean(),
        },
        "two_steps": {
            "one step": lambda cheap, dear, keep: int(dear.argmax()),
            "the cheap one decides": lambda cheap, dear, keep: int(cheap.argmax()),
            "the place among the kept": lambda cheap, dear, keep: int(dear[cheap.topk(keep).indices].argmax()),
            "others are zeros": lambda cheap, dear, keep: int(
                torch.zeros_like(dear).index_copy(0, (k := cheap.topk(keep).indices), dear[k]).argmax()
            ),
        },
    }
