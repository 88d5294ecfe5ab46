"""The whole model goes back; gradients that lay in the parameters are put back. The sum over positions is as good.

names: grad_cam
"""

import torch


def enlarged(plane, height, width):
    """Bilinear, by the two nearest rows and columns of each pixel's centre."""
    for axis, size in ((0, height), (1, width)):
        n = plane.shape[axis]
        at = ((torch.arange(size, dtype=plane.dtype) + 0.5) * n / size - 0.5).clamp(0, n - 1)
        low = at.floor().long()
        high = (low + 1).clamp(max=n - 1)
        share = (at - low).reshape(-1, 1) if axis == 0 else at - low
        plane = plane.index_select(axis, low) * (1 - share) + plane.index_select(axis, high) * share
    return plane


def grad_cam(model, layer, image, target):
    before = {parameter: parameter.grad for parameter in model.parameters()}
    for parameter in before:
        parameter.grad = None
    training = model.training
    stored = {}

    def forward(module, args, output):
        stored["maps"] = output.detach().clone()
        if not output.requires_grad:
            output = output.requires_grad_()
        output.register_hook(lambda gradient: stored.update(gradient=gradient.clone()))
        return output * 1

    hook = layer.register_forward_hook(forward)
    try:
        model.eval()
        model(image.clone().unsqueeze(0))[0, target].backward()
    finally:
        hook.remove()
        model.train(training)
        for parameter, gradient in before.items():
            parameter.grad = gradient
    alpha = stored["gradient"][0].sum((1, 2))
    plane = sum(a * m for a, m in zip(alpha, stored["maps"][0])).relu()
    plane = enlarged(plane, *image.shape[1:])
    return plane / (plane.max() if plane.max() > 0 else 1)
