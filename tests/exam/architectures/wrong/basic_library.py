"""torchvision's own, made by the class.

names: BasicBlock
mistake: banned-call
where: banned, plainest
visible: caught
"""

from torch import nn
from torchvision.models.resnet import BasicBlock as Theirs


class BasicBlock(nn.Module):
    expansion = 1

    def __new__(cls, inplanes, planes, stride=1, downsample=None):
        return Theirs(inplanes, planes, stride, downsample)
