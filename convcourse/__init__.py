"""What readers and students of the course import: data, pictures, visible checks, and `python -m convcourse check`."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


def epochs(n: int) -> int:
    """`n` passes over the data for whoever works in the notebook, 1 while it is graded: nobody trains for show."""
    return 1 if os.environ.get("NBGRADER_EXECUTION") else n


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
