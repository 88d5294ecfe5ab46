"""How many scenes a second: `.venv/bin/python benchmarks/scenes.py`."""

import os
import time

from convcourse.data import ShapeScenes

SECONDS = 3


def rate(size: int) -> float:
    """Scenes of this side drawn in a second of CPU, by one core."""
    scenes, count = ShapeScenes(size=size), 0
    scenes.scene(0)  # the first one imports and allocates
    start = time.process_time()
    while time.process_time() - start < SECONDS:
        count += 1
        scenes.scene(count)
    return count / (time.process_time() - start)


if __name__ == "__main__":
    print(f"scenes a second on one of {os.cpu_count()} cores:")
    for size in (32, 64, 128, 256):
        print(f"  {size:3d} × {size:3d} pixels: {rate(size):6.0f}")
