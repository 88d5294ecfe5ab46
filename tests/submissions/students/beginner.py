"""Everything is written out, with patterns of tutorials, and compared with torchvision in a cell of one's own."""

# %% receptive_field
def receptive_field(layers):
    """(size, jump) in pixels along one axis, of layers (kernel_size, stride, dilation) from input to output."""
    size = 1
    jump = 1
    for i in range(len(layers)):
        k = layers[i][0]
        s = layers[i][1]
        d = layers[i][2]
        size = size + (k - 1) * d * jump
        jump = jump * s
    return size, jump

# %% AlexNet
class AlexNet(nn.Module):
    """torchvision's AlexNet: images (N, 3, H, W) → logits (N, num_classes)."""

    def __init__(self, num_classes):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, kernel_size=11, stride=4, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(64, 192, kernel_size=5, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(192, 384, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(256, 256, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
        )
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.flatten = nn.Flatten()
        self.classifier = nn.Sequential(
            nn.Dropout(0.5),
            nn.Linear(256 * 6 * 6, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Linear(4096, num_classes),
        )

    def forward(self, x):
        x = self.features(x)
        x = self.avgpool(x)
        x = self.flatten(x)
        x = self.classifier(x)
        return x

# %% + AlexNet-hidden
# my own test: shapes and names against torchvision
mine = AlexNet(10)
theirs_alexnet = torchvision.models.alexnet(num_classes=10)
print(mine.load_state_dict(theirs_alexnet.state_dict()))
mine.eval()
theirs_alexnet.eval()
x = torch.randn(2, 3, 64, 100)
print((mine(x) - theirs_alexnet(x)).abs().max())
del mine, theirs_alexnet

# %% VGG
class VGG(nn.Module):
    """VGG of any depth: images (N, 3, H, W) → logits (N, num_classes)."""

    def __init__(self, config, num_classes, batch_norm=False):
        super().__init__()
        layers = []
        in_channels = 3
        for v in config:
            if v == "M":
                layers += [nn.MaxPool2d(kernel_size=2, stride=2)]
            else:
                conv2d = nn.Conv2d(in_channels, v, kernel_size=3, padding=1)
                if batch_norm:
                    layers += [conv2d, nn.BatchNorm2d(v), nn.ReLU(inplace=True)]
                else:
                    layers += [conv2d, nn.ReLU(inplace=True)]
                in_channels = v
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096),
            nn.ReLU(True),
            nn.Dropout(),
            nn.Linear(4096, 4096),
            nn.ReLU(True),
            nn.Dropout(),
            nn.Linear(4096, num_classes),
        )

    def forward(self, x):
        x = self.features(x)
        x = self.avgpool(x)
        x = x.view(x.size(0), -1)
        x = self.classifier(x)
        return x

# %% Inception
class Inception(nn.Module):
    """The module of GoogLeNet's paper: (N, in_channels, H, W) → (N, ch1x1 + ch3x3 + ch5x5 + pool_proj, H, W)."""

    def __init__(self, in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj):
        super().__init__()
        # 1x1
        self.conv_1x1 = nn.Conv2d(in_channels, ch1x1, kernel_size=1)
        # 3x3
        self.conv_3x3_red = nn.Conv2d(in_channels, ch3x3red, kernel_size=1)
        self.conv_3x3 = nn.Conv2d(ch3x3red, ch3x3, kernel_size=3, padding=1)
        # 5x5
        self.conv_5x5_red = nn.Conv2d(in_channels, ch5x5red, kernel_size=1)
        self.conv_5x5 = nn.Conv2d(ch5x5red, ch5x5, kernel_size=5, padding=2)
        # pool
        self.pool = nn.MaxPool2d(kernel_size=3, stride=1, padding=1)
        self.conv_pool = nn.Conv2d(in_channels, pool_proj, kernel_size=1)
        self.relu = nn.ReLU()

    def forward(self, x):
        branch1 = self.conv_1x1(x)
        branch1 = self.relu(branch1)

        branch2 = self.conv_3x3_red(x)
        branch2 = self.relu(branch2)
        branch2 = self.conv_3x3(branch2)
        branch2 = self.relu(branch2)

        branch3 = self.conv_5x5_red(x)
        branch3 = self.relu(branch3)
        branch3 = self.conv_5x5(branch3)
        branch3 = self.relu(branch3)

        branch4 = self.pool(x)
        branch4 = self.conv_pool(branch4)
        branch4 = self.relu(branch4)

        out = torch.cat([branch1, branch2, branch3, branch4], 1)
        return out

# %% BasicBlock
class BasicBlock(nn.Module):
    """Two 3×3 convolutions and a shortcut: (N, inplanes, H, W) → (N, planes, H', W')."""

    expansion = 1

    def __init__(self, inplanes, planes, stride=1, downsample=None):
        super().__init__()
        self.conv1 = nn.Conv2d(inplanes, planes, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(planes, planes, kernel_size=3, stride=1, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = downsample

    def forward(self, x):
        identity = x
        out = self.conv1(x)
        out = self.bn1(out)
        out = self.relu(out)
        out = self.conv2(out)
        out = self.bn2(out)
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        out = self.relu(out)
        return out

# %% Bottleneck
class Bottleneck(nn.Module):
    """1×1, 3×3, 1×1 and a shortcut: (N, inplanes, H, W) → (N, 4 · planes, H', W')."""

    expansion = 4

    def __init__(self, inplanes, planes, stride=1, downsample=None):
        super().__init__()
        self.conv1 = nn.Conv2d(inplanes, planes, kernel_size=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, planes * 4, kernel_size=1, bias=False)
        self.bn3 = nn.BatchNorm2d(planes * 4)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample

    def forward(self, x):
        identity = x
        out = self.conv1(x)
        out = self.bn1(out)
        out = self.relu(out)
        out = self.conv2(out)
        out = self.bn2(out)
        out = self.relu(out)
        out = self.conv3(out)
        out = self.bn3(out)
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        out = self.relu(out)
        return out

# %% ResNet
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

# %% bonus
class SqueezeExcitation(nn.Module):
    """Each map times a number between 0 and 1 that depends on all maps: (N, channels, H, W) → the same shape."""

    def __init__(self, channels, reduction):
        super().__init__()
        self.fc1 = nn.Linear(channels, channels // reduction)
        self.fc2 = nn.Linear(channels // reduction, channels)

    def forward(self, x):
        s = x.mean(dim=3).mean(dim=2)
        s = self.fc1(s)
        s = torch.relu(s)
        s = self.fc2(s)
        s = torch.sigmoid(s)
        s = s.unsqueeze(2).unsqueeze(3)
        return x * s
