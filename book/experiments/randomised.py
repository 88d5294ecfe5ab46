"""The sanity check of Adebayo and others (2018): maps of EfficientNet-Lite0, whose weights are randomised from the top.

A seed draws the random weights. After each part the maps of all methods are compared with those of the trained network.
"""

from _code import explaining

SEEDS = range(5)


def run(seed: int) -> dict[str, dict[str, list[list[float]]]]:
    """Per method the ``rank`` correlation and the ``ssim`` with the trained network's map, (parts, photographs)."""
    images, targets = explaining.squares(), explaining.numbers()
    found: dict[str, dict[str, list[list[float]]]] = {name: {"rank": [], "ssim": []} for name in explaining.METHODS}
    trained = {}
    for part, net in explaining.cascade(images, seed):
        for name, method in explaining.METHODS.items():
            maps = method(net, images, targets)
            if part == "trained":
                trained[name] = maps
            rank = explaining.rank_correlation(trained[name], maps)
            ssim = explaining.structural_similarity(trained[name], maps)
            found[name]["rank"].append([round(value, 4) for value in rank.tolist()])
            found[name]["ssim"].append([round(value, 4) for value in ssim.tolist()])
    return found
