"""What holds for the exam of assignment 06 beyond its verdicts."""


def test_configurations_of_the_transposed_convolution():
    from autograder.exam.segmentation import transposed as t

    parts = [t.PLAIN, t.STRIDE, t.PADDING, t.DILATION, t.OUTPUT_PADDING, t.PAIRS, t.GROUPS, t.TOGETHER]
    assert sum(map(len, parts)) >= 200


def test_the_papers_network():
    from autograder.exam.encoder_decoders.closed_form import unet_parameters, valid_size, vgg_parameters

    assert valid_size(572) == 388
    assert unet_parameters(1, 2, 64, 4) == 31_030_658
    assert [vgg_parameters(1, blocks) for blocks in (3, 4)] == [2_067_649, 8_557_505]
