"""What a student reads for the mistakes that any assignment can meet. Words in one place: checks raise the ids.

An assignment's own `sentences.py` says which of these it can meet (each has a box in its chapter), and says them in its
own words where these do not fit.
"""

from __future__ import annotations

COMMON = {
    "banned-call": "A library function does the work that this cell asks you to write.",
    "detached": "The result is cut off from autograd (`.data`, `.detach()`, `.item()`, NumPy, `no_grad`); compute with the tensors themselves.",
    "input-changed": "A tensor that was given to the function is changed; work on a new one.",
    "float32-result": "The result is always float32; it keeps the input's dtype.",
    "precision-lost": "float64 becomes float32 on the way: the result's dtype is right, but its last digits are lost.",
    "contiguous-only": "It is right only where the input lies in memory in one order: use `reshape` instead of `view`.",
    "pairs-refused": "A pair is not understood: sizes and steps may be an int or a pair (height, width).",
    # networks
    "network-shared": "Layers share their parameters; make each layer anew.",
    "network-normalised": "There is a normalisation layer where none is asked for.",
    "network-relu-missing": "A convolution is not followed by a ReLU.",
    "network-relu-leaky": "Another activation than ReLU is used: negative values must become exactly 0, positive ones stay.",
    "network-relu-last": "The output passes a ReLU, so no logit is ever negative; return what the last layer gives.",
    "network-softmax-last": "The output passes a softmax or sigmoid; return the logits, the loss takes care of the rest.",
    "network-random": "Two calls in eval mode differ: dropout or another random step is active there.",
    "network-dead": "The output does not depend on the input.",
    "network-batch-mixed": "Images of a batch mix: one image's result changes with its neighbours.",
    "network-train": "Training mode changes the network for good, or the images of a batch mix in it.",
    "network-gradient": "No gradient reaches some parameters: they can never learn.",
    "network-channels-alike": "Channels are averaged, repeated or used twice on the way: each has its own weights in the next convolution.",
    "network-state": "After `load_state_dict` of another network the outputs differ from its own: a number or tensor is kept that is neither parameter nor buffer.",
    # fit
    "fit-passes": "The loader is not read exactly `epochs` times from start to end.",
    "fit-one-batch": "Not every batch of the loader is used in each epoch.",
    "fit-no-step": "The network's parameters are as before: no optimiser step reaches them (or a copy was trained).",
    "fit-eval-mode": "The network is not switched to train mode before training.",
    "fit-losses": "What comes back is not a list of one number for each epoch.",
    "fit-loss-mean": "An epoch's number is not the mean of its batches' losses (a sum, the last batch, or the first).",
    "fit-sigmoid-twice": "A sigmoid is applied and then a loss that applies it again; give the loss the logits.",
    "fit-multiclass": "With several output channels the loss is not cross-entropy between logits and the int64 mask.",
    "fit-gradients-kept": "Gradients of earlier batches are never cleared: call `zero_grad` before each `backward`.",
}


def common(*ids: str) -> dict[str, str]:
    """These of the common sentences."""
    return {id: COMMON[id] for id in ids}
