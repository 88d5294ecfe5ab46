"""torchvision's own block under the text's name.

cell: BasicBlock
status: graded
score: 0
says: is forbidden here
"""

import torchvision
TV = torchvision.models
BasicBlock = TV.resnet.BasicBlock
