"""Whole notebooks with the habits of honest people: each function takes the solved notebook and does what they do.

What a function is called after is the habit. Each such notebook gets full marks.
"""

import ast
import re
from pathlib import Path

from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell

from autograder.demo.students import reference_solutions
from autograder.exam_tables.implementations import implementation, implementations
from autograder.objects.assignments import topic


def cell_of(nb, key):
    return next(cell for cell in nb.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == key)


def before(nb, key, *texts):
    """Add cells of code in front of a known one."""
    at = nb.cells.index(cell_of(nb, key))
    nb.cells[at:at] = [new_code_cell(text) for text in texts]


def after(nb, key, *texts):
    at = nb.cells.index(cell_of(nb, key)) + 1
    nb.cells[at:at] = [new_code_cell(text) for text in texts]


def solutions(nb):
    return [c for c in nb.cells if c.cell_type == "code" and c.metadata.get("nbgrader", {}).get("solution")]


def imports_that_fail(nb):
    """Packages that are not there and are not needed, in cells of one's own; some are tried for."""
    nb.cells.insert(0, new_code_cell("import einops\nimport seaborn as sns\nsns.set_theme()"))
    before(nb, "setup", "from google.colab import drive\ndrive.mount('/content/drive')")
    after(
        nb, "setup",
        "try:\n    import torchinfo\nexcept ImportError:\n    !pip install -q torchinfo\n    torchinfo = None",
        "import my_helpers  # beside the notebook, at home\nfrom my_helpers import *",
    )  # fmt: skip


def modes_left(nb):
    """Settings for an experiment, high up, which nobody takes back."""
    after(
        nb, "setup",
        "torch.manual_seed(42); torch.set_default_dtype(torch.float64); torch.set_printoptions(precision=3)",
        "SEED = 0\nimport os, random\nimport numpy as np\nrandom.seed(SEED), np.random.seed(SEED)\n"
        "os.environ['PYTHONHASHSEED'] = str(SEED)\ntorch.use_deterministic_algorithms(True)\n"
        "torch.backends.cudnn.benchmark = False",
        "torch.set_grad_enabled(False)\ntorch.autograd.set_detect_anomaly(True)\ntorch.set_num_threads(4)",
    )  # fmt: skip
    nb.cells.append(new_code_cell("torch.set_default_device('meta')"))


def imports_in_the_given_cell(nb):
    """What the solutions need is imported in the locked cell, between its lines and below them."""
    setup = cell_of(nb, "setup")
    setup.source = setup.source.replace("import torch\n", "import torch\nimport numpy as np\nimport pandas\n", 1)
    setup.source += (
        "\n\nfrom functools import lru_cache, reduce as fold\nfrom einops import rearrange\n%matplotlib inline"
    )
    uses = {
        "output_size": "assert np.floor(2.5) == 2\n", "conv2d": "assert fold(max, [1, 2]) == 2\n",
        "UNet": "assert lru_cache\n", "iou": "assert np.isnan(np.nan)\n",
    }  # fmt: skip
    for cell in solutions(nb):
        cell.source = uses.get(cell.metadata.nbgrader.grade_id, "") + cell.source


def helpers_in_own_cells(nb):
    """Each graded function is a call of one that stands in the cell before it."""
    for cell in solutions(nb):
        for node in ast.parse(cell.source).body:
            if isinstance(node, ast.FunctionDef):
                key, name = cell.metadata.nbgrader.grade_id, node.name
                before(nb, key, re.sub(rf"(?m)^def {name}\b", f"def my_{name}", cell.source))
                cell.source = f"def {name}(*args, **kwargs):\n    return my_{name}(*args, **kwargs)\n"
                break


def pictures_and_progress(nb):
    """Plots, tables, bars, magics that time, and long prints."""
    after(
        nb, "setup",
        "%matplotlib inline\n%config InlineBackend.figure_format = 'retina'\n%load_ext autoreload\n%autoreload 2",
        "import matplotlib.pyplot as plt\nfrom tqdm.notebook import tqdm",
        "from IPython.display import HTML, clear_output, display",
        "%%time\nfor i in tqdm(range(3)):\n    print('step', i)\n    clear_output(wait=True)",
        "%timeit -n 1 -r 1 sum(range(10))",
        "%%capture caught\nprint('not shown')",
        "fig, ax = plt.subplots(1, 2, figsize=(6, 3))\nax[0].plot([1, 2]); ax[1].imshow(torch.rand(9, 9))\nplt.show()",
        "display(HTML('<b>done</b>'))\nplt.rcParams['figure.dpi'] = 200",
        "torch.arange(10_000).reshape(100, 100).tolist()",
    )  # fmt: skip
    cell_of(nb, "output_size").source = "%%time\n" + cell_of(nb, "output_size").source


def commands(nb):
    """A shell's and pip's, from Colab and from home."""
    after(
        nb, "setup",
        "!nvidia-smi", "!pip install -q torchmetrics && echo ok", "%pip install -U torch",
        "files = !ls\nprint(files)", "%%bash\nls -la",
        "import os\nos.makedirs('checkpoints', exist_ok=True)\n%cd checkpoints",
        "device = 'cuda' if torch.cuda.is_available() else 'cpu'\nprint(device)\n%env OMP_NUM_THREADS=8",
    )  # fmt: skip


class _Renamed(ast.NodeTransformer):
    """Each variable that a function binds itself bears another name. Its arguments keep theirs."""

    def visit_FunctionDef(self, node):
        inner = [n for n in ast.walk(node) if isinstance(n, ast.FunctionDef | ast.Lambda | ast.ClassDef)]
        given = {a.arg for n in [node, *inner] for a in ast.walk(n) if isinstance(a, ast.arg)}
        kept = given | {n.name for n in inner if not isinstance(n, ast.Lambda)}
        stored = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        for name in ast.walk(node):
            if isinstance(name, ast.Name) and name.id in stored - kept:
                name.id = f"my_{name.id}"
        return node


def other_names(nb):
    """Variables called otherwise, no comments, no docstrings' lines kept, as an unparser writes it."""
    for cell in solutions(nb):
        cell.source = ast.unparse(_Renamed().visit(ast.parse(cell.source)))


def from_another_editor(nb):
    """Ids, metadata and locks are lost, as after a conversion; Colab has put its own in their place."""
    for number, cell in enumerate(nb.cells):
        cell.metadata = {"id": f"C{number}olab", "colab": {"base_uri": "https://localhost:8080/"}}
        cell.id = f"x{number}"
    nb.metadata = {"colab": {"provenance": []}, "kernelspec": {"name": "python3", "display_name": "Python 3"}}


def outputs_kept(nb):
    """All outputs are in the file, errors and pictures among them, and the count of the hundredth run."""
    for number, cell in enumerate(cell for cell in nb.cells if cell.cell_type == "code"):
        cell.execution_count = 100 + number
        cell.metadata["execution"] = {"iopub.status.busy": "2024-01-01T00:00:00Z"}
        cell.outputs = [
            new_output("stream", name="stdout", text="loss 0.1\n" * 200),
            new_output("display_data", data={"image/png": "iVBORw0KGgo=" * 500, "text/plain": "<Figure>"}),
            new_output("error", ename="ValueError", evalue="once", traceback=["Traceback"]),
            new_output("execute_result", data={"text/plain": "0.0"}, execution_count=100 + number),
        ]


def notes_in_between(nb):
    """Markdown and raw cells of one's own everywhere, and notes in the given texts."""
    for cell in list(nb.cells):
        at = nb.cells.index(cell)
        nb.cells.insert(at, new_markdown_cell(f"### TODO before cell {at}\n\n$\\sigma$ is the *stride*!"))
        if cell.cell_type == "markdown" and not cell.metadata.nbgrader.solution:
            cell.source += "\n\n> **my note**: done"
    nb.cells.append(new_raw_cell("left over"))


def solutions_over_two_cells(nb):
    """Begun in the given cell and ended in the one below: methods, entries and wrappers that come later."""
    for cell in solutions(nb):
        key = cell.metadata.nbgrader.grade_id
        tree = ast.parse(cell.source)
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and (
                forward := [n for n in node.body if getattr(n, "name", "") == "forward"]
            ):
                node.body.remove(forward[0])
                later = ast.unparse(forward[0]).replace("super()", f"super({node.name}, self)")
                after(nb, key, f"{later}\n\n{node.name}.forward = forward\ndel forward")
                cell.source = ast.unparse(tree)
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict) and len(node.value.keys) > 2:
                name, value = node.targets[0].id, ast.unparse(node.value)
                cell.source = f"{name} = {{}}\nothers = 1"
                after(nb, key, f"for key, kernel in {value}.items():\n    {name}[key] = kernel")


def earlier_attempts(nb):
    """First tries are left above, in own cells and in copies of the given one; the last one counts."""
    for cell in list(solutions(nb)):
        key = cell.metadata.nbgrader.grade_id
        for node in ast.parse(cell.source).body:
            if isinstance(node, ast.FunctionDef):
                before(nb, key, f"# attempt 1\ndef {node.name}(*args):\n    return 0", "raise NotImplementedError")
    first = solutions(nb)[0]
    copied = new_code_cell("def output_size(n, kernel_size):\n    return 1", metadata=dict(first.metadata))
    nb.cells.insert(nb.cells.index(first), copied)


def tests_of_ones_own(nb):
    """Comparisons with PyTorch, asserts that hold and asserts that do not, in own cells and below solutions."""
    after(
        nb, "conv2d",
        "x, w = torch.randn(2, 4, 9, 9), torch.randn(6, 2, 3, 3)\n"
        "assert torch.allclose(conv2d(x, w, groups=2), F.conv2d(x, w, groups=2), atol=1e-5)\nprint('ok')",
        "x.requires_grad_()\ntorch.autograd.gradcheck(conv2d, (x[:1, :1, :4, :4].double(), w[:1, :1].double()))",
        "assert conv2d(x, w) is None, 'todo'",
        "for groups in (1, 2):\n    try:\n        F.unfold(conv2d)\n    except TypeError as e:\n        print(e)",
    )  # fmt: skip
    cell_of(nb, "output_size").source += "\n\n\nprint(output_size(5, 3))\nassert output_size(7, 3, 2, 1) == 4"
    nb.cells.append(new_code_cell("raise SystemExit"))
    nb.cells.append(new_code_cell("exit()"))
    nb.cells.append(new_code_cell("name = input('who? ')"))


def strict_surroundings(nb):
    """Warnings are errors, so are NumPy's; logging, typing, a timer and the collector are set up as at work."""
    before(nb, "setup", "from __future__ import annotations")
    after(
        nb, "setup",
        "import warnings\nwarnings.filterwarnings('error')\nimport numpy as np\nnp.seterr(all='raise')",
        "import logging, gc, sys\nlogging.basicConfig(level=logging.DEBUG)\nlogging.info('begins')\ngc.disable()\n"
        "sys.setrecursionlimit(2000)",
        "from typing import Optional, Tuple, Union\nfrom dataclasses import dataclass\nT = torch.Tensor\n_ = None",
    )  # fmt: skip


def answers_worked_out(nb):
    """The questions' answers are computed from the parts before, with NumPy, and printed."""
    cell_of(nb, "question_1").source = (
        "import numpy as np\nn = np.array([96])\n"
        "for k, s, p, d in [(7, 2, 3, 1), (3, 3, 0, 1), (3, 1, 3, 3)]:\n"
        "    n = (n + 2 * p - d * (k - 1) - 1) // s + 1\n"
        "answer_1 = n[0]\nanswer_1"
    )
    cell_of(nb, "question_2").source = (
        "layer = nn.Conv2d(16, 32, kernel_size=3, stride=2, padding=1, groups=2)\n"
        "with torch.no_grad():\n    pixels = layer(torch.zeros(1, 16, 56, 56))[0, 0].numel()\n"
        "answer_2 = torch.tensor(pixels * layer.weight.numel())\nprint(f'{answer_2:,}')"
    )
    cell_of(nb, "question_3").source = 'answer_3 = "b"  # I think so, because…'


STUDENTS = {path.stem: path for path in sorted((Path(__file__).parent / "students").glob("*.py"))}


def cells_by(student):
    """The cells of a student's file, each with its key."""
    _, *parts = re.split(r"(?m)^# %% (.+)\n", STUDENTS[student].read_text())
    return list(zip(parts[::2], parts[1::2], strict=True))


def written_by(student):
    """The habit of a student who has solved assignment 03 from its text alone: their cells, and those they added.

    In the file a line `# %% key` begins the cell of this key, `# %% + key` one that they added after it.
    """

    def solve(nb):
        for key, text in cells_by(student):
            if key.startswith("+ "):
                after(nb, key.removeprefix("+ "), text)
            else:
                cell_of(nb, key).source = text

    return solve


# Who wrote a whole assignment, from its first name to its optional one, each in a style of their own.
WHOLE = {"04-augmentation": {"shift", "cutmix"}, "05-interpretability": {"occlusion_map", "integrated_gradients"}}
STYLES = {
    assignment: [one.id for one in implementations(topic(assignment)) if not one.wrong and ends <= {*one.names}]
    for assignment, ends in WHOLE.items()
}


def in_the_style_of(assignment, id):
    """The habit of someone who has written this assignment as this right implementation is written."""

    def solve(nb):
        written = implementation(topic(assignment), id).cells(reference_solutions(assignment))
        for key, text in written.items():
            cell_of(nb, key).source = text

    return solve


# What one notebook has of them: two that do not touch the same cells.
NOTEBOOKS = [
    (imports_that_fail, outputs_kept),
    (modes_left, notes_in_between),
    (imports_in_the_given_cell, answers_worked_out),
    (commands, helpers_in_own_cells),
    (pictures_and_progress, tests_of_ones_own),
    (other_names, from_another_editor),
    (strict_surroundings, solutions_over_two_cells),
    (earlier_attempts,),
    (imports_that_fail, helpers_in_own_cells),
    (modes_left, tests_of_ones_own),
    (modes_left, commands),
    (other_names, pictures_and_progress),
    (commands, answers_worked_out),
    (strict_surroundings, outputs_kept),
    (earlier_attempts, notes_in_between),
]
