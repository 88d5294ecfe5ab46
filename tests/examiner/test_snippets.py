"""The program that `explain --python` prints makes the very case again: what came back to the exam comes back there."""

import copy
import pydoc
import re
import subprocess
import sys
from functools import cache

import nbformat
import pytest
import torch
from drawing import some_of, with_all

from autograder.classroom.explain import Examined, program
from autograder.classroom.jobs import source_of
from autograder.demo.students import ASSIGNMENT, Student, filled_in, reference_solutions
from autograder.exam.compare import shown
from autograder.examiner.grading import Job, grade
from autograder.examiner.literals import broken
from autograder.examiner.snippets import REFERENCES, _Writer
from autograder.examiner.transcript import Transcript
from autograder.objects import modes, recipes
from autograder.objects.recipes import RECIPES
from autograder.release import released_notebook

pytestmark = pytest.mark.skipif(
    not source_of(ASSIGNMENT).is_file(), reason="needs the built notebooks: make assignments"
)
KEY = bytes(range(32))
# (part, a wrong implementation of it): a value, a pair, an error, a refusal, what is kept, gradients, a layer.
MISTAKES = [
    ("conv2d", "conv_flipped"),
    ("conv2d", "conv_ints_only"),
    ("conv2d", "conv_negative_stride"),
    ("conv2d", "conv_memoised"),
    ("conv2d", "conv_no_grad"),
    ("apply_kernel", "apply_squeezes"),
    ("Conv2d", "layer_stride_not_passed"),
    ("Conv2d", "layer_bias_anyway"),
]


# (assignment, part, a wrong implementation of it, what the printed program says): what the exam builds, fills by rules,
# loads, gives a recipe, trains; what answers otherwise, has another shape or another number of parameters, or raises.
ALONE = [
    ("01-convolution", "Conv2d", "layer_stride_not_passed", ["torch.nn.Conv2d.", "do not match: torch.Size"]),
    ("02-pooling", "SimpleCNN", "cnn_fixed_size", ["got: raised RuntimeError: mat1", "torch.Size([2, 7])"]),
    ("02-pooling", "SimpleCNN", "cnn_softmax_last", ["It cannot take them", "SoftmaxBackward"]),
    ("03-architectures", "BasicBlock", "basic_sum_without_relu", ["torchvision.models.resnet.BasicBlock", "not close"]),
    ("03-architectures", "ResNet", "resnet_shortcut_without_norm", ["layer1.0.downsample.1.weight: got nothing"]),
    ("03-architectures", "Inception", "inception_three_by_three", ["They differ.", "branch5.weight: got", ", 5, 5]"]),
    ("04-augmentation", "rotate", "rotate_clockwise", ["not close"]),
    ("04-augmentation", "SegmentationDataset", "files_luminance", ["occurred for item [1][1]"]),
    ("05-interpretability", "grad_cam", "cam_not_rectified", ["The right one is the solution", "not close"]),
    ("06-segmentation", "UNet", "unet_softmax_last", ["SoftmaxBackward", "not close"]),
    ("06-segmentation", "UNet", "unet_one_class_more", ["983 numbers", "The right one has 979"]),
]
TRAINED = [("06-segmentation", "fit", "fit_gradients_kept", ["close", "item [1]"])]


@cache
def sources(assignment):
    return nbformat.read(source_of(assignment), as_version=4), reference_solutions(assignment)


def examined(part, how, client, assignment=ASSIGNMENT):
    """One part of a submission examined: the result, the executed notebook, the evidence."""
    source, reference = sources(assignment)
    source = copy.deepcopy(source)
    source.cells = [
        cell for cell in source.cells
        if not cell.metadata.nbgrader.get("grade") or cell.metadata.nbgrader.grade_id == f"{part}-hidden"
    ]  # fmt: skip
    student = Student("ada", "mistake", how, assignment)
    handed_in = filled_in(released_notebook(source), student.solutions(reference))
    job = Job("ada", assignment, "the job", explain=True)
    result, executed, evidence = grade(job, nbformat.writes(handed_in).encode(), source, client, KEY)
    assert result.faults == [] and evidence
    return result, executed, evidence


def unpacked(text, dtype):
    import base64
    import zlib

    return torch.frombuffer(bytearray(zlib.decompress(base64.b85decode(text))), dtype=dtype)


def made_again(python, executed, part):
    """What the case gives, run beside the student's code; an error as it was raised."""
    names = {}
    for cell in executed.cells:
        about = cell.metadata.nbgrader if "nbgrader" in cell.metadata else {}
        if about.get("grade_id") == f"{part}-hidden":
            break
        if cell.cell_type == "code" and not about.get("grade"):
            exec(cell.source.replace("%matplotlib inline", ""), names)
    compared = []
    given = {
        "torch": torch, "modes": modes, "recipes": recipes, "names": names, "unpacked": unpacked,
        "inf": float("inf"), "nan": float("nan"),
        "compare": lambda got, expected: compared.append((got, expected)),
        "against": lambda asked, name, reference, said: compared.append((asked(names), said)),
        "load": lambda network, weights: network.load_state_dict(weights),
        "standing_in": lambda name, recipe: names.update({name: RECIPES[recipe]}),
    }  # fmt: skip
    try:
        exec(python, given)
    except Exception as error:
        return error, None
    return compared[-1]


@pytest.mark.parametrize("part, how", MISTAKES)
def test_a_case_gives_again_what_it_gave_the_exam(part, how, client):
    _, executed, evidence = examined(part, how, client)
    for item in evidence:
        got, expected = made_again(item["python"], executed, part)
        if isinstance(got, Exception):
            assert item["got"].startswith(type(got).__name__)
        elif item["expected"] == "a refusal":
            assert item["got"] == f"an answer: {type(got).__name__}" and expected == "a refusal"
        else:
            assert shown(got) == item["got"]
            assert isinstance(expected, str) or shown(expected) in item["expected"]


def test_a_snippet_makes_the_case_again(client, tmp_path):
    """The whole file, as `python case.py` runs it."""
    result, executed, evidence = examined("conv2d", "conv_flipped", client)
    nbformat.write(executed, tmp_path / "ada.ipynb")
    told = result.to_json() | {"student": "ada\nimport os"}
    (tmp_path / "case.py").write_text(program(Examined(told, evidence, None, tmp_path / "ada.ipynb")))
    done = subprocess.run(
        [sys.executable, tmp_path / "case.py"], capture_output=True, text=True, timeout=200, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("=== conv2d ·") == len(evidence) and "not close" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize(
    "assignment, part, how, says",
    [*some_of(ALONE, 1), *with_all(TRAINED)],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_is_printed_runs_beside_the_notebook_and_shows_the_difference(
    assignment, part, how, says, client, tmp_path
):
    result, executed, evidence = examined(part, how, client, assignment)
    nbformat.write(executed, tmp_path / "ada.ipynb")
    (tmp_path / "case.py").write_text(program(Examined(result.to_json(), evidence, None, tmp_path / "ada.ipynb")))
    done = subprocess.run(
        [sys.executable, tmp_path / "case.py"], capture_output=True, text=True, timeout=200, cwd=tmp_path
    )
    assert done.returncode == 0 and done.stdout.count(f"=== {part} ·") == len(evidence), done.stderr
    assert [line for line in says if line not in done.stdout] == [], done.stdout
    assert "expected: raised" not in done.stdout


def test_arguments_are_called_what_the_student_calls_them(client):
    """The exam asks a function of a model as one of the image, whose place is another one then."""
    _, _, evidence = examined("saliency", "saliency_positive", client, "05-interpretability")
    for item in evidence:
        assert re.search(r"^ +model = recipes\.Recipe\('network'", item["python"], re.M), item["python"]
        assert re.search(r"^ +image = torch\.", item["python"], re.M)
        assert "got = saliency(model, image, " in item["python"]


def test_the_right_ones_can_be_found():
    assert all(callable(pydoc.locate(path)) for path in REFERENCES.values())


def layouts():
    dense = torch.arange(24, dtype=torch.float32).reshape(1, 2, 3, 4) / 7
    yield from (dense, dense.double(), dense.half(), dense.bfloat16(), dense.long(), dense > 1)
    yield from (dense.transpose(1, 3), dense[..., 1:3], dense[:, :1].expand(1, 5, 3, 4), dense.permute(0, 2, 3, 1))
    yield from (torch.zeros(()), torch.zeros(0, 3), torch.tensor([float("nan"), float("inf"), -float("inf"), -0.0]))
    yield from (torch.randn(3, 40, 41), dense.clone().requires_grad_(), torch.randn(2, 30, 31).transpose(0, 2))


@pytest.mark.parametrize("tensor", list(layouts()), ids=lambda tensor: f"{tensor.dtype}{tuple(tensor.shape)}")
def test_a_tensor_is_written_with_every_number_and_its_layout(tensor):
    text = _Writer(Transcript(), "f").value(tensor)
    lines = "\n".join(part for line in f"made = {text}".split("\n") for part in broken(line))
    scope = {"torch": torch, "unpacked": unpacked, "inf": float("inf"), "nan": float("nan")}
    exec(lines, scope)
    made = scope["made"]
    assert (made.dtype, made.shape, made.requires_grad) == (tensor.dtype, tensor.shape, tensor.requires_grad)
    assert made.stride() == tensor.stride() or not tensor.numel()
    assert torch.equal(made.detach().nan_to_num(7.0), tensor.detach().nan_to_num(7.0))
