"""What and where: what a 1 × 1 layer reads from each level of a trained encoder, in colour and in grey.

In colour the first level knows much of the class already, since a shape's hue hints at it. In grey only the shape
tells, so that a level must see far. Each seed draws training scenes, first weights and order of its own. Network and
scenes are small on purpose (eight channels, 48 × 48 pixels), so that all ten trainings take minutes.
"""

import torch
from _code import segmenting, unet

SEEDS = range(5)
SCENES, NEW_SCENES, SIZE, EPOCHS, DEPTH = 240, 100, 48, 30, 3
VIEWS = {"colour": lambda images: images, "grey": lambda images: images.mean(1, keepdim=True)}


def run(seed: int) -> dict[str, dict]:
    """Per view: the mean ``loss`` of each epoch, and for each level the share of right pixels ``inside`` objects (in
    cells of one class, as large as the deepest level's) and at ``border``, next to another class."""
    images, masks = segmenting.scenes(SCENES, seed=100 + seed, size=SIZE)
    new_images, new_masks = segmenting.scenes(NEW_SCENES, seed=1, size=SIZE)
    inside, border = segmenting.pure_cells(new_masks, 2**DEPTH), segmenting.near_border(new_masks, 1)
    found = {}
    for name, view in VIEWS.items():
        seen, new_seen = view(images), view(new_images)
        torch.manual_seed(seed)
        net = unet.SegmentationNet(seen.shape[1], segmenting.CLASSES, width=8, depth=DEPTH, skips=False)
        loss = segmenting.train(net, seen, masks, EPOCHS, seed=seed)
        with torch.no_grad():
            levels, new_levels = net.encode(seen), net.encode(new_seen)
        right = [segmenting.read_out(maps, masks, new) == new_masks for maps, new in zip(levels, new_levels)]
        found[name] = {
            "loss": [round(value, 4) for value in loss],
            "inside": [round(level[inside].float().mean().item(), 4) for level in right],
            "border": [round(level[border].float().mean().item(), 4) for level in right],
        }
    return found
