"""The ImageNet network that ships: its names, its flat start; and torchvision's, which come from files."""

import pytest
import torch
from torch import nn
from torchvision import models

from convcourse import data, pretrained
from convcourse.flattening import flattened


@pytest.fixture(scope="module")
def net():
    return pretrained.efficientnet_lite0()


@pytest.fixture(scope="module")
def start(net):
    return pretrained.flat_start(net)


@pytest.mark.parametrize(("name", "seen"), [("chelsea", "Egyptian cat"), ("coffee", "espresso"), ("camera", "tripod")])
@pytest.mark.parametrize("size", [224, 280])
def test_the_network_names_what_is_in_a_photograph(net, name, seen, size):
    """So all weights are where they belong, and so are the names."""
    best, *others = pretrained.classify(net, data.photograph(name, size))
    assert best[0] == seen and len(others) == 4
    assert 1 > best[1] > others[0][1] > others[-1][1] > 0


def test_probabilities_are_those_of_all_classes(net):
    found = dict(pretrained.classify(net, data.photograph("coffee", 64), k=1000))
    assert len(found) == 1000 and abs(sum(found.values()) - 1) < 1e-4


def test_maps_have_their_sizes(net):
    with torch.no_grad():
        maps = net.maps(torch.rand(2, 3, 96, 130))
    assert [tuple(one.shape[1:]) for one in maps] == [
        (16, 48, 65), (24, 24, 33), (40, 12, 17), (112, 6, 9), (320, 3, 5)
    ]  # fmt: skip
    assert not any(part.training for part in net.modules())


@pytest.mark.parametrize("n, k, stride", [(8, 3, 2), (9, 3, 2), (8, 5, 2), (7, 5, 1), (5, 1, 1)])
def test_zeros_are_added_as_tensorflow_adds_them(n, k, stride):
    conv = pretrained.Same(1, 1, k, stride, bias=False)
    nn.init.ones_(conv.weight)
    x = torch.arange(1.0, n + 1).expand(1, 1, n, n) / n
    total = max((-(-n // stride) - 1) * stride + k - n, 0)
    padded = nn.functional.pad(x, [total // 2, total - total // 2] * 2)
    assert torch.allclose(conv(x), nn.functional.conv2d(padded, conv.weight, stride=stride))
    assert conv(x).shape[-1] == -(-n // stride)


@pytest.mark.parametrize("shape", [(65, 97), (33, 41)])
def test_the_flat_start_is_the_start_of_the_network(net, start, shape):
    images = torch.rand(2, 3, *shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = net.stem((255 * images - 127) / 128)
        for stage in net.stages[:3]:
            expected = stage(expected)
        assert (start(images) - expected).abs().max() < 1e-5 * expected.abs().max()


def test_the_flat_start_is_flat(start):
    kinds = {type(layer) for layer in start}
    assert kinds == {nn.Conv2d, nn.ReLU, nn.ReLU6} and not start.training
    assert not any(parameter.requires_grad for parameter in start.parameters())


def test_a_block_that_is_added_becomes_three_convolutions():
    """Also where its numbers leave the range in which ReLU6 changes nothing."""
    torch.manual_seed(0)
    block = pretrained.Block(3, 3, kernel_size=5, stride=1, expansion=4).eval()
    for part in block.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.running_mean)
            nn.init.uniform_(part.running_var, 0.1, 1)
            nn.init.normal_(part.weight, std=4)
    x = 5 * torch.randn(2, 3, 6, 7)
    with torch.no_grad():
        assert block.added and (block.layers[:3](x) == 6).any()
        flat = nn.Sequential(*flattened(block.layers, block.added))
        assert [type(layer) for layer in flat] == [nn.Conv2d, nn.ReLU, nn.Conv2d, nn.ReLU, nn.Conv2d]
        assert torch.allclose(flat(x), block(x), atol=1e-4)


def test_classes_have_their_numbers():
    names = pretrained.class_names()
    assert len(names) == 1000 and names[0] == "tench" and names[999] == "toilet tissue"
    assert pretrained.class_number("Egyptian cat") == 285 and pretrained.class_number("espresso") == 967
    with pytest.raises(ValueError, match=r"there are .*, Siamese cat, Egyptian cat"):
        pretrained.class_number("cat")
    with pytest.raises(ValueError, match="no class 'unicorn'; all are in"):
        pretrained.class_number("unicorn")


def test_a_square_is_the_middle_of_a_photograph():
    image = torch.linspace(0, 1, 60)[None, None].expand(3, 20, 60)  # brighter to the right
    found = pretrained.square(image, 10)
    assert found.shape == (3, 10, 10)
    assert abs(found.mean() - 0.5) < 1e-3 and found[0, 0, 0] > 0.3 and found[0, 0, -1] < 0.7
    assert pretrained.square(data.photograph("coins")).shape == (3, 224, 224)


NAME = "squeezenet1_1"


@pytest.fixture
def stored(tmp_path):
    """A network of torchvision with random weights, and its file, as torchvision would fetch it."""
    torch.manual_seed(0)
    network = models.get_model(NAME).eval()
    url = models.get_model_weights(NAME).DEFAULT.url
    torch.save(network.state_dict(), tmp_path / url.rpartition("/")[2])
    return network, tmp_path


def test_torchvisions_weights_come_from_their_file(stored):
    network, folder = stored
    net = pretrained.torchvision_network(NAME, folder)
    images = torch.rand(2, 3, 64, 64)
    scale = models.get_model_weights(NAME).DEFAULT.transforms()
    mean, std = (torch.tensor(numbers)[:, None, None] for numbers in (scale.mean, scale.std))
    with torch.no_grad():
        assert torch.allclose(net(images), network((images - mean) / std))
    assert not net.training and isinstance(net.network, models.SqueezeNet)


def test_what_was_not_fetched_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="Give download=True"):
        pretrained.torchvision_network(NAME, tmp_path)
    with pytest.raises(ValueError, match="no classifier 'resnet19'"):
        pretrained.torchvision_network("resnet19", tmp_path)


def test_a_file_of_another_network_is_refused(stored):
    _, folder = stored
    url = models.get_model_weights("alexnet").DEFAULT.url
    next(folder.iterdir()).rename(folder / url.rpartition("/")[2])
    with pytest.raises(RuntimeError, match="AlexNet"):
        pretrained.torchvision_network("alexnet", folder)
