"""What is asked of a layer: its state, its values and gradients with given weights, and that nothing else decides.

A layer's case is a call of its reference: the input, the weights in the order of their names, and the options it is
made with. A layer is asked by scripts (see `exam.scripts`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from autograder.exam.cases import Case, Cases
from autograder.exam.compare import Comparison, Reference, agree, compared, describe, fault, judge, must_refuse, shown
from autograder.exam.core import Check, Evidence, Unnamed, Wrong
from autograder.exam.draw import LAYOUTS, Draw
from autograder.exam.gate import tensor
from autograder.exam.gradients import Asked, judge_gradients, note_gradients, with_wanted_gradients
from autograder.exam.mistakes import Misconception
from autograder.exam.scripts import Script, State, parameters_of
from autograder.exam.subject import Banned, Raised, Subject
from autograder.objects.operations import Answer

T = torch.Tensor


@dataclass(frozen=True)
class LayerExam:
    """A layer, over which its checks are made.

    reference: a function of the input, the weights and the options. made_with: the constructor's arguments for a case.
    names: of the weights, as they follow the input. mistakes: most telling first. state_mistake: the mistake in a
    state's names and shapes, from the state, its shapes, the expected shapes and the case.
    """

    reference: Reference
    made_with: Callable[[Case], tuple[tuple, dict[str, Any]]]
    names: tuple[str, ...]
    mistakes: Sequence[Misconception]
    state_mistake: Callable[[State, Mapping[str, Any], Mapping[str, Any], Case], str | None]

    def weights(self, case: Case) -> dict[str, T]:
        """The weights of a case, by name; a name that the case leaves out is switched off."""
        return {name: t.detach() for name, t in zip(self.names, case.args[1:], strict=False)}

    def script(self, case: Case, **options: Any) -> Script:
        """A script that begins with a layer for the case."""
        return self.and_make("layer", Script(case), **options)

    def and_make(self, layer: str, script: Script, **options: Any) -> Script:
        """One layer more for the script's case."""
        args, usual = self.made_with(script.case)
        return script.make(layer, args, usual | options)

    def make(self, subject: Subject, case: Case) -> Subject:
        """A layer for a case."""
        args, options = self.made_with(case)
        return subject.make(*args, **options)

    def ask(self, subject: Subject, scripts: Sequence[Script]) -> list[dict[str, Any]]:
        """The replies of each script; where one cannot go on, say why. What raised on the way back is left to judge."""
        found = subject.scripts([script.steps for script in scripts])
        return [self.followed(subject, script, given) for script, given in zip(scripts, found, strict=True)]

    def followed(self, subject: Subject, script: Script, given: list[Any]) -> dict[str, Any]:
        """The replies of one script, with which it got to its end or to a way back that raised."""
        failed = script.failed_at(given)
        if isinstance(given[0], str) and given[0] != "module":
            raise self.no_module(subject, script.case)
        if failed == "load":
            raise self.not_loaded(subject, self.make(subject, script.case), script.case, given[-1])
        if failed is not None and failed != "gradients":
            raise given[-1]
        return script.replies(given)

    def no_module(self, subject: Subject, case: Case) -> Wrong:
        """What was made is no module."""
        return Unnamed(f"`{subject.name}(…)` gives no `nn.Module`.", Evidence(describe(case), "a layer", ""))

    def not_loaded(self, subject: Subject, made: Subject, case: Case, error: Raised) -> Wrong:
        """Why a layer does not take the case's weights."""
        if not made.is_module:
            return self.no_module(subject, case)
        self.check_state(made.state(), case)
        return Wrong("names-differ", Evidence(describe(case), "load_state_dict", str(error)))

    def check_state(self, state: State, case: Case) -> State:
        """The names and shapes of the reference's weights, all of them parameters; the state is given back."""
        wanted = {name: tuple(t.shape) for name, t in self.weights(case).items()}
        shapes = {name: None if e.tensor is None else tuple(e.tensor.shape) for name, e in state.items()}
        if mistake := self.state_mistake(state, shapes, wanted, case):
            raise Wrong(mistake, Evidence(describe(case), str(wanted), str(shapes)))
        return state

    def check_learning(self, subject: Subject, cases: Sequence[Case]) -> None:
        """The weights require a gradient."""
        found = self.ask(subject, [self.script(case).state("state") for case in cases])
        for case, replies in zip(cases, found, strict=True):
            state = self.check_state(replies["state"], case)
            if not all(state[name].requires_grad for name in self.weights(case)):
                names = " and ".join(self.names)
                raise Unnamed(f"`{subject.name}`: {names} should learn, so they require a gradient.")

    def check_not_the_library(self, subject: Subject, case: Case) -> None:
        """Whose forward is the library's has not written a layer; anything else that it raises is judged elsewhere."""
        given = subject.scripts([self.script(case).call("answer", case.args[0]).steps])[0]
        if isinstance(given[-1], Banned):
            raise given[-1]

    def asked(self, cases: Cases, draw: Draw) -> list[Asked]:
        """The cases with the reference's values and gradients."""
        return with_wanted_gradients(self.reference, cases(draw), draw)

    def answered(self, subject: Subject, asked: Asked, reply: Any) -> Comparison:
        """What came of a case."""
        return compared(subject, asked.case, asked.expected, reply)

    def values(self, *cases: Cases) -> Check:
        """Right values with the weights of each case; gradients of the same calls are noted for their criterion."""

        def check(subject: Subject, draw: Draw) -> None:
            for some in cases:
                self.compare(subject, self.asked(some, draw), draw)

        return check

    def compare(self, subject: Subject, asked: Sequence[Asked], draw: Draw) -> None:
        """Make a layer for each case, load its weights, go forward and back."""
        scripts = [self.script(a.case).load(self.weights(a.case)).gradients("answer", a) for a in asked]
        answers = [given[-1] for given in subject.scripts([script.steps for script in scripts])]
        found = [self.answered(subject, a, answer) for a, answer in zip(asked, answers, strict=True)]
        for c in found:
            if isinstance(c.got, Raised):  # is it the layer that does not take its weights?
                self.load(subject, self.make(subject, c.case), c.case)
                break
        for c, a in zip(found, asked, strict=True):
            if c.answer is not None:
                note_gradients(draw, c, self.gradients_of(c.answer, c.case), a)
        wrong = [c for c in found if c.fault and c.answer is not None]
        if wrong:
            self.look_beside(subject, wrong[0])
        judge(subject.name, found, self.mistakes)

    def gradients_of(self, answer: Answer, case: Case) -> list[T | None]:
        """To the input and the weights."""
        return [*answer.gradients, *(answer.parameters.get(name) for name in self.weights(case))]

    def load(self, subject: Subject, made: Subject, case: Case) -> None:
        """Give a layer the case's weights; where it does not take them, say why."""
        try:
            made.load(self.weights(case))
        except Raised as error:
            raise self.not_loaded(subject, made, case, error) from None

    def look_beside(self, subject: Subject, comparison: Comparison) -> None:
        """Values can be wrong by what the layer does beside its formula: with the input, its state, its mode."""
        case, answer, evidence = comparison.case, comparison.answer, comparison.evidence
        assert answer is not None
        x = case.args[0].detach()
        if fault(answer.after[0], x):
            raise Wrong("input-changed", evidence)
        made = self.make(subject, case)
        first = parameters_of(self.check_state(made.state(), case))
        self.load(subject, made, case)
        outputs = []
        for mode in (True, False, True):
            made.train(mode)
            outputs.append(tensor(subject.name, made(x)))
        loaded = self.weights(case)
        if any(fault(value, loaded.get(name)) for name, value in parameters_of(made.state()).items()):
            raise Wrong("parameters-redrawn", evidence)
        if any(fault(output, outputs[0]) for output in outputs):
            raise Wrong("train-dependent", evidence)
        for stale in ({self.names[0]: first[self.names[0]]}, first):
            if agree(outputs[0], self.reference(x, **(loaded | stale), **case.kwargs)):
                raise Wrong("stale-copy", evidence)

    def gradients(self, cases: Cases) -> Check:
        """Gradients to the input and all weights, in every case so far and in these."""

        def check(subject: Subject, draw: Draw) -> None:
            self.compare(subject, self.asked(cases, draw), draw)
            self.check_learning(subject, [comparison.case for comparison in draw.notes.faults[:1]])
            judge_gradients(subject, draw)

        return check

    def exchange(self, *cases: Cases) -> Check:
        """A state_dict of the library's names goes in, each layer has its own, and what is loaded counts."""

        def check(subject: Subject, draw: Draw) -> None:
            pairs = [self.asked(some, draw) + self.asked(some, draw) for some in cases]
            scripts = []
            for first, second in pairs:
                script = self.and_make("other", self.script(first.case)).state("begun")
                script.load(self.weights(first.case)).gradients("answer", first)
                script.load(self.weights(second.case), "other").state("left")
                scripts.append(script.load(self.weights(second.case)).gradients("last", second))
            for (first, second), replies in zip(pairs, self.ask(subject, scripts), strict=True):
                self.check_state(replies["begun"], first.case)
                judge(subject.name, [self.answered(subject, first, replies["answer"])], self.mistakes)
                kept, left = self.weights(first.case), parameters_of(self.check_state(replies["left"], first.case))
                if any(fault(value, kept[name]) for name, value in left.items()):
                    evidence = Evidence("weights loaded into a second layer", "the first's own", "shared")
                    raise Wrong("shared-weights", evidence)
                last = self.answered(subject, second, replies["last"])
                stale = self.reference(second.case.args[0], *first.case.args[1:], **first.case.kwargs).detach()
                if not fault(last.got, stale):
                    raise Wrong("stale-copy", last.evidence)
                judge(subject.name, [last], self.mistakes)

        return check

    def dtypes(self, asked_for: Cases, moved: Cases) -> Check:
        """float64 cases: the type asked for when the layer is made, and by `to` afterwards."""

        def check(subject: Subject, draw: Draw) -> None:
            asked = self.asked(asked_for, draw)
            scripts = [self.script(a.case, dtype=torch.float64, device="cpu").state("begun") for a in asked]
            self._in_float64(subject, asked, scripts, "device-dtype-ignored")
            asked = self.asked(moved, draw)
            scripts = [
                self.script(a.case).call("before", a.case.args[0].detach().float()).to(torch.float64).state("begun")
                for a in asked
            ]
            self._in_float64(subject, asked, scripts, "dtype-constant", wrong="dtype-constant")

        return check

    def _in_float64(
        self, subject: Subject, asked: list[Asked], scripts: list[Script], constant: str, wrong: str | None = None
    ) -> None:
        """The parameters are float64, else the mistake is `constant`; so are the answers, else it is `wrong`."""
        for a, script in zip(asked, scripts, strict=True):
            script.load(self.weights(a.case)).gradients("answer", a)
        found = self.ask(subject, scripts)
        for a, replies in zip(asked, found, strict=True):
            dtypes = {str(t.dtype) for t in parameters_of(self.check_state(replies["begun"], a.case)).values()}
            if dtypes != {"torch.float64"}:
                raise Wrong(constant, Evidence(describe(a.case), "torch.float64", ", ".join(dtypes)))
        answers = [self.answered(subject, a, replies["answer"]) for a, replies in zip(asked, found, strict=True)]
        for c in answers if wrong else ():
            if c.fault:
                raise Wrong(wrong, c.evidence)
        judge(subject.name, answers, self.mistakes)

    def steady(self, cases: Cases) -> Check:
        """The same values in training and evaluation, from inputs in any memory layout, none of them changed."""

        def check(subject: Subject, draw: Draw) -> None:
            self.compare(subject, [one for _ in LAYOUTS for one in self.asked(cases, draw)], draw)
            scripts = []
            for layout in LAYOUTS:
                for dense in cases(draw):
                    x = draw.laid_out(layout, dense.args[0].shape)
                    case = replace(dense, args=(x, *dense.args[1:]), about=f"on a {layout} input")
                    script = self.script(case).load(self.weights(case))
                    scripts.append(script.train(True).call("train mode", x).train(False).call("eval mode", x))
            for script, given in zip(scripts, subject.scripts([script.steps for script in scripts]), strict=True):
                replies = script.replies(given)
                for mode in ("train mode", "eval mode"):
                    if mode in replies:
                        self._check_steady(script.case, replies[mode], mode)
                self.followed(subject, script, given)

        return check

    def _check_steady(self, case: Case, reply: Any, mode: str) -> None:
        expected = self.reference(*case.args, **case.kwargs)
        evidence = Evidence(describe(case), shown(expected), f"{case.about}, {mode}")
        if isinstance(reply, Raised):
            raise Wrong("contiguous-only", evidence)
        if fault(reply.after[0], case.args[0]):
            raise Wrong("input-changed", evidence)
        if fault(reply.output, expected):
            raise Wrong("train-dependent" if mode == "eval mode" else "contiguous-only", evidence)

    def refuses(
        self,
        made: Sequence[tuple[tuple, dict[str, Any], str]],
        called: Callable[[Draw], Sequence[tuple]],
        beside: Cases,
    ) -> Check:
        """Beside right values: arguments that cannot be right are refused when the layer is made, inputs when it is
        called. `made`: arguments, options, the mistake; `called`: arguments, options, input, the mistake."""

        def check(subject: Subject, draw: Draw) -> None:
            self.compare(subject, self.asked(beside, draw), draw)
            found = subject.scripts([[(0, "make", args, options)] for args, options, _ in made])
            for (args, options, mistake), given in zip(made, found, strict=True):
                must_refuse(subject.name, f"{args}, {options}", given[-1], mistake)
            calls = called(draw)
            scripts = [Script(Case(())).make("layer", args, options).call("answer", x) for args, options, x, _ in calls]
            found = subject.scripts([script.steps for script in scripts])
            for (args, options, x, mistake), given in zip(calls, found, strict=True):
                if len(given) == 1:
                    raise given[0]
                must_refuse(subject.name, f"{tuple(x.shape)} for {args}, {options}", given[1], mistake)

        return check
