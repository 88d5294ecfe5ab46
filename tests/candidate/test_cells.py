"""Cells run as in a notebook: what they put out is recorded, what fails fails alone, honest habits work."""

import base64

import pytest

STREAM = "output_type", "name", "text"


def texts(run, name: str = "stdout") -> str:
    return "".join(o["text"] for o in run.outputs if o["output_type"] == "stream" and o["name"] == name)


def error(run) -> tuple[str, str]:
    [found] = [o for o in run.outputs if o["output_type"] == "error"]
    return found["ename"], found["evalue"]


def pictures(run) -> list[bytes]:
    return [base64.b64decode(o["data"]["image/png"]) for o in run.outputs if "image/png" in o.get("data", {})]


def test_outputs_are_nbformats_in_order(link):
    run = link.run_cell("a", "import sys\nprint(1)\nprint(2, file=sys.stderr)\nprint(3)\nprint(4)\n{'a': 1}")
    assert run.status == "ok" and run.limit is None
    assert run.outputs == [
        {"output_type": "stream", "name": "stdout", "text": "1\n"},
        {"output_type": "stream", "name": "stderr", "text": "2\n"},
        {"output_type": "stream", "name": "stdout", "text": "3\n4\n"},
        {"output_type": "execute_result", "data": {"text/plain": "{'a': 1}"}, "metadata": {}, "execution_count": 1},
    ]
    assert link.run_cell("b", "_, 5").outputs[0]["execution_count"] == 2


def test_a_failing_cell_fails_alone(link):
    runs = link.run([("a", "x = 1\n1 / 0"), ("b", "y = ("), ("c", "undefined"), ("d", "print(x)")])
    assert [run.status for run in runs] == ["error", "error", "error", "ok"]
    assert [error(run)[0] for run in runs[:3]] == ["ZeroDivisionError", "SyntaxError", "NameError"]
    assert texts(runs[3]) == "1\n" and "1 / 0" in "".join(runs[0].outputs[0]["traceback"])
    assert "\x1b" not in str(runs[0].outputs)


@pytest.mark.parametrize("magic", ["", "%matplotlib inline\n"])
def test_pictures_are_recorded(link, magic):
    run = link.run_cell(
        "a", magic + "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.title('$x^2$')\nplt.show()\nprint(1)"
    )
    assert run.status == "ok"
    [png] = pictures(run)
    assert png.startswith(b"\x89PNG")
    assert [o["output_type"] for o in run.outputs] == ["display_data", "stream"]
    assert pictures(link.run_cell("b", "fig, ax = plt.subplots(); ax.imshow([[1, 2]]);"))  # shown at the cell's end


# fmt: off
HABITS = {
    "%%time\nsum(range(10))": "Wall time",
    "%timeit -n 2 -r 2 sum(range(10))": "loops each",
    "%time 1 + 1": "Wall time",
    "import warnings; warnings.warn('careful'); print('on')": "on",
    "import tqdm; print(sum(tqdm.tqdm(range(3))))": "3",
    "from tqdm.auto import tqdm; print(sum(tqdm(range(3))))": "3",
    "from tqdm.notebook import trange; print(sum(1 for _ in range(3)))": "3",
    "from IPython.display import clear_output; print('gone'); clear_output(); print('left')": "left",
    "open('notes.txt', 'w').write('mine'); print(open('notes.txt').read())": "mine",
    "import tempfile, os\nwith tempfile.TemporaryDirectory() as d: os.mkdir(d + '/f')\nprint('done')": "done",
    "import threading; t = threading.Thread(target=print, args=('thread',)); t.start(); t.join()": "thread",
    "from concurrent.futures import ThreadPoolExecutor\nprint(*ThreadPoolExecutor(4).map(abs, [-1, -2]))": "1 2",
    "import torch; torch.set_num_threads(2); print((torch.ones(300, 300) @ torch.ones(300, 1))[0].item())": "300.0",
    "import skimage.data; print(skimage.data.coins().shape)": "(303, 384)",
    "import sklearn.datasets; print(len(sklearn.datasets.load_digits().data))": "1797",
    "import time; time.sleep(0.01); print(time.time() > 0)": "True",
    "import numpy as np, torch; print(np.random.rand() < 1, len(torch.rand(1)))": "True 1",
    "import inspect\ndef f(): return 1\nprint(inspect.getsource(f))": "def f(): return 1",
    "import scipy.signal; print(scipy.signal.convolve([1, 2], [1]))": "[1 2]",
    "import zoneinfo; print(zoneinfo.ZoneInfo('Europe/Berlin'))": "Europe/Berlin",
    "print(open(__import__('convcourse').__file__).read() != '')": "True",
    "%load_ext autoreload\n%autoreload 2\nprint('heard')": "heard",
    "%config InlineBackend.figure_format = 'retina'\nprint('sharp')": "sharp",
    "%pwd\nprint('here')": "here",
    "exit()\nprint('still')": "still",
}
# fmt: on


@pytest.mark.parametrize("source", HABITS)
def test_honest_habits_work(link, source):
    run = link.run_cell("a", source)
    assert run.status == "ok", run.outputs
    assert HABITS[source] in texts(run) and "gone" not in texts(run)
    assert "autograder" not in str(run.outputs)


def test_display_shows_and_updates(link):
    run = link.run_cell(
        "a",
        "from IPython.display import HTML, Markdown, display\n"
        "h = display('first', display_id=True)\ndisplay(HTML('<b>bold</b>'), Markdown('*m*'))\nh.update('second')",
    )
    assert [o["data"] for o in run.outputs] == [
        {"text/plain": "'second'"},
        {"text/plain": "<IPython.core.display.HTML object>", "text/html": "<b>bold</b>"},
        {"text/plain": "<IPython.core.display.Markdown object>", "text/markdown": "*m*"},
    ]


COMMANDS = ["!ls", "%pip install nothing", "files = !ls", "%system ls", "!!ls"]


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_fail_alone_with_a_sentence(link, command):
    run = link.run_cell("a", f"{command}\nprint('and on')")
    assert texts(run).endswith("and on\n") and "refused while a notebook is graded" in texts(run, "stderr")
    assert run.status == "ok"


PROCESSES = [
    "import subprocess; subprocess.run(['ls'])",
    "import multiprocessing as m; p = m.Process(target=print); p.start()",
    "import multiprocessing as m; m.Pool(2).map(abs, [1])",
    "import os; os.fork()",
    "import os; os.posix_spawn('/bin/true', ['true'], {})",
    "import os; os.execv('/bin/true', ['true'])",
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1')",
    "import socket; socket.socket()",
]


@pytest.mark.parametrize("source", PROCESSES)
def test_new_processes_and_sockets_are_refused_and_the_run_goes_on(link, source):
    run = link.run_cell("a", source)
    assert run.status == "error"
    assert "not permitted" in error(run)[1] or error(run)[0] == "PermissionError"
    assert texts(link.run_cell("b", "print('on')")) == "on\n"


def test_a_shell_command_by_os_system_does_nothing(link):
    assert texts(link.run_cell("a", "import os; print(os.system('touch here'), os.listdir())")) != "0 ['here']\n"
    assert "here" not in texts(link.run_cell("b", "print(os.listdir())"))


def test_input_raises_with_a_sentence(link):
    for source in ("input('name?')", "import getpass; getpass.getpass()"):
        kind, words = error(link.run_cell("a", source))
        assert kind == "EOFError" and "Nobody can answer" in words


def test_a_data_loader_needs_no_workers(link):
    run = link.run_cell(
        "a",
        "import torch\nfrom torch.utils.data import DataLoader, TensorDataset\n"
        "data = TensorDataset(torch.arange(6.0))\n"
        "for loader in (DataLoader(data, 2, num_workers=2, prefetch_factor=4, persistent_workers=True),\n"
        "               DataLoader(data, 2, False, None, None, 3), DataLoader(data, batch_size=2)):\n"
        "    print(loader.num_workers, [x.tolist() for x, in loader])",
    )
    assert texts(run) == "0 [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]\n" * 3


def test_torch_compile_gives_back_its_argument(link):
    run = link.run_cell(
        "a",
        "import torch\ndef f(x): return x + 1\nprint(torch.compile(f) is f, torch.compile(f, mode='default') is f)\n"
        "@torch.compile\ndef g(x): return x * 2\n@torch.compile(dynamic=True)\ndef h(x): return x * 3\n"
        "print(g(1), h(1))",
    )
    assert texts(run) == "True True\n2 3\n"


def test_the_same_notebook_draws_the_same_numbers(fork):
    source = (
        "import random, numpy as np, torch\nprint(random.random(), np.random.rand(), torch.rand(1), {'a', 'b', 'c'})"
    )
    first = texts(fork().run_cell("a", source))
    assert first and texts(fork().run_cell("a", source)) == first


def test_candidates_share_nothing(fork):
    first = fork()
    first.run_cell("a", "import torch\ntorch.mark = 1\nopen('left', 'w').close()\nx = 1")
    run = fork().run_cell("a", "import torch, os\nprint(hasattr(torch, 'mark'), os.listdir(), 'x' in globals())")
    assert texts(run) == "False [] False\n"
