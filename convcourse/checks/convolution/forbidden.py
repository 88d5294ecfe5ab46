"""What assignment 01 forbids, as far as PyTorch's own functions go; the grader looks further."""

from __future__ import annotations

import torch
import torch.nn.functional as F

CONVOLUTIONS = (
    *(torch.conv1d, torch.conv2d, torch.conv3d, torch.conv_tbc, torch.convolution),
    *(torch.conv_transpose1d, torch.conv_transpose2d, torch.conv_transpose3d),
    *(torch.ops.aten.convolution, torch.ops.aten.im2col, torch.ops.aten.col2im),
    *(F.unfold, F.fold),
)
AUTOGRAD = torch.autograd.grad, torch.autograd.backward, torch.Tensor.backward
