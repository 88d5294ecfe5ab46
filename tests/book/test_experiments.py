"""The book's experiments: their figures come from the code that stands here, of several seeds, and are whole."""

import hashlib
import json
import math
import re
from datetime import date

import numpy as np
import pytest
from _code import records
from experiments import running
from matplotlib.figure import Figure


def test_the_figures_are_those_of_this_code():
    assert running.names()
    stale = running.stale()
    assert not stale, f"figures of other code: {', '.join(stale)}; `make experiments` renews them"


def numbers(found) -> list[float]:
    """All numbers of nested lists and dictionaries."""
    if isinstance(found, dict | list):
        return [number for part in (found.values() if isinstance(found, dict) else found) for number in numbers(part)]
    return [found]


def form(found):
    """What is where, without the numbers."""
    if isinstance(found, dict):
        return {key: form(part) for key, part in found.items()}
    return [form(part) for part in found] if isinstance(found, list) else None


@pytest.mark.parametrize("name", running.names())
def test_a_record_says_where_it_comes_from_and_holds_every_seed_alike(name):
    found = json.loads(running.record(name).read_text())
    assert list(found) == ["seeds", "code", "torch", "date", "seconds", "files", "runs"]
    assert len(set(found["seeds"])) == len(found["seeds"]) == len(found["runs"]) >= 3
    assert re.fullmatch(r"[0-9a-f]{16}", found["code"]) and re.match(r"\d+\.\d+", found["torch"])
    assert date.fromisoformat(found["date"]) and found["seconds"] > 0
    assert all(form(run) == form(found["runs"][0]) for run in found["runs"])
    assert all(isinstance(number, int | float) and math.isfinite(number) for number in numbers(found["runs"]))
    assert not any(run == found["runs"][0] for run in found["runs"][1:]), "two seeds with the same figures"


@pytest.mark.parametrize("name", running.names())
def test_the_files_of_an_experiment_are_those_that_it_wrote(name):
    files = json.loads(running.record(name).read_text())["files"]
    assert running.checksums(list(files)) == files


def test_every_network_on_the_site_comes_from_an_experiment_and_they_are_small():
    folder = running.ROOT / "book" / "_static" / "networks"
    files = [file for name in running.names() for file in json.loads(running.record(name).read_text())["files"]]
    written = {running.ROOT / file for file in files}
    assert set(folder.iterdir()) == {path for path in written if path.parent == folder}
    assert 0 < sum(path.stat().st_size for path in written) < 20e6


@pytest.mark.parametrize("name", running.names())
def test_a_page_tells_what_an_experiment_found(name):
    pages = [path for path in (running.ROOT / "book").glob("*.md") if f'"{name}.json"' in path.read_text()]
    assert pages, f"no page names {name}.json"


@pytest.fixture
def one_experiment(tmp_path, monkeypatch):
    """A project with one experiment, which calls a function of a module of `book/_code`."""
    monkeypatch.setattr(running, "ROOT", tmp_path)
    monkeypatch.setattr(running, "FOLDER", tmp_path / "book" / "experiments")
    files = {
        "book/experiments/coin.py": "from _code import toss\nSEEDS = range(3)\nrun = lambda seed: toss.throw()\n",
        "book/_code/toss.py": TOSS,
        "book/_code/faces.json": "{}",
        "book/_code/inks.json": "{}",
        "book/_code/other.py": "def edge():\n    return 0\n\ndef land():\n    return 1\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


TOSS = '''"""Coins."""
from _code.other import edge, land
FACES = "faces.json"
INK = "inks.json"

def throw():
    """Throws it."""
    return _fair(FACES)

def _fair(faces):
    return faces or land()

def draw():
    return INK
'''


@pytest.mark.parametrize(
    ("name", "old", "new", "anew"),
    [
        ("book/experiments/coin.py", "range(3)", "range(4)", True),
        ("book/_code/toss.py", "return _fair(FACES)", "return _fair(FACES) * 2", True),
        ("book/_code/toss.py", "return faces", "return 2 * faces", True),  # which is called by what is called
        ("book/_code/toss.py", 'FACES = "faces', 'FACES = "2 faces', True),
        ("book/_code/other.py", "return 1", "return 2", True),
        ("book/_code/other.py", "return 0", "return 2", False),  # imported, and not called
        ("book/_code/faces.json", "{}", "[]", True),
        ("book/_code/toss.py", "Throws it.", "Throws the coin.", False),
        ("book/_code/toss.py", "return INK", "return 2 * INK", False),
        ("book/_code/inks.json", "{}", "[]", False),
        ("book/_code/toss.py", "def draw", "torch.set_num_threads(2)\n\ndef draw", True),  # runs at import
    ],
)
def test_an_experiment_is_stale_when_what_it_runs_changes(one_experiment, name, old, new, anew):
    assert running.names() == running.stale() == ["coin"], "it has no figures yet"
    running.record("coin").write_text(json.dumps({"code": running.code("coin")}))
    assert not running.stale()
    text = (one_experiment / name).read_text()
    assert old in text
    (one_experiment / name).write_text(text.replace(old, new))
    assert running.stale() == (["coin"] if anew else [])


def test_an_experiment_is_stale_when_something_lies_behind_another_name(one_experiment):
    """`from … import … as …` is followed."""
    toss = one_experiment / "book/_code/toss.py"
    toss.write_text("from _code.other import land as throw\n")
    other = one_experiment / "book/_code/other.py"
    other.write_text("def land():\n    return 1\n")
    running.record("coin").write_text(json.dumps({"code": running.code("coin")}))
    other.write_text("def land():\n    return 2\n")
    assert running.stale() == ["coin"]


def test_figures_are_written_with_all_that_they_come_from(one_experiment, monkeypatch, capsys):
    monkeypatch.setattr(running.importlib, "import_module", lambda name: Coin)
    running.renew("coin")
    assert not running.stale()
    monkeypatch.setattr(records, "FOLDER", running.FOLDER)
    found = records.Record("coin.json")
    assert found("sides", "heads").tolist() == [[0, 0], [1, 2], [2, 4]]
    written = json.loads(running.record("coin").read_text())["files"]
    assert written == {"book/side.bin": hashlib.sha256(b"seed 0").hexdigest()}
    assert "seed 2" in capsys.readouterr().out


class Coin:
    """An experiment."""

    SEEDS = range(3)
    FILES = ["book/side.bin"]

    @staticmethod
    def run(seed: int) -> dict:
        if seed == 0:
            (running.ROOT / "book" / "side.bin").write_bytes(b"seed 0")
        return {"sides": {"heads": [seed, 2 * seed]}}


def test_means_ranges_and_what_follows_from_them():
    assert records.spread(np.array([0.1, 0.2, 0.6])) == "0.30 (0.10–0.60)"
    assert records.spread(np.array([0.101, 0.102, 0.103])) == "0.10"
    assert records.spread(np.array([-1.0, 0.0, 2.5]), 1) == "0.5 (−1.0 to 2.5)"
    assert records.spread(np.array([-0.01, 0.0, 0.01]), 1) == "0.0"
    three, two = np.array([1.0, 2, 3]), np.array([3.0, 4])
    assert records.lies(three, two + 0.1) == "lies below" and records.lies(two + 0.1, three) == "lies above"
    assert records.lies(three, two) == records.lies(two, three) == "overlaps with"  # one number in common is enough
    assert [records.how_many(three > bar) for bar in (0, 1, 3)] == ["all 3", "2 of the 3", "none of the 3"]
    ax = Figure().subplots()
    records.band(ax, [1, 2], np.array([[0.0, 1.0], [1.0, 2.0], [5.0, 3.0]]), "a")
    assert ax.lines[0].get_ydata().tolist() == [2, 2]
    corners = ax.collections[0].get_paths()[0].vertices
    assert corners[:, 1].min() == 0 and corners[:, 1].max() == 5
