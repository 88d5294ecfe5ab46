"""What assignment 04 bans is refused however it is reached, and what its text allows is free."""

import enum
import inspect
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from autograder.exam import augmentation
from autograder.exam.subject import Banned, LocalSubject

IMAGE = torch.rand(3, 8, 8)


class Colour(enum.Enum):
    RED = "red"


def tv1(name, *args):
    from torchvision.transforms import functional

    return getattr(functional, name)(IMAGE, *args)


def tv2(name, *args):
    from torchvision.transforms.v2 import functional

    return getattr(functional, name)(IMAGE, *args)


def made(module, name, *args):
    from torchvision import transforms
    from torchvision.transforms import v2

    return getattr({"v1": transforms, "v2": v2}[module], name)(*args)(IMAGE)


def other(path, *args, **kwargs):
    package, _, name = path.rpartition(".")
    module = __import__(package, fromlist=[name])
    return torch.from_numpy(np.asarray(getattr(module, name)(IMAGE[0].numpy(), *args, **kwargs)))


def upsampled():
    from scipy.signal import upfirdn

    return torch.from_numpy(upfirdn([1.0, 2.0], IMAGE[0].numpy()))


def interpolated(name):
    from scipy import interpolate

    grid, at = np.arange(8.0), np.array([[1.5, 2.5]])
    if name == "interpn":
        return torch.from_numpy(interpolate.interpn((grid, grid), IMAGE[0].double().numpy(), at))
    points = np.stack(np.meshgrid(grid, grid), -1).reshape(-1, 2)
    return torch.from_numpy(interpolate.griddata(points, IMAGE[0].numpy().reshape(-1), at))


def gridded(name, image):
    from scipy import interpolate

    grid = np.arange(8.0)
    if name == "RectBivariateSpline":
        return torch.from_numpy(interpolate.RectBivariateSpline(grid, grid, image)(grid, grid))
    return torch.from_numpy(interpolate.RegularGridInterpolator((grid, grid), image.astype(float))([[1.5, 2.5]]))


def special():
    from scipy.special import erf

    return torch.from_numpy(np.asarray(erf(IMAGE.numpy())))


def densities():
    from scipy.stats import norm

    return torch.from_numpy(norm.pdf(np.arange(-2.0, 3.0)))


BANNED = {
    "rotate": lambda: tv1("rotate", 20.0),
    "affine": lambda: tv1("affine", 0.0, [1, 1], 1.0, [0.0]),
    "gaussian_blur": lambda: tv1("gaussian_blur", [3, 3]),
    "adjust_contrast": lambda: tv1("adjust_contrast", 0.5),
    "erase": lambda: tv1("erase", 1, 1, 2, 2, torch.zeros(1)),
    "v2 rotate": lambda: tv2("rotate", 20.0),
    "v2 rotate_image": lambda: tv2("rotate_image", 20.0),
    "v2 affine": lambda: tv2("affine", 0.0, [1, 1], 1.0, [0.0]),
    "v2 gaussian_blur": lambda: tv2("gaussian_blur", [3, 3]),
    "v2 adjust_contrast": lambda: tv2("adjust_contrast", 0.5),
    "v2 gaussian_noise": lambda: tv2("gaussian_noise"),
    "v2 erase": lambda: tv2("erase", 1, 1, 2, 2, torch.zeros(1)),
    "GaussianBlur": lambda: made("v1", "GaussianBlur", 3),
    "v2.GaussianNoise": lambda: made("v2", "GaussianNoise"),
    "v2.RandomRotation": lambda: made("v2", "RandomRotation", 20),
    "scipy rotate": lambda: other("scipy.ndimage.rotate", 20, reshape=False),
    "scipy shift": lambda: other("scipy.ndimage.shift", (1, 2)),
    "scipy gaussian_filter": lambda: other("scipy.ndimage.gaussian_filter", 1.0),
    "scipy convolve": lambda: other("scipy.ndimage.convolve", np.ones((3, 3))),
    "scipy fourier_gaussian": lambda: other("scipy.ndimage.fourier_gaussian", 1.0).real,
    "scipy binary_dilation": lambda: other("scipy.ndimage.binary_dilation"),
    "scipy fftconvolve": lambda: other("scipy.signal.fftconvolve", np.ones((3, 3))),
    "scipy convolve2d": lambda: other("scipy.signal.convolve2d", np.ones((3, 3))),
    "scipy sepfir2d": lambda: other("scipy.signal.sepfir2d", [0.2, 0.6, 0.2], [0.2, 0.6, 0.2]),
    "scipy spline": lambda: other("scipy.signal.cspline2d"),
    "scipy upfirdn": lambda: upsampled(),
    "scipy interpn": lambda: interpolated("interpn"),
    "scipy griddata": lambda: interpolated("griddata"),
    "scipy RegularGridInterpolator": lambda: gridded("RegularGridInterpolator", IMAGE[0].numpy()),
    "scipy RectBivariateSpline": lambda: gridded("RectBivariateSpline", IMAGE[0].numpy()),
    "scipy fft2": lambda: other("scipy.fft.fft2").real,
    "scipy dctn": lambda: other("scipy.fft.dctn"),
    "scipy fftpack": lambda: other("scipy.fftpack.fft2").real,
    "skimage warp": lambda: other("skimage.transform.warp", np.eye(3)),
    "skimage crop": lambda: other("skimage.util.crop", 1),
    "skimage rotate": lambda: other("skimage.transform.rotate", 20),
    "skimage gaussian": lambda: other("skimage.filters.gaussian", 1.0),
    "skimage random_noise": lambda: other("skimage.util.random_noise"),
}
FREE = {
    "F.pad": lambda: F.pad(IMAGE[None], (1, 1, 1, 1), mode="reflect"),
    "F.conv2d": lambda: F.conv2d(IMAGE[None], torch.ones(1, 3, 3, 3)),
    "F.grid_sample": lambda: F.grid_sample(IMAGE[None], torch.zeros(1, 2, 2, 2), align_corners=False),
    "torch.rot90": lambda: torch.rot90(IMAGE, 1, (1, 2)),
    "an enum": lambda: (re.sub("a", "b", "A", flags=re.I | re.M), Colour("red"), inspect.signature(asked)),
    "scipy.special": lambda: special(),
    "scipy.stats": lambda: densities(),
    "numpy fft": lambda: torch.from_numpy(np.fft.fft2(IMAGE.numpy()).real),
    "numpy": lambda: torch.from_numpy(np.rot90(IMAGE.numpy(), axes=(1, 2)).copy()),
}
PARTS = [part.name for part in augmentation.EXAMS if part.ban]


def asked(call):
    subject = LocalSubject(lambda image: call())
    subject.ban = "augmentation"
    return subject(IMAGE)


@pytest.mark.parametrize("name", BANNED)
def test_refused(name):
    BANNED[name]()  # works where nothing is banned, and imports what it needs
    with pytest.raises(Banned):
        asked(BANNED[name])


@pytest.mark.parametrize("name", FREE)
def test_free(name):
    asked(FREE[name])


def test_the_seven_functions_on_images_are_banned_from_libraries():
    assert [
        *("shift", "cutout", "rotate", "adjust_contrast", "gaussian_blur", "gaussian_noise", "replace_background")
    ] == PARTS
