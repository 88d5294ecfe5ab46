"""Chapter 4's trainings with few digits and many, and what is read off their curves."""

import math

import pytest
import torch
from _code import augmenting


def test_a_seed_decides_images_weights_and_order(monkeypatch):
    monkeypatch.setattr(augmenting, "STEPS", 20)
    (net, chosen, loss), (again, _, _), (other, others, _) = (
        augmenting.fitted(augmenting.moved, 40, seed) for seed in (0, 0, 1)
    )
    assert len(chosen.unique()) == 40 and loss.shape == (10,)
    assert all(torch.equal(one, two) for one, two in zip(net.parameters(), again.parameters()))
    assert not torch.equal(chosen, others) and not torch.equal(net[0].weight, other[0].weight)


def test_what_is_told_of_a_training_is_that_of_its_network(monkeypatch):
    monkeypatch.setattr(augmenting, "STEPS", 20)
    net, chosen, loss = augmenting.fitted(augmenting.turned, 40, 3)
    images, labels, new, truth = augmenting.digits()
    share = lambda x, y: (net(x).argmax(1) == y).float().mean().item()
    found = augmenting.train(augmenting.turned, 40, 3)
    assert found["known"] == pytest.approx(share(images[chosen], labels[chosen]))
    assert found["right"] == pytest.approx(share(new, truth), abs=1e-4)
    assert found["loss"] == pytest.approx(loss.tolist(), abs=1e-4)


def test_how_many_unchanged_images_reach_a_share():
    shares, counts = [0.6, 0.8, 0.7, 0.9], [10, 100, 1000, 10_000]
    worth = lambda share: augmenting.worth(shares, counts, share)
    assert worth(0.7) == pytest.approx(math.sqrt(10 * 100))
    assert worth(0.8) == pytest.approx(100)  # the first of three points of this height
    assert worth(0.85) == pytest.approx(10**3.75)
    assert worth(0.5) == pytest.approx(10) and worth(0.9) == pytest.approx(10_000)
    assert worth(0.91) == math.inf
