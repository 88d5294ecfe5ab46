"""The layers of a network of torchvision that was made before.

names: AlexNet
mistake: banned-call
where: banned, plainest
"""

from copy import deepcopy

import torchvision
from torch import nn

READY = torchvision.models.alexnet()


class AlexNet(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        copied = deepcopy(READY)
        self.features, self.avgpool = copied.features, copied.avgpool
        self.classifier = nn.Sequential(*copied.classifier[:6], nn.Linear(4096, num_classes))

    def forward(self, x):
        return self.classifier(self.avgpool(self.features(x)).flatten(1))
