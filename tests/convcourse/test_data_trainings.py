"""The trainings that assignment 06 states, and how their bars were set."""

import json
import runpy
from pathlib import Path

import pytest
import torch

from convcourse import data
from convcourse.data.trainings import FILE

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def bench():
    return runpy.run_path(str(ROOT / "benchmarks" / "training_bar.py"))


@pytest.mark.parametrize("name", ["page", "exam"])
def test_a_bar_lies_below_the_worst_training_with_the_settings_of_the_benchmark(name, bench):
    found = data.training(name)
    setting = bench["SETTINGS"][name]
    assert {key: getattr(found, key) for key in setting} == setting, "run make training-bar"
    assert found.bar == bench["bar"](found.reached) < min(found.reached)


@pytest.mark.parametrize("name", ["page", "exam"])
def test_a_network_that_says_ground_everywhere_stays_below_the_bar(name, bench):
    found = data.training(name)
    masks = bench["pairs"](found.unseen, found.size, 5, found.classes)
    ground = sum((mask == 0).float().mean().item() for _, mask in masks) / len(masks)
    assert ground / max(found.classes, 2) < found.bar - 0.1


def test_the_networks_of_the_rules():
    assert 'UNet(3, 6, base_channels=8, depth=3, padding="same")' in data.training("page").rule
    assert data.training_network(2)(torch.zeros(3, 3, 8, 12)).shape == (3, 2, 8, 12)


def test_the_rule_tells_all_that_counts():
    rule = data.training("exam").rule
    assert "data.training_network(1)" in rule
    for number in json.loads(FILE.read_text())["exam"].values():
        assert isinstance(number, list) or f"{number}" in rule


def test_an_unknown_training_is_refused():
    with pytest.raises(ValueError, match="page, exam"):
        data.training("pages")
