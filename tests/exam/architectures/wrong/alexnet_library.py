"""torchvision's own.

names: AlexNet
mistake: banned-call
where: banned, plainest
visible: caught
"""

import torchvision


class AlexNet(torchvision.models.AlexNet):
    def __init__(self, num_classes):
        super().__init__(num_classes)
