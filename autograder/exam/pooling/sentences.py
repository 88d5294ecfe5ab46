"""What a student reads for each named mistake of assignment 02. Every id has its box in the chapter."""

from autograder.exam.sentences import common

SENTENCES = common(
    *("banned-call", "detached", "input-changed", "leaf-filled", "float32-result", "precision-lost", "contiguous-only"),
    *("pairs-refused", "network-shared", "network-relu-last", "network-softmax-last"),
    *("network-random", "network-dead", "network-batch-mixed", "network-gradient"),
    *("fit-passes", "fit-one-batch", "fit-no-step", "fit-eval-mode", "fit-losses", "fit-loss-mean"),
    "fit-gradients-kept",
) | {
    # windows of any pooling
    "stride-default": "Without a stride the windows are one pixel apart. The default stride is the kernel's size, so that windows stand side by side.",
    "stride-ignored": "The stride has no effect, so windows always stand side by side.",
    "stride-swapped": "The two strides are exchanged. A pair is (height, width).",
    "kernel-swapped": "The two sides of the kernel are exchanged. A pair is (height, width).",
    "kernel-first-only": "The first side of the kernel is used for both. The second one is the width.",
    "padding-ignored": "The padding has no effect.",
    "padding-one-end": "The padding is put at one end of each axis only. It belongs at both ends.",
    "padding-swapped": "The paddings of the two axes are exchanged. A pair is (height, width).",
    "ceil-ignored": "`ceil_mode` has no effect. With it a window that hangs over the end counts too.",
    "ceil-rounds-up": "With `ceil_mode` the number of windows is rounded up, whatever the last one holds. A window that would start after the end of the image is dropped.",
    "ceil-starts-in-padding": "With `ceil_mode` a window may start in the padding at the end. The last window must start before the image ends.",
    "no-refusal-padding": "A padding over half the kernel raises no error. Raise a ValueError.",
    # max pooling
    "max-starts-at-zero": "No output is ever below 0, so the search for the largest pixel starts at 0. Start it at −∞, because pixels can be negative.",
    "padding-zeros": "The padding takes part as zeros, and is the largest where all pixels are negative. Outside the image is −∞.",
    "dilation-ignored": "The dilation has no effect. The pixels of a window are `dilation` pixels apart.",
    "dilation-swapped": "The two dilations are exchanged. A pair is (height, width).",
    "indices-always": "Indices come back although nobody asked for them. Return them only with return_indices=True.",
    "indices-missing": "`return_indices` has no effect. With it the result is a pair of values and indices.",
    "indices-padded": "The indices count the pixels of the padded image. They must count those of the image without padding.",
    "indices-in-window": "The indices count the pixels of a window. They must give a pixel's position in its channel's plane.",
    "indices-of-all-channels": "The indices count on from one channel to the next. Each channel's plane begins at 0.",
    "indices-column-first": "The indices count down the columns. They count row by row: row · width + column.",
    "indices-last-tie": "Where several pixels are the largest, the index of a later one comes back. Take the first one, row by row.",
    # average pooling
    "avg-sum": "The windows are summed. Divide each sum by the number of pixels of its window.",
    "count-ignored": "`count_include_pad` has no effect, or its two meanings are exchanged. With True the zeros of the padding count as pixels, with False they do not.",
    "overhang-counted": "Every sum is divided by the kernel's size. What hangs over the padded image never counts, and without `count_include_pad` neither does the padding.",
    # adaptive pooling
    "bins-equal": "All bins have the same size, and start one after the other. Bin i of m over n pixels goes from ⌊i·n/m⌋ up to ⌈(i+1)·n/m⌉, so bins may overlap.",
    "bins-end-rounded-down": "The ends of the bins are rounded down. Round them up, so that neighbouring bins overlap by a pixel where m does not divide n.",
    "bins-start-rounded-up": "The starts of the bins are rounded up. Round them down, so that neighbouring bins overlap by a pixel where m does not divide n.",
    "bins-sampled": "One pixel of each bin is taken. The result is the mean over the bin.",
    "bins-swapped": "Height and width are exchanged in `output_size`. A pair is (height, width).",
    "bins-none-refused": "None in a pair is refused. It leaves that side as it is.",
    "bins-more-refused": "More bins than pixels are refused. Then several bins hold the same pixel.",
    # unpooling
    "unpool-adds": "Values with equal indices are added up. Write each value to its position, and add nothing.",
    "unpool-ignores-indices": "The values are at the start of their windows, or fill them. Each one goes to the pixel that its index names, and all other pixels are 0.",
    "unpool-by-columns": "The indices are read down the columns. An index is row · width + column, with the width of the output.",
    "unpool-one-plane": "The indices of one channel are used for all. Each channel has its own.",
    "unpool-size-ignored": "`output_size` has no effect. Several sizes are pooled to the same size, and it says which of them to restore.",
    "unpool-four-refused": "An `output_size` of four numbers is refused. Its last two are the height and the width.",
    "no-refusal-index": "An index past the end of the plane raises no error. Raise a ValueError.",
    # blur-pool
    "blur-border": "Outside the image there is something else than its mirror image. Pad with `reflect`.",
    "blur-average": "All pixels of a window have the same weight. The weights are binomial: 1, 2, 1 for size 3.",
    "blur-sum": "The weights do not sum to 1. Divide them by their sum.",
    "blur-after-sampling": "The image is sampled first and blurred afterwards. Blur first, so that what disappears is still seen.",
    "blur-pads-first": "For an even size the larger border stands at the start. It belongs at the end.",
    # the network
    "network-state": "After `load_state_dict` of another network the logits differ from that network's. Layers in a plain list or dict, and tensors that are neither parameters nor buffers, are not part of the state. Use `nn.ModuleList` and `register_buffer`.",
    "cnn-fixed-size": "The network takes images of one size only, because its first linear layer expects a fixed number of inputs. Pool to a fixed size before it, for example with `nn.AdaptiveAvgPool2d`.",
    "cnn-in-channels": "The first convolution does not follow the argument `in_channels`.",
    "cnn-classes": "The number of logits does not follow the argument `num_classes`.",
    "cnn-not-flat": "The result has more axes than (N, num_classes). Remove those of the height and the width.",
    "cnn-too-large": "The network has a million parameters or more.",
    "cnn-no-convolution": "No layer of the network is an `nn.Conv2d`.",
    "cnn-blind": "The logits stay the same when the pixels of an image are shuffled, so the network sees no shapes. Use a kernel that is larger than one pixel.",
    # fit
    "fit-softmax-twice": "A softmax is taken before the loss, and cross-entropy takes it again. Give the logits to the loss.",
    "fit-other-loss": "The loss is not the cross-entropy between logits and labels.",
    "fit-no-learning": "The trained network reads less than 90 % of the digits that it has never seen. Look at the learning rate, and at the losses of the epochs.",
    # questions
    "answer-field": "The answer leaves the poolings out. A pooling sees more of the image, too, and doubles the distance between neighbours.",
}
