"""Roll, then clear what came in on the other side.

names: shift, cutout
"""


def shift(image, dx, dy):
    moved = image.roll(shifts=(dy, dx), dims=(1, 2)).clone()
    _, height, width = image.shape
    if dx >= 0:
        moved[:, :, : min(dx, width)] = 0
    else:
        moved[:, :, max(width + dx, 0) :] = 0
    if dy >= 0:
        moved[:, : min(dy, height)] = 0
    else:
        moved[:, max(height + dy, 0) :] = 0
    return moved


def cutout(image, top, left, height, width):
    result = image.detach().clone()
    for channel in result:
        for row in range(max(top, 0), min(top + height, channel.shape[0])):
            channel[row, max(left, 0) : max(left + width, 0)] = 0.0
    return result
