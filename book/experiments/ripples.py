"""Checkerboards by layer: what a decoder adds to a uniform image, before, during and after its training.

Six decoders differ only in the layer that doubles a map. Each seed draws first weights, the patches of photographs and
their order; the decoders share patches and order. They are small on purpose (16 channels), so that all 30 trainings
take minutes.
"""

from _code import upsampling

from convcourse import data

SEEDS = range(5)
STEPS, EVERY = 300, 60
NAMES = ("chelsea", "coffee", "astronaut", "camera")


def run(seed: int) -> dict[str, dict]:
    """Per layer: the ``spread`` of the output for a uniform image, in grey levels of 255, before training and after
    every ``EVERY`` steps; and the mean squared ``error`` of the steps between."""
    photographs = [data.photograph(name, 256, grey=True)[0] for name in NAMES]
    crops = upsampling.patches(photographs, 256, seed=seed)
    found = {}
    for name, make in upsampling.enlargers().items():
        decoder = upsampling.decoder(make, seed=seed)
        spread, errors = [upsampling.ripple(decoder)[1]], []
        for step, error in enumerate(upsampling.steps_of(decoder, crops, STEPS, seed=seed), 1):
            errors.append(error)
            if step % EVERY == 0:
                spread.append(upsampling.ripple(decoder)[1])
        parts = [errors[start : start + EVERY] for start in range(0, STEPS, EVERY)]
        found[name] = {
            "spread": [round(value, 3) for value in spread],
            "error": [round(sum(part) / EVERY, 6) for part in parts],
        }
    return found
