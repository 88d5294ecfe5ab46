"""What holds for the exam of assignment 05 beyond its verdicts: references find what is known of a model."""

import torch

from autograder.exam.draw import Draw
from autograder.exam.interpretability import classes
from autograder.exam.interpretability.asking import constant
from autograder.exam.interpretability.cams import Way, cam
from autograder.exam.interpretability.gradients import largest, salient, scoring
from autograder.exam.interpretability.hooks import activation, nested
from autograder.exam.interpretability.models import detector, flat, ranked
from autograder.exam.interpretability.occlusion import occluded


def test_a_detector_is_found_exactly():
    """Without one of its four pixels the class is gone; no other pixel matters."""
    for seed in range(20):
        draw = Draw(seed)
        image = 0.1 + 0.9 * draw.uniform(3, 6, 7)
        model = detector(draw, image)
        score = model.args[0][-1][1].abs().amax(0).reshape(image.shape).amax(0)
        found = occluded(image, model, ranked(image, model, 0), 1, 1)
        assert int((score > 0).sum()) == 4 and torch.equal(found < 0.5, score > 0)
        assert torch.allclose(found, found.round(), atol=1e-6)


def test_the_map_of_a_linear_model_has_a_closed_form():
    draw = Draw(1)
    image = draw.uniform(2, 5, 7)
    model = flat(draw, image)
    (_, weight, bias), target = model.args[0][-1], 1
    found = occluded(image, model, target, 2, 3, fill=0.3)
    for i in range(2):
        for j in range(2):
            covered = image.clone()
            covered[:, 3 * i : 3 * i + 2, 3 * j : 3 * j + 2] = 0.3
            expected = (weight @ covered.flatten() + bias).softmax(0)[target]
            torch.testing.assert_close(found[i, j], expected)
    assert found.shape == (2, 2)


def test_the_saliency_of_a_linear_model_is_its_weights():
    draw = Draw(2)
    score, image = draw.normal(3, 4, 6), draw.uniform(3, 4, 6)
    model = scoring(score, 100.0, draw, 3)
    found = salient(image, model, ranked(image, model, 0))
    torch.testing.assert_close(found, score.abs().amax(0))
    assert torch.equal(found, largest(score, image))


def test_the_output_of_a_layer_is_what_the_layers_before_it_lead_to():
    draw = Draw(3)
    images = draw.uniform(2, 3, 6, 6)
    model = nested(draw, images.shape)
    torch.testing.assert_close(activation(images, model, "0.0.0"), model.build()[0][0][0](images))


def test_a_map_whose_largest_value_lies_at_a_corner_keeps_it_when_it_is_enlarged():
    """So a division before shows in the criterion about sizes alone."""
    raw, small = Way(divided=lambda plane: plane), Way(divided=lambda plane: plane, enlarged=lambda plane, size: plane)
    body = classes.body(1, classes.RELU, stride=2)
    for seed in range(100):
        for case in classes.maps(body, classes.ONE, "0", (1, 16, 16), image=classes.cornered)(Draw(seed)):
            found, plane = (cam(*case.args, **case.kwargs, way=way) for way in (raw, small))
            assert found.shape == (16, 16) and plane.shape == (8, 8)
            assert plane.max() == plane[-1, -1] and torch.isclose(found.max(), plane.max(), rtol=1e-6)


def test_what_holds_one_number_alone_or_none_is_constant():
    empty = [torch.zeros(0), torch.zeros(0, 3), torch.zeros(3, 0), torch.zeros(0, 2, 3, 3), torch.zeros(2, 0, 3)]
    assert all(map(constant, (*empty, torch.zeros(()), torch.ones(1, 3), torch.full((2, 2), 0.5))))
    assert not any(map(constant, (torch.arange(2.0), torch.full((2,), torch.nan), torch.ones(2, dtype=int), None, 1.0)))
