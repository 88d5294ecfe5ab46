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


def test_no_sum_below_dices_fraction_is_about_0_where_logits_are_taken_for_probabilities():
    from autograder.exam.draw import Draw
    from autograder.exam.segmentation import dice

    for seed in range(100):
        for cases in (dice.images, dice.batches, dice.words):
            for case in cases(Draw(seed)):
                x, target = case.args
                assert ((x + target).flatten(1).sum(1).abs() > 0.99).all()


def test_a_fourth_block_that_is_not_pooled_before_shows_with_any_seed():
    import torch

    from autograder.exam import networks
    from autograder.exam.draw import Draw
    from autograder.exam.encoder_decoders.closed_form import UniformVGGUNet
    from autograder.exam.encoder_decoders.mistaken_pieces import PARTLY_POOLED
    from autograder.exam.segmentation import vgg

    plan, height, width = vgg.INQUIRY.setups["same"][-1]
    wrong = type("Wrong", (UniformVGGUNet,), dict(PARTLY_POOLED))
    for seed in range(100):
        draw = Draw(seed)
        constant, x = networks.positive_constants(draw, plan.widths), 3 * draw.uniform(1, 3, height, width)
        one, other = (kind(plan, "same", constant, torch.linspace(0.5, 1.5, 5))(x) for kind in (UniformVGGUNet, wrong))
        assert not networks.close(one, other)
