"""Digits that are always there, and torchvision's sets, read from tiny folders of the same format."""

import gzip
import pickle
import struct

import numpy as np
import pytest
import torch
from PIL import Image

from convcourse import data


def test_digits():
    images, labels = data.digits()
    assert images.shape == (1797, 1, 8, 8) and images.dtype == torch.float32
    assert images.min() == 0 and images.max() == 1
    assert labels.dtype == torch.int64 and labels.bincount().min() > 150 and labels.max() == 9


@pytest.fixture
def pets(tmp_path):
    """Two pets, one wide and one high: the left (or upper) half pet, a border of unknown pixels, then background."""
    folder = tmp_path / "oxford-iiit-pet"
    (folder / "images").mkdir(parents=True)
    (folder / "annotations" / "trimaps").mkdir(parents=True)
    for name, shape in (("Abyssinian_1", (40, 60)), ("beagle_2", (60, 40))):
        trimap = np.full(shape, 2, np.uint8)
        trimap[: shape[0] // 2 - 2] = 1
        trimap[shape[0] // 2 - 2 : shape[0] // 2 + 2] = 3
        picture = np.zeros((*shape, 3), np.uint8)
        picture[trimap == 1] = (255, 0, 0)
        Image.fromarray(picture).save(folder / "images" / f"{name}.jpg", quality=100)
        Image.fromarray(trimap).save(folder / "annotations" / "trimaps" / f"{name}.png")
    (folder / "annotations" / "trainval.txt").write_text("Abyssinian_1 1 1 1\nbeagle_2 2 2 1\n")
    (folder / "annotations" / "test.txt").write_text("beagle_2 2 2 1\n")
    return tmp_path


def test_pets_are_squares_with_masks_of_pet_background_and_unknown(pets):
    found = data.oxford_pets(pets, size=20)
    assert len(found) == 2 and len(data.oxford_pets(pets, "test", size=20)) == 1
    for image, mask in found:
        assert image.shape == (3, 20, 20) and image.dtype == torch.float32 and image.max() <= 1
        assert mask.shape == (20, 20) and mask.dtype == torch.int64
        assert mask.unique().tolist() == [0, 1, 255]
        assert (mask[:8] == 1).all() and (mask[12:] == 0).all()
        assert image[0][mask == 1].mean() > 0.9 and image[0][mask == 0].mean() < 0.1
        assert image[1:].mean() < 0.1


def test_what_was_not_fetched_is_said(tmp_path):
    for find in (data.oxford_pets, data.mnist, data.cifar10):
        with pytest.raises(RuntimeError, match="download"):
            find(tmp_path)


def idx(array: np.ndarray) -> bytes:
    """MNIST's file format."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def test_mnist(tmp_path):
    folder = tmp_path / "MNIST" / "raw"
    folder.mkdir(parents=True)
    picture = np.zeros((1, 28, 28), np.uint8)
    picture[0, 3, 4] = 255
    for stem in ("train", "t10k"):
        for name, array in (("images-idx3", picture), ("labels-idx1", np.array([7], np.uint8))):
            (folder / f"{stem}-{name}-ubyte").write_bytes(idx(array))
            with gzip.open(folder / f"{stem}-{name}-ubyte.gz", "wb") as file:
                file.write(idx(array))
    image, label = data.mnist(tmp_path)[0]
    assert image.shape == (1, 28, 28) and image.dtype == torch.float32 and label == 7
    assert image[0, 3, 4] == 1 and image.sum() == 1


def test_cifar10(tmp_path, monkeypatch):
    import hashlib

    from torchvision.datasets import CIFAR10

    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    row = np.zeros((1, 3 * 32 * 32), np.uint8)
    row[0, 1024 + 5] = 255  # green, first row, sixth column
    batch = pickle.dumps({"data": row, "labels": [3]})
    (folder / "test_batch").write_bytes(batch)
    names = pickle.dumps({"label_names": ["airplane"] * 10})
    (folder / "batches.meta").write_bytes(names)
    md5 = lambda content: hashlib.md5(content).hexdigest()
    monkeypatch.setattr(CIFAR10, "train_list", [])
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", md5(batch)]])
    monkeypatch.setattr(CIFAR10, "meta", {**CIFAR10.meta, "md5": md5(names)})
    image, label = data.cifar10(tmp_path, train=False)[0]
    assert image.shape == (3, 32, 32) and label == 3
    assert image[1, 0, 5] == 1 and image.sum() == 1
