"""What tests of the figures that run a network share: its scores, what stands in a figure and in the address."""

from urllib.parse import parse_qsl

from _code import networks, placing, segmenting
from visiting import query_of

SIZES, DRAW = "book/06-segmentation-unet.html", "book/06-segmentation-training.html"
FIRST = placing.FIRST


def scores(net, words: str, noise: float, ground: int = 0, gates=(1, 1, 1)) -> list[float]:
    image, mask = placing.scene(words, noise, ground)
    labels = networks.predict(net, image[None], gates).argmax(1)
    return segmenting.overlaps(segmenting.confusion(labels, mask[None])).tolist()


def in_the_address(tab, field: str, figure: str = "draw") -> str | None:
    return dict(parse_qsl(query_of(tab), keep_blank_values=True)).get(f"{figure}.{field}")


def pixels_at(canvas) -> str:
    return canvas.evaluate("canvas => canvas.toDataURL()")
