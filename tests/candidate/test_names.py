"""What a student's code finds of the grader by name: nothing that it could use."""

import ast

import torch
from banning import banning

from autograder.objects.recipes import Recipe


def told(link, code):
    """The value that a cell prints."""
    (output,) = link.run_cell("a", code).outputs
    return ast.literal_eval(output["text"])


def test_no_module_of_the_graders_is_there_but_for_classes_of_networks(link):
    found = told(
        link,
        "import sys\n"
        "print({name: [n for n in vars(module) if not n.startswith('__')] for name, module in sys.modules.items()"
        " if name.startswith('autograder') or '/autograder/' in str(getattr(module, '__file__', ''))})",
    )
    assert found == {
        "autograder": [],
        "autograder.objects": [],
        "autograder.objects.recipes": [],
        "autograder.objects.recipes.witnesses": ["FixedLogits", "TrainingProbe"],
    }


def test_none_can_be_imported(link):
    for name in ("autograder.objects.ban", "autograder.objects.recipes.convolution", "autograder.candidate.answering"):
        ran = link.run_cell("a", f"import {name}")
        assert ran.outputs[0]["ename"] in ("ModuleNotFoundError", "PermissionError", "ImportError"), name


def test_no_text_of_the_graders_is_kept(link):
    assert told(link, "import linecache\nprint([name for name in linecache.cache if '/autograder/' in name])") == []
    link.run_cell("b", "1 / 0")  # a traceback goes through the shell and what called it
    found = told(link, "print([name for name, e in linecache.cache.items() if '/autograder/' in name and any(e[2:3])])")
    assert found == []


def test_a_network_that_was_handed_in_can_be_saved_whole(link):
    link.run_cell(
        "a",
        "import torch, io\ndef keep(model):\n    file = io.BytesIO()\n    torch.save(model, file)\n    file.seek(0)\n"
        "    return torch.load(file, weights_only=False)(torch.ones(1, 3, 2, 2))",
    )
    mixture = torch.tensor([[1.0, 2.0, 3.0]])
    assert link.look_up("keep")(Recipe("fixed_logits", mixture)).unique().tolist() == [6.0]


def test_a_stand_in_is_worth_nothing_after_its_exam(link):
    link.run_cell(
        "a",
        "kept = []\ndef layer(x, w):\n    kept.append(conv2d)\n    return conv2d(x, w)\n"
        "def later(x, w):\n    return kept[0](x, w)",
    )
    layer, later = link.look_up("layer"), link.look_up("later")
    x, weight = torch.ones(1, 1, 3, 3), torch.ones(1, 1, 2, 2)
    with link.stand_in(layer, {"conv2d": "conv2d"}), banning(layer, "convolution"), banning(later, "convolution"):
        assert layer(x, weight).shape == later(x, weight).shape == (1, 1, 2, 2)
    with banning(later, "convolution"):
        refused = later.vjps([((x, weight), {}, None)])[0]
    assert type(refused).__name__ == "Banned"
    assert later(x, weight).shape == (1, 1, 2, 2)  # where nothing is banned, it is PyTorch's
