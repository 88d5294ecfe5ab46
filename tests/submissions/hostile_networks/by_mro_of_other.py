"""A class of another module of torchvision's that inherits from the forbidden one.

cell: ResNet
status: graded
score: 0
says: torchvision.models.resnet.ResNet.__init__
"""

import torchvision
TV = torchvision.models

import torchvision.models.quantization.resnet as q
class ResNet(q.QuantizableResNet):
    pass
