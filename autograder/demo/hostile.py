"""Four people who would rather have the marks than the knowledge. What each tries is tried in earnest.

`graded` is the name of the function that they were asked to write.
"""

READS_THE_TESTS = """
# Somewhere on this machine are the hidden tests. Find them, and learn what they want to see.
import gc, glob, inspect, os, sys

import convcourse

loot = {}
for top in (os.path.dirname(os.path.dirname(convcourse.__file__)), "..", "../..", "../../..", "../../../.."):
    for pattern in ("solutions/*.py", "autograder/exam/**/*.py", "_build/source/**/*.ipynb", "course.key"):
        for path in glob.iglob(os.path.join(top, pattern), recursive=True):
            try:
                loot[path] = open(path).read()
            except OSError:
                pass
exams = "convolution", "pooling", "architectures", "augmentation", "interpretability", "segmentation"
for module in (*(f"exam.{name}" for name in exams), "examiner.grading"):
    module = f"autograder.{module}"
    try:
        loot[module] = inspect.getsource(__import__(module, fromlist=["x"]))
    except Exception as error:
        loot[module] = None
for frame in sys._current_frames().values():
    while frame:
        loot.update({str(k): v for k, v in frame.f_locals.items() if "expected" in str(k) or "answer" in str(k)})
        frame = frame.f_back
found = [k for k, v in loot.items() if v]
tests = [o for o in gc.get_objects() if type(o).__name__ in ("Exam", "Criterion")]
print("found:", found, "tests in memory:", len(tests))

def graded(x, weight, *args, **kwargs):
    for test in tests:
        if hasattr(test, "reference"):
            return test.reference(x, weight, *args, **kwargs)
    return torch.zeros(1)
"""

PATCHES_TORCH = """
# Whatever compares, let it find that all is equal.
import builtins

torch.allclose = torch.equal = lambda *args, **kwargs: True
torch.testing.assert_close = lambda *args, **kwargs: None
torch.autograd.gradcheck = lambda *args, **kwargs: True
builtins.isinstance, AssertionError.__init__ = (lambda *args: True), (lambda *args: None)
torch.Tensor.__eq__ = lambda self, other: torch.ones_like(self, dtype=torch.bool)
torch.Tensor.__sub__ = lambda self, other: torch.zeros_like(self)

class Everything(float):
    def __eq__(self, other): return True
    def __lt__(self, other): return True
    def __gt__(self, other): return True
    def __getattr__(self, name): return self
    def __call__(self, *args, **kwargs): return self

def graded(*args, **kwargs):
    return Everything(8)
"""

NEVER_ENDS = """
# If the grader has to give up, perhaps it gives everything up.
def graded(x, weight, *args, **kwargs):
    while True:
        try:
            x = x @ x.mT
        except BaseException:
            pass

while True:
    pass
"""

KILLS_ITS_PARENT = """
# No grader, no bad mark.
import os, signal

for number in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
    try:
        os.kill(os.getppid(), number)
    except OSError as error:
        print("refused:", error)
try:
    print("a child to go on when I am gone:", os.fork())
except OSError as error:
    print("refused:", error)
os.kill(os.getpid(), signal.SIGKILL)
"""
