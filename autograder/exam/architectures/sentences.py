"""What a student reads for each named mistake of assignment 03. Every id has its box in the chapter."""

from autograder.exam.sentences import common

SENTENCES = common(
    *("banned-call", "detached", "input-changed"),
    *("network-shared", "network-relu-last", "network-softmax-last"),
) | {
    # receptive field
    "field-strides-ignored": "The strides have no effect on the size. A kernel of a later layer counts its pixels in steps of the jump, so each layer adds (kernel_size − 1) · dilation · jump.",
    "field-own-stride": "A layer's own stride is multiplied into the jump before its kernel is added. The kernel steps on the layer's input, so use the jump of the layers before it.",
    "field-kernel-added": "Each layer adds its whole kernel. The first pixel of the kernel is already counted, so add kernel_size − 1.",
    "field-dilation-ignored": "The dilation has no effect. A dilated kernel spans (kernel_size − 1) · dilation + 1 pixels.",
    "field-dilation-multiplies": "A dilated kernel is taken to span kernel_size · dilation pixels. It spans (kernel_size − 1) · dilation + 1.",
    "field-reversed": "The layers are read from the output to the input. The list begins at the input.",
    "field-jump": "The jump is not the product of all strides.",
    "field-swapped": "The two numbers are exchanged. The size comes first, then the jump.",
    "field-empty": "For an empty list the result is not (1, 1). Without a layer a unit is a pixel.",
    "field-not-ints": "The two numbers are no ints.",
    # names and shapes of the parameters
    "state-names": "The names of the parameters differ from the list in the text, so a `state_dict` of torchvision does not load. Names follow from the attributes, and in an `nn.Sequential` from the position.",
    "state-shapes": "A parameter has another shape than in the list of the text.",
    "classes-ignored": "The last layer does not follow the argument `num_classes`.",
    "conv-bias": "The convolutions before a batch norm have a bias. Here they have none, because the batch norm adds its own.",
    # classifier
    "relu-missing": "A ReLU is missing. One follows each convolution, and each linear layer but the last.",
    "relu-other": "Another activation than ReLU is used.",
    "avgpool-missing": "The maps are flattened without the adaptive average pooling, so images of other sizes do not fit. Pool to a fixed size before the classifier.",
    "avgpool-max": "The last pooling takes the maximum. It takes the average.",
    "flatten-order": "The maps are flattened with their axes in another order. Flatten (C, H, W) in this order, as `torch.flatten(x, 1)` does.",
    "dropout-missing": "In train mode no dropout is active. There are two, each with probability 0.5.",
    "dropout-always": "Dropout is active in eval mode too. Use `nn.Dropout`, or give `training=self.training` to `F.dropout`.",
    "dropout-place": "A dropout is at another position than in torchvision, or a third one is there.",
    "dropout-rate": "The dropouts set another share of the values to 0 than a half.",
    "dropout-channels": "Dropout acts on whole channels of the maps. It acts on single values in the classifier.",
    # AlexNet
    "alexnet-paper": "The layers have the widths of the paper. In torchvision they have 64, 192, 384, 256 and 256 channels.",
    "alexnet-pooling": "The poolings do not overlap. They are 3×3 with stride 2.",
    "alexnet-first-padding": "The first convolution pads by another number than 2.",
    # VGG
    "vgg-pool-ignored": 'An "M" in the list makes no 2×2 max pooling with stride 2.',
    "vgg-config-ignored": "The layers do not follow the list `config`.",
    "vgg-norm-ignored": "`batch_norm=True` has no effect.",
    "vgg-norm-always": "Batch norms are there without `batch_norm=True`.",
    "vgg-norm-after-relu": "The batch norm stands after the ReLU. It stands between convolution and ReLU.",
    "vgg-conv-bias": "With `batch_norm=True` the convolutions have no bias. In torchvision they keep it.",
    # Inception
    "inception-3x3": "The 5×5 branch has a 3×3 kernel, as in torchvision. The paper's is 5×5.",
    "inception-reduction-missing": "A branch has no 1×1 convolution that reduces its channels before the larger kernel.",
    "inception-order": "The branches are concatenated in another order than 1×1, 3×3, 5×5, pooling.",
    "inception-relu-missing": "A ReLU is missing. One follows each of the six convolutions, the reductions and the projection too.",
    "inception-norm": "There is a batch norm. The paper's module has none, and its convolutions have a bias.",
    "inception-bias": "The convolutions have no bias.",
    "inception-size": "Branches change the height and the width. Pad by half the kernel, and pool with stride 1.",
    "inception-average": "The pooling branch averages. It takes the maximum.",
    "inception-pool-late": "The pooling branch pools after its 1×1 convolution. It pools the input, and the convolution follows.",
    # blocks
    "block-shortcut-missing": "The input is not added.",
    "block-relu-before-sum": "The last ReLU stands before the sum. Add the shortcut first, then take the ReLU.",
    "block-relu-last-missing": "The sum passes no ReLU.",
    "block-relu-inside-missing": "Between two convolutions of the block a ReLU is missing.",
    "block-relu-before-norm": "The ReLU stands before the batch norm. It stands after it.",
    "block-downsample-ignored": "`downsample` has no effect. Where it is given, it makes the shortcut.",
    "block-norm-other": "The batch norms do not work as `nn.BatchNorm2d` comes: another momentum or eps, or statistics that do not follow in train mode.",
    "block-stride": "The stride stands in another convolution. It belongs in the first 3×3 convolution of the block.",
    "block-stride-ignored": "`stride` has no effect on the convolutions.",
    "block-expansion": "The class attribute `expansion` is missing or has another value than 1 in `BasicBlock` and 4 in `Bottleneck`.",
    # ResNet
    "resnet-shortcut-norm": "The shortcut's 1×1 convolution has no batch norm after it. Its scale then differs from that of the branch to which it is added.",
    "resnet-shortcut-everywhere": "A block has a `downsample` although neither its stride nor its number of channels changes anything. There the input is added as it is.",
    "resnet-shortcut-missing": "A block that changes the stride or the channels has no `downsample`.",
    "resnet-expansion-ignored": "The numbers of channels do not follow `block.expansion`.",
    "resnet-layers-ignored": "The stages do not have as many blocks as `layers` says.",
    "resnet-strides": "The strides are not those of the text. The first block of the second, third and fourth stage has stride 2, all others have 1.",
    "resnet-stem": "The start differs: 7×7 convolution with stride 2, batch norm, ReLU, 3×3 max pooling with stride 2 and padding 1.",
    "resnet-block-ignored": "The network makes blocks of its own. Use the class that is given as `block`.",
    # squeeze and excitation
    "se-softmax": "The weights of the channels pass a softmax. Each one passes a sigmoid by itself.",
    "se-sigmoid-missing": "The weights of the channels pass no sigmoid.",
    "se-relu-missing": "There is no ReLU between the two linear layers.",
    "se-added": "The weights are added to the maps. Each map is multiplied by its own weight.",
    "se-max": "The maps are squeezed by their maximum. Take their average.",
    "se-sum": "The maps are squeezed to their sum. Take their average, which does not grow with the image.",
    # questions
    "answer-stride-first": "The answer has the stride in the bottleneck's first 1×1 convolution, as in the paper. In torchvision it stands in the 3×3.",
    "answer-strides-ignored": "The answer leaves the strides out.",
    "answer-reduction": "The answer leaves the 1×1 reduction out.",
}
