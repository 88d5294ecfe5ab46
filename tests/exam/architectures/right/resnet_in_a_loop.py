"""One loop makes all stages, which are kept under their numbered names; arguments of blocks by name.

names: ResNet
"""

import torch.nn.functional as F
from torch import nn


class ResNet(nn.Module):
    def __init__(self, block, layers, num_classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        width = 64
        for number, count in enumerate(layers):
            planes, blocks = 64 * 2**number, []
            for place in range(count):
                stride = 2 if number > 0 and place == 0 else 1
                shortcut = None
                if stride > 1 or width != planes * block.expansion:
                    shortcut = nn.Sequential(
                        nn.Conv2d(width, planes * block.expansion, 1, stride=stride, bias=False),
                        nn.BatchNorm2d(planes * block.expansion),
                    )
                blocks.append(block(inplanes=width, planes=planes, stride=stride, downsample=shortcut))
                width = planes * block.expansion
            self.add_module(f"layer{number + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(width, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, stride=2, padding=1)
        for number in range(1, 5):
            x = getattr(self, f"layer{number}")(x)
        return self.fc(x.mean(dim=(2, 3)))
