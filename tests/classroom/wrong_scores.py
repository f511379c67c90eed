"""Wrong answers to page 07's exercises."""


def wrong(solved):
    """Wrong functions by exercise and by what is wrong with them; ``solved`` holds the right ones by name."""
    return {
        "threshold_for": {
            "one too many passes": lambda wrong, share: (
                wrong.sort(descending=True).values[int(share * len(wrong)) + 1 :][:1].sum().item()
            ),
            "the smallest first": lambda wrong, share: wrong.sort().values[int(share * len(wrong))].item(),
            "rounds up": lambda wrong, share: (
                wrong.sort(descending=True).values[-(-share * len(wrong) // 1).__int__()].item()
            ),
            "between two scores": lambda wrong, share: wrong.quantile(1 - share).item(),
        },
        "chance_when_rare": {
            "stays as it was": lambda chance, right, wrong: chance,
            "times the share": lambda chance, right, wrong: chance * right / (right + wrong),
            "odds, not a chance": lambda chance, right, wrong: chance * right / max((1 - chance) * wrong, 1e-12),
        },
        "int8_scores": {
            "wraps": lambda q, codes, low, high: q @ (low + (codes + 128).float() * (high - low) / 255).T,
            "codes alone": lambda q, codes, low, high: q @ codes.float().T,
            "without the low end": lambda q, codes, low, high: q @ ((codes.float() + 128) * (high - low) / 255).T,
            "steps of 256": lambda q, codes, low, high: q @ (low + (codes.float() + 128) * (high - low) / 256).T,
        },
        "two_steps": {
            "exact alone": lambda rough, exact, many, k: exact.topk(min(k, len(exact))).indices,
            "rough alone": lambda rough, exact, many, k: rough.topk(min(k, len(rough))).indices,
            "places, not numbers": lambda rough, exact, many, k: (
                exact[rough.topk(min(many, len(rough))).indices].topk(min(k, many, len(rough))).indices
            ),
            "raises at few": lambda rough, exact, many, k: (
                solved["two_steps"](rough, exact, many, k) if many <= len(rough) else 1 / 0
            ),
        },
    }
