"""Ways round a ban are noticed in the source; what honest work uses is not."""

import nbformat
import pytest

from autograder.classroom.jobs import source_of
from autograder.exam import convolution, segmentation
from autograder.exam.core import exams_of
from autograder.exam_tables.implementations import implementations
from autograder.examiner.ban_evasion import noticed
from autograder.examiner.grade_cells import is_examined
from autograder.examiner.grading import Job, grade
from autograder.objects.assignments import topic

EXAMS = {"01-convolution": convolution, "06-segmentation": segmentation}
FOUND = {
    "import torch\ntorch.library.Library.impl = lambda *args: None": "torch.library",
    "from torch import library": "torch.library",
    "import torch.library as quiet": "torch.library",
    "import gc\nfor o in gc.get_objects():\n    getattr(o, '_destroy', print)()": "_destroy",
    "from torch.autograd import Variable as V\nV._execution_engine = None": "_execution_engine",
    "def helper(op):\n    return op.redispatch": "redispatch",
    "from autograder.objects.ban import BAN\nBAN.switch(None)": "autograder",
    "import gc\ndef conv2d(x): return gc.get_objects()": "gc",
    "import gc as waste\ndef helper(x): return waste.get_objects()\ndef conv2d(x): return helper(x)": "gc",
    "def conv2d(x):\n    import ctypes\n    return x": "ctypes",
    "def conv2d(x): return eval('F.conv' + '2d')(x)": "eval",
    "import sys\nclass Helper:\n    def __call__(self, x): return sys.modules\nconv2d = Helper()": "sys.modules",
    "import torch as t\ndef conv2d(x): return t._C._nn.thnn_conv2d(x)": "torch._C",
    "import torch\nhidden = torch\nother = hidden\ndef conv2d(x): return other._C": "torch._C",
    "import sys as s\ndef conv2d(x): return s.modules": "sys.modules",
    "import os\ndef conv2d(x): return os.sys": "sys",
    "import sys\nfound = sys.modules\ndef conv2d(x): return found": "sys.modules",
    "import sys\ndef conv2d(x): return getattr(sys, 'mod' + 'ules')": "sys.modules",
    "import sys\ndef conv2d(x): return getattr(sys, f'{\"mod\"}ules')": "sys.modules",
    "import sys\ndef conv2d(x): return vars(sys)[''.join(['mod', 'ules'])]": "sys.modules",
    "import sys\ndef conv2d(x): return sys.__dict__['mod' 'ules']": "sys.modules",
    "from scipy import ndimage as nd\ndef conv2d(x): return nd.correlate(x)": "scipy.ndimage",
    "import scipy\ndef conv2d(x): return scipy.signal.convolve2d(x)": "scipy.signal",
    "from cv2 import filter2D\ndef conv2d(x): return filter2D(x)": "cv2",
    "def conv2d(x):\n    try: x()\n    except Exception as e: return e.__traceback__.tb_frame": "tb_frame",
    "from torch.autograd.variable import ImperativeEngine as Engine\ndef conv2d(x): return Engine()": (
        "ImperativeEngine"
    ),
    "%%time\n!ls\ndef conv2d(x): return x.__globals__": "__globals__",
}
NOT = [
    "import scipy.fft\nimport torch as t\ndef conv2d(x): return scipy.fft.fft2(x) + t.add(x, x)",
    "def conv2d(x): return getattr(x, 'sh' + 'ape'), [m for m in x.modules()], f'{x} of {x}'",
    "from scipy import ndimage\nndimage.correlate(1, 2)\ndef conv2d(x): return x",
    "import gc\ngc.collect()",  # beside the graded function
    "import sys\ndef show(): print(sys.modules)\ndef conv2d(x): return x",
    "def conv2d(x, network): network.eval(); return x",
    "import gc\nx = gc.collect()\ndef conv2d(x): return x + 1",  # another x
    "F.conv2d(x, w)",  # in a cell of one's own
    "this is no Python (",
    "\0",
    "(" * 5000,
]


@pytest.mark.parametrize("source", FOUND)
def test_ways_round_a_ban_are_noticed(source):
    (said,) = noticed([source], ["conv2d"])
    assert f"`{FOUND[source]}`" in said


@pytest.mark.parametrize("source", NOT, ids=range(len(NOT)))
def test_what_honest_work_does_is_not(source):
    assert noticed([source, "conv2d = 3"], ["conv2d", "not_defined"]) == []


@pytest.mark.parametrize("assignment", EXAMS)
def test_no_right_implementation_is_noticed(assignment):
    banned = [exam.graded_name for exam in exams_of(EXAMS[assignment]) if exam.ban]
    assert banned
    found = {one.id: noticed([one.source()], banned) for one in implementations(topic(assignment)) if not one.wrong}
    assert len(found) > 15 and {name: said for name, said in found.items() if said} == {}


def test_the_result_tells(client):
    path = source_of("01-convolution")
    if not path.is_file():
        pytest.skip("needs the built notebooks: make assignments")
    source = nbformat.read(path, as_version=4)
    source.cells = [cell for cell in source.cells if not is_examined(cell)]
    told = {}
    for name, first in ("honest", ""), ("sly", "import gc\n"):
        for cell in source.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") == "conv2d_naive":
                cell.source = (
                    first + "def conv2d_naive(x, weight, bias=None):\n    return " + (first and "gc.garbage or ") + "x"
                )
        submitted = nbformat.writes(source).encode()
        told[name] = grade(Job(name, "01-convolution", "j"), submitted, source, client, bytes(32))[0].noticed
    assert told["honest"] == [] and len(told["sly"]) == 1 and "`conv2d_naive` reaches `gc`" in told["sly"][0]
