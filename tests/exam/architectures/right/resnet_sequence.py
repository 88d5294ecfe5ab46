"""The network is a sequence with names.

names: ResNet
"""

from collections import OrderedDict

from torch import nn


def stage(block, inputs, planes, count, stride):
    outputs = planes * block.expansion
    changed = stride != 1 or inputs != outputs
    shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)) if changed else None
    return nn.Sequential(block(inputs, planes, stride, shortcut), *(block(outputs, planes) for _ in range(count - 1)))


class ResNet(nn.Sequential):
    def __init__(self, block, layers, num_classes):
        e = block.expansion
        widths = [64, 64 * e, 128 * e, 256 * e]
        stages = {
            f"layer{i + 1}": stage(block, widths[i], 64 << i, count, 1 if i == 0 else 2)
            for i, count in enumerate(layers)
        }
        start = {
            "conv1": nn.Conv2d(3, 64, 7, 2, 3, bias=False),
            "bn1": nn.BatchNorm2d(64),
            "relu": nn.ReLU(True),
            "maxpool": nn.MaxPool2d(3, 2, 1),
        }
        end = {"avgpool": nn.AdaptiveAvgPool2d((1, 1)), "flat": nn.Flatten(), "fc": nn.Linear(512 * e, num_classes)}
        super().__init__(OrderedDict(start | stages | end))
