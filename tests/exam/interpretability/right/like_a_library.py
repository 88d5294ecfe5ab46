"""As libraries for attributions are built: classes with a method `attribute`, decorators, `torch.fx`, inference mode.

names: occlusion_map, activations, top_patches, answer_1, saliency, grad_cam, answer_2, answer_3, integrated_gradients
"""

import functools
import inspect
from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, fx, nn


def in_eval_mode(function):
    """The argument `model` is in eval mode while the function runs."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        model = signature.bind(*args, **kwargs).arguments["model"]
        training = model.training
        try:
            model.eval()
            return function(*args, **kwargs)
        finally:
            model.train(training)

    return wrapper


class Attribution(ABC):
    def __init__(self, forward_func: nn.Module) -> None:
        self.forward_func = forward_func

    @abstractmethod
    def attribute(self, inputs: Tensor, target: int) -> Tensor: ...


class GradientAttribution(Attribution):
    def gradients(self, inputs: Tensor, target: int) -> Tensor:
        """(N, C, H, W): the derivative of each image's own logit."""
        inputs = inputs.detach().requires_grad_()
        with torch.enable_grad():
            logits = self.forward_func(inputs)
            (gradients,) = torch.autograd.grad(torch.unbind(logits[:, target]), inputs)
        return gradients


class LayerAttribution(Attribution):
    def __init__(self, forward_func: nn.Module, layer: nn.Module) -> None:
        super().__init__(forward_func)
        self.layer = layer

    def forward_eval(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """(the model's output, the layer's): a later module that works in place gets a copy."""
        saved: list[Tensor] = []

        def hook(module: nn.Module, inp: tuple[Tensor, ...], out: Tensor) -> Tensor:
            saved.append(out)
            return torch.empty_like(out).copy_(out)

        handle = self.layer.register_forward_hook(hook)
        try:
            output = self.forward_func(inputs)
        finally:
            handle.remove()
        return output, saved.pop()


class Occlusion(Attribution):
    def __init__(self, forward_func: nn.Module, window: int, strides: int, baseline: float) -> None:
        super().__init__(forward_func)
        self.window, self.strides, self.baseline = window, strides, baseline

    def attribute(self, inputs: Tensor, target: int) -> Tensor:
        windows = inputs[0].unfold(2, self.window, self.strides).unfold(1, self.window, self.strides)
        result = inputs.new_empty(windows.shape[1:3])
        perturbed = inputs.clone(memory_format=torch.contiguous_format)
        for i, j in torch.cartesian_prod(*map(torch.arange, result.shape)).tolist():
            y, x = i * self.strides, j * self.strides
            patch = perturbed[0].narrow(1, y, self.window).narrow(2, x, self.window)
            before = patch.clone()
            patch.fill_(self.baseline)
            logits = self.forward_func(perturbed)[0]
            result[i, j] = (logits[target] - logits.logsumexp(dim=0)).exp()
            patch.copy_(before)
        return result


@in_eval_mode
@torch.inference_mode()
def occlusion_map(model, image, target, patch_size, stride, fill=0.0):
    return Occlusion(model, patch_size, stride, fill).attribute(image.unsqueeze(0), target)


class StopForward(Exception):
    """What follows the layer is not needed."""


class Trace:
    """Stops the pass behind a layer, and keeps what the layer gives back."""

    def __init__(self, layer: nn.Module) -> None:
        self.output: Tensor | None = None
        self.registered_hook = layer.register_forward_hook(self.retain)

    def retain(self, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        self.output = output
        raise StopForward

    def __enter__(self) -> "Trace":
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, traceback: Any) -> bool:
        self.registered_hook.remove()
        return kind is StopForward


@in_eval_mode
@torch.inference_mode()
def activations(model, layer, images):
    with Trace(layer) as trace:
        model(images)
    return trace.output


class FlatTracer(fx.Tracer):
    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return True


class WindowInterpreter(fx.Interpreter):
    """Runs a network module by module, and computes for each one what its units see."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__(fx.GraphModule(module, FlatTracer().trace(module)))
        self.size = self.jump = torch.ones(2, dtype=torch.int64)
        self.start = torch.zeros(2, dtype=torch.int64)
        self.seen: dict[nn.Module, tuple[Tensor, Tensor, Tensor, Tensor]] = {}

    def call_module(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        output = super().call_module(target, args, kwargs)
        module = self.fetch_attr(target)
        if isinstance(module, (nn.Conv2d, nn.modules.pooling._MaxPoolNd)):
            kernel, stride, padding, dilation = (
                torch.tensor(setting).expand(2)
                for setting in (module.kernel_size, module.stride, module.padding, module.dilation)
            )
            self.size = self.size + dilation * (kernel - 1) * self.jump
            self.start = self.start - padding * self.jump
            self.jump = self.jump * stride
        self.seen[module] = output.clone(), self.size, self.start, self.jump
        return output


@in_eval_mode
@torch.no_grad()
def top_patches(model, layer, channel, images, k):
    interpreter = WindowInterpreter(model)
    interpreter.run(images.clone())
    output, size, start, jump = interpreter.seen[layer]
    maps = output[:, channel]
    values, indices = torch.topk(maps.amax(dim=(1, 2)), k)
    patches = []
    for value, index in zip(values, indices):
        place = torch.stack(torch.unravel_index(maps[index].argmax(), maps.shape[1:]))
        limits = torch.tensor(images.shape[2:])
        begin = start + place * jump
        corners = torch.cat([begin.clamp(min=0), torch.minimum(begin + size, limits)])
        patches.append((index.item(), tuple(corners.tolist()), value.item()))
    return patches


answer_1 = 15 * 25


class Saliency(GradientAttribution):
    def attribute(self, inputs: Tensor, target: int) -> Tensor:
        return torch.linalg.vector_norm(self.gradients(inputs, target), ord=float("inf"), dim=1)


@in_eval_mode
def saliency(model, image, target):
    return Saliency(model).attribute(image.unsqueeze(0), target).squeeze(0)


class LayerGradCam(LayerAttribution):
    def attribute(self, inputs: Tensor, target: int) -> Tensor:
        with torch.enable_grad():
            output, layer_eval = self.forward_eval(inputs.detach().requires_grad_())
            (layer_gradients,) = torch.autograd.grad(output[:, target].sum(), layer_eval)
        summed_grads = layer_gradients.mean(dim=(2, 3), keepdim=True)
        return nn.functional.relu((summed_grads * layer_eval.detach()).sum(dim=1, keepdim=True))

    @staticmethod
    def interpolate(layer_attribution: Tensor, size: tuple[int, int]) -> Tensor:
        return nn.Upsample(size=size, mode="bilinear", align_corners=False)(layer_attribution)


@in_eval_mode
def grad_cam(model, layer, image, target):
    cam = LayerGradCam(model, layer).attribute(image.unsqueeze(0), target)
    cam = LayerGradCam.interpolate(cam, tuple(image.shape[1:]))
    return (cam / cam.max()).nan_to_num(nan=0.0)[0, 0]


answer_2 = "B"

answer_3 = "C"


class IntegratedGradients(GradientAttribution):
    def __init__(self, forward_func: nn.Module, n_steps: int) -> None:
        super().__init__(forward_func)
        self.n_steps = n_steps

    def attribute(self, inputs: Tensor, target: int, baselines: float = 0.0) -> Tensor:
        """The mean of the gradients is kept step by step, and each step has the same weight."""
        scaled = torch.zeros_like(inputs)
        for alpha in [(step + 1 / 2) / self.n_steps for step in range(self.n_steps)]:
            point = torch.lerp(torch.full_like(inputs, baselines), inputs, alpha)
            scaled = scaled.add(self.gradients(point, target), alpha=1 / self.n_steps)
        return (inputs - baselines) * scaled


@in_eval_mode
def integrated_gradients(model, image, target, steps=50):
    (result,) = IntegratedGradients(model, steps).attribute(image[None], target)
    return result
