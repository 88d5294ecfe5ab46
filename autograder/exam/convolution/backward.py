"""The exam of `conv2d_backward`: three gradients, each judged by itself, from formulas and without autograd.

A call of ours asks for one of the three results, by the argument `result`; the student's function gives all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from autograder.exam.calls import Call, Value
from autograder.exam.cases import Case, Cases, Setup, choices, convolution_tensors, grid, unbiased
from autograder.exam.convolution.mistakes import conv2d as forward
from autograder.exam.convolution.mistakes_backward import MISTAKES, RESULTS, backward
from autograder.exam.convolution.sentences import SENTENCES
from autograder.exam.convolution.sums import DOOR
from autograder.exam.draw import Draw
from autograder.exam.functions import FunctionExam, asked, beside, leaving_out
from autograder.exam.mistakes import first_of
from autograder.exam.reading import Part, Reading
from autograder.exam.subject import Answer, Banned, Raised, Subject

# What PyTorch says under inference mode, and what the ban says where its refusal comes back as another error.
AUTOGRAD = "does not require grad", "autograd: it was asked for a gradient"


class OneResult:
    """The student's function, of which one result is asked for in each call, under inference mode."""

    def __init__(self, subject: Subject):
        self.subject = subject

    def vjps(self, calls: Sequence[tuple]) -> list[Answer | Raised]:
        """As `Subject.vjps`, without a way back. What autograd refuses counts as refused by the ban."""
        given = [(args, {k: v for k, v in kwargs.items() if k != "result"}, None) for args, kwargs, _ in calls]
        with self.subject.inference(), self.subject.series():
            answers = self.subject.vjps(given)
        return [chosen(answer, kwargs["result"]) for answer, (_, kwargs, _) in zip(answers, calls, strict=True)]


def chosen(answer: Answer | Raised, result: str) -> Answer | Raised:
    """One of three results; whatever else came back, as it is."""
    if isinstance(answer, Raised):
        return Banned(answer.kind, AUTOGRAD[1]) if any(said in answer.message for said in AUTOGRAD) else answer
    if isinstance(answer.output, tuple | list) and len(answer.output) == len(RESULTS):
        return replace(answer, output=answer.output[RESULTS.index(result)])
    return answer


class StepPart(Part):
    """A part whose door is open where one of the results is right in its plainest calls. A known mistake in grad_bias,
    which any mean makes, does not open it."""

    def opens(self, reading: Reading) -> bool:
        door: dict[str, list[Call]] = {result: [] for result in RESULTS}
        for call in self.plainest(reading):
            door[call.case.kwargs["result"]].append(call)
        bias = door.pop("grad_bias")
        return (bool(bias) and all(self.fault(call, self.reference) is None for call in bias)) or any(
            bool(calls) and all(self.right(call, reading) for call in calls) for calls in door.values()
        )


class BackwardExam(FunctionExam):
    """The function with three results."""

    part = StepPart


def steps(setups: Sequence[Setup], *results: str) -> Cases:
    """For each setup, and each of these results, a call with what may come back to the output."""

    def cases(draw: Draw) -> Iterator[Case]:
        for setup in draw.shuffled(setups):
            x, weight = convolution_tensors(replace(setup, bias=False), draw)
            grad_out = draw.normal(*forward(x, weight, **setup.arguments).shape)
            for result in results:
                yield Case((grad_out, x, weight), {**setup.arguments, "result": result}, setup.about)

    return cases


def plainer(change: Callable[[Case], Case]) -> Callable[[Case], Case]:
    """This change of a step, in which what comes back gets the shape of the output after it."""

    def plain(case: Case) -> Case:
        changed = change(case)
        _, x, weight = changed.args
        output = forward(x, weight, **leaving_out("result")(changed).kwargs)
        return replace(changed, args=(output.cos(), x, weight))

    return plain


def square(case: Case) -> Case:
    """A small square kernel, and the first number of each pair."""
    grad_out, x, weight = case.args
    side = min(*weight.shape[2:], 3)
    return Case((grad_out, x, weight[..., :side, :side]), {key: first_of(value) for key, value in case.kwargs.items()})


def by_position(subject: Subject, draw: Draw) -> list[Call]:
    """stride and padding without their names, beside the same with them."""
    given = list(steps([Setup((1, 2, 6, 5, 2, 3, 3), {"stride": 2, "padding": 1})], *MOVED)(draw))
    short = [
        replace(case, args=(*case.args, 2, 1), kwargs={"result": case.kwargs["result"]}, about="without names")
        for case in given
    ]
    return beside(asked(subject, short, Value), asked(subject, given, Value))


MOVED = "grad_x", "grad_weight"  # what strides, paddings and kernels change
# (N, C_in, H, W, C_out, kH, kW)
PLAIN = unbiased((1, 1, 5, 5, 1, 3, 3), (2, 3, 5, 6, 2, 2, 2), (3, 2, 6, 5, 4, 3, 3), (2, 2, 4, 5, 3, 1, 1))
# Windows that meet, leave gaps, and leave rows and columns untouched at the end.
STRIDE = grid([(2, 2, 6, 7, 3, 3, 3), (1, 3, 8, 7, 2, 2, 2)], choices("stride", 2, 3))
PADDING = [
    *grid([(2, 2, 4, 5, 3, 3, 3), (1, 2, 5, 4, 2, 2, 2)], choices("padding", 1, 2)),
    *grid([(2, 2, 6, 7, 2, 3, 3)], [{"padding": p, "stride": s} for p, s in ((1, 2), (2, 3))]),
]
PAIRS = [
    *(Setup(shape) for shape in [(2, 3, 5, 6, 2, 2, 3), (3, 2, 6, 5, 4, 3, 2), (2, 2, 3, 4, 3, 3, 4)]),
    Setup((1, 1, 3, 3, 1, 5, 4), {"padding": 1}, about="with a kernel larger than the image"),
    *grid([(2, 2, 6, 7, 3, 3, 3)], choices("stride", (2, 1), (1, 3), (3, 2))),
    *grid([(2, 2, 4, 5, 3, 3, 3)], choices("padding", (1, 0), (0, 2), (2, 1))),
    Setup((2, 2, 6, 7, 2, 3, 2), {"stride": (2, 1), "padding": (0, 1)}),
]
CARE = [Setup((2, 3, 6, 5, 2, 3, 3)), Setup((2, 3, 6, 5, 2, 3, 3), {"stride": 2, "padding": 1})]

BACK = BackwardExam(
    "conv2d_backward", backward, MISTAKES, SENTENCES, steps(DOOR, *RESULTS), ban="convolution and autograd",
    through=OneResult,
)  # fmt: skip
conv2d_backward = BACK.exam(
    BACK.values("bias", "grad_bias", 1.0, steps(PLAIN, "grad_bias")),
    BACK.values("weight", "grad_weight", 1.0, steps(PLAIN, "grad_weight")),
    BACK.values("input", "grad_x", 1.5, steps(PLAIN, "grad_x")),
    BACK.values(
        "stride", "grad_x and grad_weight with a stride, pixels that no window touched included", 1.0,
        steps(STRIDE, *MOVED), plain=plainer(leaving_out("stride")), about={"stride"},
    ),
    BACK.values(
        "padding", "grad_x and grad_weight with padding", 1.0,
        steps(PADDING, *MOVED), plain=plainer(leaving_out("padding")), about={"padding"},
    ),
    BACK.values(
        "pairs", "kernels that are not square, strides and paddings as pairs", 0.5,
        steps(PAIRS, *MOVED), plain=plainer(square),
    ),
    BACK.dtypes(0.5, steps(PLAIN, *MOVED)),
    BACK.criterion(
        "care", "tensors in any memory layout, none of them changed", 0.5,
        BACK.ask_layouts(steps(CARE, *MOVED)), by_position, intact=True,
    ),
)  # fmt: skip
