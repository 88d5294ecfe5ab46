"""What a student reads for the mistakes that any assignment can meet. Words in one place: checks raise the ids.

An assignment's own `sentences.py` says which of these it can meet (each has a box in its chapter), and says them in its
own words where these do not fit.
"""

from __future__ import annotations

COMMON = {
    "banned-call": "A library function does the work that this cell asks you to write.",
    "detached": "The result is cut off from autograd (`.data`, `.detach()`, `.item()`, NumPy, `no_grad`). Compute with the tensors themselves.",
    "input-changed": "A tensor that was given to the function is changed. Work on a new one.",
    "leaf-filled": "The result is made with `requires_grad=True` and then filled, which PyTorch refuses. Make it without: it gets its gradient from what is written into it.",
    "float32-result": "The result is always float32. It must have the dtype of the input.",
    "precision-lost": "Numbers in float64 become float32 on the way. The result has the right dtype, but its last digits are lost.",
    "contiguous-only": "The result is right only for inputs that are contiguous in memory. Use `reshape` instead of `view`.",
    "pairs-refused": "A pair is not accepted. Sizes and steps may be an int or a pair (height, width).",
    "bias-none": "Without a bias there is an error. Add the bias only where it is not None.",
    "padding-slice-empty": "With padding 0 the slice `p:-p` is empty. Use `p : p + n`, where n is the number of rows or columns inside.",
    "no-refusal-channels": "Channels that do not fit the weight raise no error. Raise a ValueError.",
    # networks
    "network-unregistered": "Layers are kept in a plain list or dict, so the module does not know their parameters. Use `nn.ModuleList`.",
    "network-shared": "Layers share their parameters. Make each layer anew.",
    "network-normalised": "There is a normalisation layer where none is asked for.",
    "network-relu-missing": "A convolution is not followed by a ReLU.",
    "network-relu-leaky": "Another activation than ReLU is used. Negative values must become exactly 0, and positive ones stay.",
    "network-relu-last": "The output passes a ReLU, so no logit is ever negative. Return what the last layer gives.",
    "network-softmax-last": "The output passes a softmax or sigmoid. Return the logits, because the loss applies it.",
    "network-random": "Two calls in eval mode differ. Dropout or another random step is active there.",
    "network-dead": "The output does not depend on the input.",
    "network-batch-mixed": "The images of a batch are mixed: one image's result depends on the others.",
    "network-train": "Training mode changes the network for good, or mixes the images of a batch.",
    "network-gradient": "The gradients of some parameters are missing or wrong, as where a part of the network is cut off from autograd.",
    "network-channels-alike": "Channels are averaged, repeated or used twice on the way. Each has its own weights in the next convolution.",
    "network-state": "After `load_state_dict` of another network the outputs differ from that network's. A number or tensor is kept that is neither parameter nor buffer.",
    # fit
    "fit-passes": "The loader is not read exactly `epochs` times from start to end.",
    "fit-one-batch": "Not every batch of the loader is used in each epoch.",
    "fit-no-step": "Parameters stay as they were where a step of the optimiser should change them. Each batch needs a step on all parameters of the network itself, not of a copy.",
    "fit-eval-mode": "The network is not switched to train mode before training.",
    "fit-losses": "The result is not a list with one number for each epoch.",
    "fit-loss-mean": "An epoch's number is not the mean of its batches' losses. It may be their sum, the first or the last of them.",
    "fit-sigmoid-twice": "A sigmoid is applied, and then a loss that applies it again. Give the logits to the loss.",
    "fit-multiclass": "With several output channels the loss is not cross-entropy between the logits and the int64 mask.",
    "fit-gradients-kept": "Gradients of earlier batches are never cleared. Call `zero_grad` before each `backward`.",
}


def common(*ids: str) -> dict[str, str]:
    """These of the common sentences."""
    return {id: COMMON[id] for id in ids}
