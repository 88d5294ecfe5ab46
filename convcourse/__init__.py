"""What readers and students of the course import: data, pictures, visible checks, and `python -m convcourse check`."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def epochs(n: int) -> int:
    """`n` passes over the data for whoever works in the notebook, 1 while it is graded: nobody trains for show."""
    return 1 if os.environ.get("NBGRADER_EXECUTION") else n


class Told:
    """A loader that says after each pass over it how far a training of so many epochs is, and how long it will take."""

    def __init__(self, loader: Any, epochs: int):
        self.loader, self.epochs, self.passed = loader, epochs, 0
        self._began = 0.0

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Iterator[Any]:
        self._began = self._began or time.monotonic()
        yield from self.loader
        self.passed += 1
        took = time.monotonic() - self._began
        left = max(0, self.epochs - self.passed) * took / self.passed
        print(f"epoch {self.passed} of {self.epochs}: {took:.0f} s, about {left:.0f} s to go", flush=True)


@contextmanager
def needs(*names: str) -> Iterator[None]:
    """Around a picture that is drawn by what students write: says in a line what is not written yet.

    Any other error is theirs to see, with its traceback.
    """
    try:
        yield
    except NotImplementedError:
        missing = names
    except NameError as error:
        if error.name not in names:
            raise
        missing = (error.name,)
    else:
        return
    print(f"Not drawn yet: this picture needs {' and '.join(f'`{name}`' for name in missing)}, from the cell above.")
