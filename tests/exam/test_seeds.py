"""With any seed every implementation gets the same marks.

Each implementation meets one other seed in the default run, a different one for each; `pytest -m slow` gives it all 50.
"""

import pytest

from autograder.exam import table

SEEDS = [f"seed {i} " for i in range(50)]


# Networks that compute with random numbers of their own, in place of those they are given: chance has its share in how
# many criteria notice.
OWN_DICE = {"unet-random", "unet-unregistered"}
# Of these a criterion more or fewer notices, with some seeds: they fail several with every one.
UNSTEADY = {"unet_upsample_and_1x1.py", "vgg_pool_never.py"}


def marks(rows):
    fixed = [r for r in rows if r.implementation.mistake not in OWN_DICE and r.implementation.path.name not in UNSTEADY]
    return {r.implementation.path.name: {(o.exam, o.id): o.earned for o in r.all} for r in fixed}


def test_one_other_seed_each(name, rows):
    assert marks(table.examined(name, salts=SEEDS)) == marks(rows)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("salt", SEEDS)
def test_fifty_seeds(name, rows, salt):
    assert marks(table.examined(name, salts=[salt])) == marks(rows)
