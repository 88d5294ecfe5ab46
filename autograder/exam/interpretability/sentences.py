"""What a student reads for each named mistake of assignment 05. Every id has its box in the chapter."""

from autograder.exam.sentences import common

SENTENCES = common("input-changed", "contiguous-only") | {
    # any function of a model
    "eval-missing": "The model is not asked in eval mode, so dropout and batch norm act as in training. Call `model.eval()` first, and put the mode back afterwards.",
    "mode-left": "The model's mode is another one after the call. Keep `model.training` before, and call `model.train(…)` with it in a `finally`.",
    "gradients-left": "Gradients are left in the model's parameters. Ask for the one gradient that you need with `torch.autograd.grad`.",
    "gradients-cleared": "Gradients that the model's parameters had before the call are cleared. `torch.autograd.grad` leaves them as they are.",
    "flags-left": "The flags `requires_grad` of the model's parameters are changed after the call. Leave them alone, or put each one back.",
    "hook-left": "A hook, or another `forward`, stays on the model after the call. Keep the handle that `register_forward_hook` gives, and call its `remove`.",
    "hooks-removed": "Hooks that the model had before the call are removed. Call `remove` of your own handle alone.",
    "hook-left-after-error": "The hook stays on the model if the model raises. Call the handle's `remove` in a `finally`.",
    "image-left": "The image asks for a gradient after the call. Work on a copy, as `image.clone().requires_grad_()`.",
    "target-ignored": "Another class than `target` is explained, such as the most probable one or the first one.",
    # occlusion_map
    "occlusion-not-probability": "The map does not hold softmax probabilities. A logit, a logarithm, a loss or a sigmoid is not what is asked for.",
    "occlusion-softmax-axis": "The softmax is taken over the images of the batch. Take it over the classes, which is the last axis of the logits.",
    "occlusion-difference": "The map compares with the image without a patch, or is subtracted from 1. Write the probability itself, so that important parts are low.",
    "occlusion-scaled": "The map is scaled. Write the probabilities as they are.",
    "occlusion-enlarged": "The map is enlarged to the size of the image. It must have one number for each position of the patch.",
    "occlusion-transposed": "Rows and columns of the map are exchanged. `map[i, j]` belongs to the patch that begins at row `i · stride` and column `j · stride`.",
    "occlusion-all-else": "Everything but the patch is filled. Fill the patch, and keep everything else.",
    "occlusion-patches-stay": "Earlier patches stay on the image. Begin each time with a new copy of the image.",
    "occlusion-centred": "The patch lies around its position. It must begin there, at row `i · stride` and column `j · stride`.",
    "occlusion-one-channel": "The patch covers one channel only. Fill it in all channels.",
    "occlusion-patch-size": "The patch has one row and one column too many or too few. A slice `top : top + patch_size` has the right size.",
    "occlusion-last-missing": "The last row and the last column of patches are missing. There are (H − patch_size) // stride + 1 rows.",
    "occlusion-beyond": "Patches are counted that reach over the border of the image, or that do not begin at a multiple of the stride. There are (H − patch_size) // stride + 1 rows.",
    "occlusion-stride": "The patch does not move by `stride` pixels. It begins at row `i · stride` and column `j · stride`, whatever its size is.",
    "occlusion-fill": "The patch is not filled with `fill`. Set its pixels to this number, in whatever range the image is.",
    # activations
    "activations-model-output": "The output of the whole model comes back. Keep what the hook gets as the layer's output.",
    "activations-input": "The layer's input comes back. A forward hook gets (module, input, output), and the output is the third.",
    "activations-layer-alone": "The layer is called on the images themselves. Its input is what the layers before it make of them, so call the model.",
    "activations-list": "A list of outputs comes back. Give back the tensor in it.",
    "activations-not-nested": "The model's layers are called one by one, which misses layers inside other modules. Put a hook on the layer, and call the model.",
    "activations-in-place": "The result shows what a later in-place layer did to the layer's output. Keep a copy, as `output.detach().clone()`.",
    "activations-attached": "The result is attached to the model's graph. Keep `output.detach()`, or call the model without gradients.",
    "activations-first-image": "The result does not have the outputs of all images. Keep the axis of the batch.",
    # saliency
    "saliency-probability": "The derivative is not that of the logit. A softmax, its logarithm or a loss also depends on the other classes.",
    "saliency-all-logits": "The logits of all classes are added before the derivative is taken. Take the logit of `target` alone.",
    "saliency-signed": "Negative derivatives count as small or not at all. Take the absolute value before the maximum.",
    "saliency-channels": "The channels are not reduced by the largest absolute value. Take the absolute value first, then the maximum over the axis of the channels.",
    "saliency-shape": "The map has another shape than (H, W). Take the maximum over the axis of the channels, and drop the axis of the batch.",
    "saliency-squared": "The derivative is squared. Take its absolute value.",
    "saliency-times-image": "The derivative is multiplied by the image. Give back the derivative alone.",
    "saliency-scaled": "The map is scaled. Give back the derivatives as they are.",
    "saliency-transposed": "Rows and columns of the map are exchanged. It must be (H, W) as the image is.",
}
