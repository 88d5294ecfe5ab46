"""What is asked of a layer: its answers, its state, and that nothing else decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import torch

from autograder.exam.cases import Case, Cases
from autograder.exam.compare import describe, fault
from autograder.exam.core import Check, Evidence, Unnamed, Wrong
from autograder.exam.draw import LAYOUTS, Draw
from autograder.exam.gradients import Asked, gradient_fault, with_wanted_gradients
from autograder.exam.judging import judge, must_refuse
from autograder.exam.layer_answers import Called, LayerAnswers, Seen, to_blame
from autograder.exam.scripts import Script, tensors_of
from autograder.exam.subject import Answer, Raised, Subject

T = torch.Tensor
MODES = "train-dependent"
# What a layer must refuse: a case that it must answer, arguments and options that cannot be right, each with an input
# where the refusal comes at the call, and the mistake of taking them.
Refusal = tuple[Case, Sequence[tuple[tuple, dict[str, Any], T | None]], str]


class LayerExam(LayerAnswers):
    """The checks of a layer."""

    def values(self, *cases: Cases, of: Sequence[str] = (), shows: Sequence[str] = ()) -> Check:
        """Right values. of: the options that the criterion is about. shows: features that a right call must have."""

        def check(subject: Subject, draw: Draw) -> None:
            seen = self.look(subject, draw)
            given = draw.shuffled(list(chain.from_iterable(some(draw) for some in cases)))
            scripts = [self.calling(seen, case) for case in given]
            self.decide(subject, seen, self.played(subject, seen, scripts, of), shows)

        return check

    def state(self, *cases: Cases) -> Check:
        """Names and shapes of the weights, which require a gradient."""

        def check(subject: Subject, draw: Draw) -> None:
            self.look(subject, draw)
            given = list(chain.from_iterable(some(draw) for some in cases))
            found = self.ask(subject, [self.script(case).state("state") for case in given])
            for case, replies in zip(given, found, strict=True):
                state = self.check_state(replies["state"], case)
                if not all(state[name].requires_grad for name in self.weights(case)):
                    names = " and ".join(self.names)
                    raise Unnamed(
                        f"{names.capitalize()} of `{subject.name}` should learn, so they require a gradient.",
                        tells={"gradient", "parameters"},
                    )

        return check

    def gradients(self, *cases: Cases) -> Check:
        """Gradients to the input and to all weights that learn, beside right values."""

        def check(subject: Subject, draw: Draw) -> None:
            seen = self.look(subject, draw)
            asked = with_wanted_gradients(self.reference, chain.from_iterable(some(draw) for some in cases), draw)
            scripts = [self.ready(seen, self.script(a.case)).gradients("answer", a) for a in asked]
            for one in asked[:2]:  # plain ones again: in the other mode, and where the input needs no gradient
                first = replace(one, case=replace(one.case, args=(one.case.args[0].detach(), *one.case.args[1:])))
                scripts.append(
                    self.ready(replace(seen, mode=not seen.mode), self.script(one.case)).gradients("answer", one)
                )
                scripts.append(self.ready(seen, self.script(one.case)).gradients("answer", first))
            asked += [one for one in asked[:2] for _ in range(2)]
            found = self.played(subject, seen, [self.own(script, seen.layout, "after") for script in scripts])
            judged = [
                called for called, one in zip(found, asked, strict=True) if self.note_gradients(seen, called, one)
            ]
            for called in to_blame(seen.causes, judged, ())[:1]:
                c = called.comparison
                if isinstance(c.got, Raised):
                    judge(subject.name, [c], ())
                if "no gradient" in str(c.fault):
                    raise Wrong("detached", c.evidence)
                raise Unnamed(f"`{subject.name}` is right, but {c.fault}.", c.evidence, ("gradient",))

        return check

    def note_gradients(self, seen: Seen, called: Called, asked: Asked) -> bool:
        """Put a wrong gradient down as the fault: to the input, and to the weights that the layer has as parameters
        that learn. (That they are such is asked elsewhere, and so are wrong values, which have no gradients to judge.)
        """
        c, cotangent = called.comparison, asked.cotangent
        if isinstance(c.got, Raised):
            return True
        if c.fault or c.answer is None or cotangent is None or c.got.shape != cotangent.shape:
            return False
        state = called.replies["made"] if seen.layout.in_state else {}
        learning = {
            name: place for name, place in seen.layout.places.items()
            if name in self.weights(asked.case) and place.name in state and state[place.name].requires_grad
        }  # fmt: skip
        faults = []
        for function in seen.functions:
            if not self.is_answer(function, c.case, c.got, ()):
                continue
            given = dict(zip(("input", *self.weights(asked.case)), (t.detach().requires_grad_() for t in c.case.args)))
            wanted = torch.autograd.grad(
                function(*given.values(), **c.case.kwargs), [*given.values()], cotangent,
                materialize_grads=True, allow_unused=True,
            )  # fmt: skip
            right = {name: g for name, g in zip(given, wanted, strict=True) if name == "input" or name in learning}
            got = dict(zip(["input"], c.answer.gradients)) | {
                name: place.read(c.answer.parameters.get(place.name), right[name].shape)
                for name, place in learning.items()
            }
            needed = [n for n in right if n in got and (got[n] is not None or right[n].any())]
            faults.append(gradient_fault([got[n] for n in needed], [right[n] for n in needed], needed))
        c.fault = None if None in faults else faults[0]
        return True

    def exchange(self, *cases: Cases) -> Check:
        """What is loaded counts, each time anew, and each layer has its own."""

        def check(subject: Subject, draw: Draw) -> None:
            seen = self.look(subject, draw)
            if not seen.loads:
                raise Wrong("names-differ" if seen.layout.in_state else "weight-not-parameter")
            if seen.redrawn or seen.stale:
                raise Wrong("parameters-redrawn" if seen.redrawn else "stale-copy")
            pairs = [(first, second) for some in cases for first, second in zip(some(draw), some(draw), strict=True)]
            scripts = []
            for first, second in pairs:
                others = seen.layout.given(self.weights(second))
                script = self.ready(seen, self.and_make("other", self.script(first)))
                script.call("answer", first.args[0]).load(others, "other").state("left")
                scripts.append(script.load(others).call("last", second.args[0]))
            for (first, second), replies in zip(pairs, self.ask(subject, scripts), strict=True):
                kept, left = seen.layout.given(self.weights(first)), tensors_of(replies["left"])
                if any(fault(left.get(name), value) for name, value in kept.items()):
                    raise Wrong("shared-weights", Evidence("loaded into a second layer", "the first's own", "shared"))
                for case, name in ((first, "answer"), (second, "last")):
                    if not any(self.is_answer(f, case, replies[name].output, ()) for f in seen.functions):
                        raise Wrong("stale-copy", Evidence(describe(case), "by what was loaded", name))

        return check

    def dtypes(self, *cases: Cases) -> Check:
        """float64 cases: the type asked for when the layer is made, and by `to` afterwards."""

        def check(subject: Subject, draw: Draw) -> None:
            seen = self.look(subject, draw)
            given = list(chain.from_iterable(some(draw) for some in cases))
            nowhere = subject.scripts([self.script(case, device="nowhere").steps for case in given[:1]])[0][0]
            if not isinstance(nowhere, Raised):
                raise Wrong("device-dtype-ignored", Evidence('device="nowhere"', "PyTorch's error", "a layer"))
            made = [self.script(case, dtype=torch.float64, device="cpu") for case in given]
            moved = [
                self.script(case).train(seen.mode).call("before", case.args[0].float()).to(torch.float64)
                for case in given
            ]
            for scripts, mistake in ((made, "device-dtype-ignored"), (moved, "dtype-constant")):
                for script in scripts:
                    self.own(self.ready(seen, script).call("answer", script.case.args[0]), seen.layout, "after")
                for called in self.played(subject, seen, scripts):
                    self.check_float64(subject, seen, called, mistake)

        return check

    def check_float64(self, subject: Subject, seen: Seen, called: Called, mistake: str) -> None:
        """The layer's numbers are float64, else it is this mistake; so are its answers, with all digits."""
        own = self.own_numbers(seen, self.weights(called.case), called.replies, "made")
        evidence = called.comparison.evidence
        if own is not None and {t.dtype for t in own.values()} != {torch.float64}:
            raise Wrong(mistake, evidence)
        got = called.replies.get("answer")
        in_float64 = isinstance(got, Answer) and isinstance(got.output, T) and got.output.dtype == torch.float64
        if mistake == "dtype-constant" and not (in_float64 and called.comparison.fault is None):
            raise Wrong(mistake, evidence)
        if isinstance(called.comparison.got, T) and not in_float64:
            raise Wrong("float32-result", evidence)
        judge(subject.name, [called.comparison], self.mistakes)

    def steady(self, cases: Cases) -> Check:
        """The same values in training and evaluation, from inputs in any memory layout, none of them changed."""

        def check(subject: Subject, draw: Draw) -> None:
            seen = self.look(subject, draw)
            given = [(replace(seen, mode=mode), case, MODES) for case in cases(draw) for mode in (True, False)]
            for layout in LAYOUTS:
                for dense in cases(draw):
                    x = draw.laid_out(layout, dense.args[0].shape)
                    case = replace(dense, args=(x, *dense.args[1:]), about=f"on a {layout} input")
                    given.append((seen, case, "contiguous-only"))
            found = self.played(subject, seen, [self.calling(one, case) for one, case, _ in given])
            for called in found:
                answer = called.comparison.answer
                if answer is not None and fault(answer.after[0], called.case.args[0]):
                    raise Wrong("input-changed", called.comparison.evidence)
            both = list(zip(found, given, strict=True))
            usual = [called.comparison for called, (one, _, other) in both if one.mode == seen.mode and other == MODES]
            judge(subject.name, usual, self.mistakes)
            for called, (_, _, mistake) in both:
                if called.comparison.fault:
                    raise Wrong(mistake, called.comparison.evidence)

        return check

    def refuses(self, refusals: Callable[[Draw], Sequence[Refusal]]) -> Check:
        """What cannot be right is refused, when the layer is made or when it is called; counts beside a case of the
        kind that is answered rightly. Kinds without one have cost their criterion."""

        def check(subject: Subject, draw: Draw) -> None:
            seen = self.look(subject, draw)
            kinds = refusals(draw)
            beside = self.called(subject, seen, [case for case, _, _ in kinds])
            if all(called.comparison.fault for called in beside):
                judge(subject.name, [called.comparison for called in beside], self.mistakes)
            for called, (_, wrong, mistake) in zip(beside, kinds, strict=True):
                if called.comparison.fault:
                    continue
                scripts = [Script(Case(())).make("layer", args, options) for args, options, _ in wrong]
                for script, (_, _, x) in zip(scripts, wrong, strict=True):
                    if x is not None:
                        script.call("answer", x)
                found = subject.scripts([script.steps for script in scripts])
                for (args, options, x), given, script in zip(wrong, found, scripts, strict=True):
                    if len(given) < len(script.steps):
                        raise given[-1]
                    about = "" if x is None else f" called with {tuple(x.shape)}"
                    must_refuse(subject.name, f"{args}, {options}{about}", given[-1], mistake)

        return check
