"""By backward, with the parameters' flags off meanwhile; the steps are added up as they come.

names: integrated_gradients
"""

import torch


def integrated_gradients(model, image, target, steps=50):
    flags = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    was = model.training
    try:
        model.eval()
        for parameter, _ in flags:
            parameter.requires_grad_(False)
        shares = 0
        for step in range(1, steps + 1):
            x = (image * ((2 * step - 1) / (2 * steps))).clone().requires_grad_(True)
            model(x.unsqueeze(0)).flatten()[target].backward()
            shares = shares + x.grad * image / steps
    finally:
        for parameter, flag in flags:
            parameter.requires_grad_(flag)
        model.train(was)
    return shares
