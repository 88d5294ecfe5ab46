"""With any seed every implementation gets the same marks.

In the default run one implementation in three meets one other seed, a different one for each; `pytest -m slow` gives
all of them all 50.
"""

import pytest

from autograder import exam_table as table

SEEDS = [f"seed {i} " for i in range(50)]


# Networks that compute with random numbers of their own, in place of those they are given: chance has its share in how
# many criteria notice.
OWN_DICE = {"unet-random", "unet-unregistered"}


def marks(rows):
    fixed = [r for r in rows if r.implementation.mistake not in OWN_DICE]
    return {r.implementation.path.name: {(o.exam, o.id): o.earned for o in r.all} for r in fixed}


def test_one_other_seed_each(name, rows):
    found, usual = marks(table.examined(name, salts=SEEDS, every=3)), marks(rows)
    assert len(found) > 60 and found == {one: usual[one] for one in found}


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("salt", SEEDS)
def test_fifty_seeds(name, rows, salt):
    assert marks(table.examined(name, salts=[salt])) == marks(rows)
