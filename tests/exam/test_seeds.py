"""With any seed every implementation gets the same marks.

Each implementation meets one other seed in the default run, a different one for each; `pytest -m slow` gives it all 50.
"""

import pytest

from autograder.exam import table

SEEDS = [f"seed {i} " for i in range(50)]


def marks(rows):
    return {r.implementation.path.name: {(o.exam, o.id): o.earned for o in r.all} for r in rows}


def test_one_other_seed_each(name, rows):
    assert marks(table.examined(name, salts=SEEDS)) == marks(rows)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("salt", SEEDS)
def test_fifty_seeds(name, rows, salt):
    assert marks(table.examined(name, salts=[salt])) == marks(rows)
