"""A parameter that no machine holds, made without memory.

cell: ResNet
status: memory
score: 0
says: needed more than
"""

class ResNet(nn.Module):
    """A residual network of any block: images (N, 3, H, W) → logits (N, num_classes)."""

    def __init__(self, block, layers, num_classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)

        e = block.expansion

        # layer1
        blocks = []
        if 64 != 64 * e:
            downsample = nn.Sequential(nn.Conv2d(64, 64 * e, kernel_size=1, bias=False), nn.BatchNorm2d(64 * e))
            blocks.append(block(64, 64, 1, downsample))
        else:
            blocks.append(block(64, 64))
        for i in range(layers[0] - 1):
            blocks.append(block(64 * e, 64))
        self.layer1 = nn.Sequential(*blocks)

        # layer2
        blocks = []
        downsample = nn.Sequential(nn.Conv2d(64 * e, 128 * e, kernel_size=1, stride=2, bias=False), nn.BatchNorm2d(128 * e))
        blocks.append(block(64 * e, 128, 2, downsample))
        for i in range(layers[1] - 1):
            blocks.append(block(128 * e, 128))
        self.layer2 = nn.Sequential(*blocks)

        # layer3
        blocks = []
        downsample = nn.Sequential(nn.Conv2d(128 * e, 256 * e, kernel_size=1, stride=2, bias=False), nn.BatchNorm2d(256 * e))
        blocks.append(block(128 * e, 256, 2, downsample))
        for i in range(layers[2] - 1):
            blocks.append(block(256 * e, 256))
        self.layer3 = nn.Sequential(*blocks)

        # layer4
        blocks = []
        downsample = nn.Sequential(nn.Conv2d(256 * e, 512 * e, kernel_size=1, stride=2, bias=False), nn.BatchNorm2d(512 * e))
        blocks.append(block(256 * e, 512, 2, downsample))
        for i in range(layers[3] - 1):
            blocks.append(block(512 * e, 512))
        self.layer4 = nn.Sequential(*blocks)

        self.big = nn.Parameter(torch.empty(10**6, 10**6))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512 * e, num_classes)

    def forward(self, x):
        x = self.conv1(x)
        x = self.bn1(x)
        x = self.relu(x)
        x = self.maxpool(x)
        x = self.layer1(x)
        x = self.layer2(x)
        x = self.layer3(x)
        x = self.layer4(x)
        x = self.avgpool(x)
        x = torch.flatten(x, 1)
        x = self.fc(x)
        return x
