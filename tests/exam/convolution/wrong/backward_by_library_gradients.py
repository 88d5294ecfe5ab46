"""torch.nn.grad knows the answers.

names: conv2d_backward
mistake: banned-call
where: banned
"""

from torch.nn import grad


def conv2d_backward(grad_out, x, weight, stride=1, padding=0):
    grad_x = grad.conv2d_input(x.shape, weight, grad_out, stride, padding)
    grad_weight = grad.conv2d_weight(x, weight.shape, grad_out, stride, padding)
    return grad_x, grad_weight, grad_out.sum((0, 2, 3))
