"""Wrong answers to page 01's exercises that a reader could well give."""

import math

import torch


def pad_left(rows):
    longest = max(map(len, rows))
    ids = [[1] * (longest - len(row)) + row for row in rows]
    return torch.tensor([ids, [[0] * (longest - len(row)) + [1] * len(row) for row in rows]])


def pad_with_zero(rows):
    longest = max(map(len, rows))
    ids = [row + [0] * (longest - len(row)) for row in rows]
    return torch.tensor([ids, [[1] * len(row) + [0] * (longest - len(row)) for row in rows]])


def mask_from_ids(rows):
    longest = max(map(len, rows))
    ids = torch.tensor([row + [1] * (longest - len(row)) for row in rows])
    return torch.stack([ids, (ids != 1).long()])


def cut_only(pieces, max_length, overlap):
    return [[0, *pieces[: max_length - 2], 2]]


def windows_without_overlap(pieces, max_length, overlap):
    size = max_length - 2
    return [[0, *pieces[at : at + size], 2] for at in range(0, len(pieces), size)] or [[0, 2]]


def windows_with_a_tail(pieces, max_length, overlap):
    size = max_length - 2
    return [[0, *pieces[at : at + size], 2] for at in range(0, max(1, len(pieces)), size - overlap)]


def windows_too_long(pieces, max_length, overlap):
    step = max_length - overlap
    return [[0, *pieces[at : at + max_length], 2] for at in range(0, max(1, len(pieces) - overlap), step)]


def viterbi_score(word, scores):
    best = [0.0]
    for end in range(1, len(word) + 1):
        ways = [best[a] + scores[word[a:end]] for a in range(end) if word[a:end] in scores]
        best.append(max(ways, default=-math.inf))
    return best[-1]


def sum_without_shift(word, scores):
    total = [1.0]
    for end in range(1, len(word) + 1):
        total.append(sum(total[a] * math.exp(scores[word[a:end]]) for a in range(end) if word[a:end] in scores))
    return math.log(total[-1])


def wrong(solved):
    """Wrong functions by exercise and by what is wrong with them; ``solved`` holds the right ones by name."""
    return {
        "pad_batch": {"on the left": pad_left, "with 0": pad_with_zero, "mask from the ids": mask_from_ids},
        "windows": {
            "cut only": cut_only,
            "no overlap": windows_without_overlap,
            "a tail too many": windows_with_a_tail,
            "too long": windows_too_long,
        },
        "log_likelihood": {
            "Viterbi": viterbi_score,
            "no shift": sum_without_shift,
            "no logarithm": lambda word, scores: math.exp(solved["log_likelihood"](word, scores)),
        },
    }
