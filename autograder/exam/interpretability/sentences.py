"""What a student reads for each named mistake of assignment 05. Every id has its box in the chapter."""

from autograder.exam.sentences import common

SENTENCES = common("input-changed", "contiguous-only") | {
    # any function of a model
    "eval-missing": "The model is not asked in eval mode, so dropout and batch norm act as in training. Call `model.eval()` first, and put the mode back afterwards.",
    "mode-left": "The model's mode is another one after the call. Keep `model.training` before, and call `model.train(…)` with it in a `finally`.",
    "gradients-left": "Gradients are left in the model's parameters. Ask for the gradient that you need alone, with `torch.autograd.grad`.",
    "gradients-cleared": "Gradients that the model's parameters had before the call are cleared. Use `torch.autograd.grad`, which leaves `grad` alone.",
    "flags-left": "The flags `requires_grad` of the model's parameters are changed after the call.",
    "hook-left": "A hook stays on the model after the call. Keep the handle that `register_forward_hook` gives, and call its `remove`.",
    "image-left": "The image asks for gradients after the call, or has one. Work on a copy, as `image.clone().requires_grad_()`.",
}
