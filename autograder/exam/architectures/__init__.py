"""The exam of assignment 03, architectures: 40 points, and a bonus beyond them.

Rules that the notebook states beside INTERFACE's:

- `expansion` may be any int in the block that `ResNet` is given. `ResNet` makes each block by `block(inplanes, planes,
  stride, downsample)`, by position or by name, and leaves `downsample` out or None where nothing changes.
- `SqueezeExcitation(channels, reduction)`, the optional part in the cell `bonus`: the mean of each channel, a linear
  layer to `channels // reduction`, a ReLU, a linear layer back, a sigmoid, and each map times its number. The layers
  have biases and may be 1×1 convolutions; their names are free.
"""
