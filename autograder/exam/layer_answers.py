"""How a layer is asked, and what its answers are compared with: its own numbers, whatever it calls them.

A layer's case is a call of its reference: the input, the weights in the order of their names, and the options it is
made with. The plainest calls open the door. They tell where a layer keeps its weights, whether they can be loaded, in
which mode it answers, and which function its answers are, the reference's or that of a mistake. All else is judged by
what they tell, so that a criterion judges its own subject. A layer is asked by scripts (see `exam.scripts`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, product
from typing import Any

import torch

from autograder.exam.cases import Case, Cases
from autograder.exam.causes import Causes
from autograder.exam.compare import Reference, describe, fault, result_of, same
from autograder.exam.core import Evidence, Unnamed, Wrong, banned, once
from autograder.exam.draw import Draw
from autograder.exam.features import Features, contrast, features_of
from autograder.exam.judging import Comparison, judge
from autograder.exam.layouts import Layout, Weights, layout_of
from autograder.exam.mistakes import Misconception
from autograder.exam.scripts import Script, State, tensors_of
from autograder.exam.subject import Answer, Banned, Raised, Subject

T = torch.Tensor


@dataclass
class Seen:
    """What the plainest calls have told of a layer, and what criteria have found since.

    layout: where it keeps its weights. loads: can they be loaded? stale: names of those that its answers follow as they
    were made, and not as they were loaded. redrawn: do they follow what stands there after the call? mode: is it asked
    in train mode? functions: what a right answer is, by the reference or by a mistake that has cost its criterion.
    owed: a mistake that has not yet.
    """

    layout: Layout
    loads: bool
    stale: Sequence[str]
    redrawn: bool
    mode: bool
    functions: list[Reference]
    owed: Wrong | None = None
    causes: Causes = field(default_factory=Causes)


@dataclass(eq=False)
class Called:
    """A call of a layer: the comparison, in whose case the layer's own numbers stand, its features, all replies."""

    comparison: Comparison
    features: Features
    replies: dict[str, Any]

    @property
    def case(self) -> Case:
        return self.comparison.case


@dataclass(frozen=True)
class LayerAnswers:
    """A layer, and how its answers are judged.

    reference: a function of the input, the weights and the options. made_with: the constructor's arguments for a case.
    names: of the weights, as they follow the input. mistakes: most telling first. state_mistake: the mistake in a
    state's names and shapes, from the state, its shapes, the expected shapes and the case. features: of a case, by
    which causes are told apart. door: the plainest cases. probe: a case whose weights have unlike numbers of entries.
    """

    reference: Reference
    made_with: Callable[[Case], tuple[tuple, dict[str, Any]]]
    names: tuple[str, ...]
    mistakes: Sequence[Misconception]
    state_mistake: Callable[[State, Mapping[str, Any], Mapping[str, Any], Case], str | None]
    door: Cases
    probe: Case

    def weights(self, case: Case) -> Weights:
        """The weights of a case, by name."""
        return {name: t.detach() for name, t in zip(self.names, case.args[1:], strict=False)}

    def script(self, case: Case, **options: Any) -> Script:
        """A script that begins with a layer for the case."""
        return self.and_make("layer", Script(case), **options)

    def and_make(self, layer: str, script: Script, **options: Any) -> Script:
        """One layer more for the script's case."""
        args, usual = self.made_with(script.case)
        return script.make(layer, args, usual | options)

    def own(self, script: Script, layout: Layout, name: str, layer: str = "layer") -> Script:
        """Ask for a layer's own numbers."""
        if layout.in_state:
            return script.state(name, layer)
        for place in layout.places.values():
            script.attribute(f"{name} {place.name}", place.name, layer)
        return script

    def found(self, layout: Layout, replies: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        """What was asked for so, by the layer's own names."""
        if layout.in_state:
            return tensors_of(replies.get(name, {}))
        return {place.name: replies.get(f"{name} {place.name}") for place in layout.places.values()}

    def ready(self, seen: Seen, script: Script) -> Script:
        """Give a layer that has just been made the case's numbers, where it takes them, and its mode."""
        self.own(script, seen.layout, "made")
        if seen.loads:
            script.load(seen.layout.given(self.weights(script.case)))
        return script.train(seen.mode)

    def ask(self, subject: Subject, scripts: Sequence[Script]) -> list[dict[str, Any]]:
        """The replies of scripts that get to their end."""
        told = []
        for script, given in zip(scripts, subject.scripts([script.steps for script in scripts]), strict=True):
            if isinstance(given[-1], Raised):
                raise given[-1]
            told.append(script.replies(given))
        return told

    def called(self, subject: Subject, seen: Seen, cases: Iterable[Case]) -> list[Called]:
        """Call a layer for each case, without a way back."""
        return self.played(subject, seen, [self.calling(seen, case) for case in cases])

    def calling(self, seen: Seen, case: Case, made: Script | None = None) -> Script:
        """A script that calls a layer, made as usual or in this way, and asks for its numbers before and after."""
        return self.own(self.ready(seen, made or self.script(case)).call("answer", case.args[0]), seen.layout, "after")

    def played(
        self, subject: Subject, seen: Seen, scripts: Sequence[Script], leaving_out: Sequence[str] = ()
    ) -> list[Called]:
        """What came of scripts in which a layer is made, made ready and called for an "answer"."""
        found = subject.scripts([script.steps for script in scripts])
        return [
            self.judged(subject, seen, script, given, leaving_out) for script, given in zip(scripts, found, strict=True)
        ]

    def judged(
        self, subject: Subject, seen: Seen, script: Script, given: list[Any], leaving_out: Sequence[str] = ()
    ) -> Called:
        """What came of one of these. A mistake's answer shows nothing of the options that are left out, where it is
        the same without them."""
        case, replies = script.case, script.replies(given)
        if isinstance(given[0], str) and given[0] != "module":
            evidence = Evidence(describe(case), "a layer", given[0])
            raise Unnamed(f"`{subject.name}(…)` gives no `nn.Module`.", evidence, {"module"})
        if isinstance(given[-1], Banned):
            raise banned(subject.name, given[-1], Evidence(describe(case), "", str(given[-1])))
        answer = replies.get("answer", given[-1])
        got = answer.output if isinstance(answer, Answer) else answer
        numbers = self.numbers(seen, case, replies)
        own = replace(case, args=(case.args[0].detach(), *(numbers or self.weights(case)).values()))
        expected = result_of(self.reference, own)
        if isinstance(got, T) and isinstance(expected, T) and got.is_floating_point():
            got = got.to(expected.dtype)
        said: str | None = "raised"
        if not isinstance(got, Raised):
            right = numbers and any(self.is_answer(f, own, got, leaving_out) for f in seen.functions)
            said = None if right else fault(got, expected) or "gave back wrong values"
        comparison = Comparison(own, expected, got, said, answer if isinstance(answer, Answer) else None)
        return Called(comparison, features_of(self.reference, case), replies)

    def is_answer(self, function: Reference, case: Case, got: Any, leaving_out: Sequence[str]) -> bool:
        """Is it what the function answers, and where this is not the reference, not also without some options?"""
        theirs = result_of(function, case)
        if isinstance(theirs, Raised) or fault(got, theirs):
            return False
        if function is self.reference or not leaving_out:
            return True
        plainer = replace(case, kwargs={name: v for name, v in case.kwargs.items() if name not in leaving_out})
        return not same(got, result_of(function, plainer)) or same(
            result_of(self.reference, case), result_of(self.reference, plainer)
        )

    def numbers(self, seen: Seen, case: Case, replies: Mapping[str, Any]) -> Weights | None:
        """The numbers that an answer should follow."""
        weights = self.weights(case)
        if not seen.stale and not seen.redrawn:
            return weights
        own = self.own_numbers(seen, weights, replies, "after" if seen.redrawn else "made")
        return own if own is None or seen.redrawn else weights | {name: own[name] for name in seen.stale if name in own}

    def own_numbers(self, seen: Seen, weights: Weights, replies: Mapping[str, Any], name: str) -> Weights | None:
        """The layer's own, in the place of these; None where it has none that fit."""
        return seen.layout.read(self.found(seen.layout, replies, name), weights)

    def check_state(self, state: State, case: Case) -> State:
        """The names and shapes of the reference's weights, all of them parameters; the state is given back."""
        wanted = {name: tuple(t.shape) for name, t in self.weights(case).items()}
        shapes = {name: None if e.tensor is None else tuple(e.tensor.shape) for name, e in state.items()}
        if mistake := self.state_mistake(state, shapes, wanted, case):
            raise Wrong(mistake, Evidence(describe(case), str(wanted), str(shapes)))
        return state

    def look(self, subject: Subject, draw: Draw) -> Seen:
        """What the plainest calls tell; where they are wrong by no known mistake, the part earns nothing."""
        return once(draw, lambda: self._look(subject, draw))

    def _look(self, subject: Subject, draw: Draw) -> Seen:
        (begun,) = subject.scripts([self.script(self.probe).state("state").steps])
        if begun[0] != "module":
            if isinstance(begun[0], Raised):
                raise begun[0]
            evidence = Evidence(describe(self.probe), "a layer", begun[0])
            raise Unnamed(f"`{subject.name}(…)` gives no `nn.Module`.", evidence, {"module"})
        if isinstance(begun[-1], Raised):
            raise begun[-1]
        layout = layout_of(begun[-1], {name: t.shape for name, t in self.weights(self.probe).items()})
        tries = []
        for seen, found in self.tries(subject, layout, list(self.door(draw))):
            if not any(c.comparison.fault for c in found):
                return seen
            tries.append((seen, found))
        for mistake in self.mistakes:
            for function, (seen, found) in product(mistake.mutants, tries):
                if all(self.is_answer(function, c.case, c.comparison.got, ()) for c in found):
                    seen.functions.append(function)
                    seen.owed = Wrong(mistake.id, found[0].comparison.evidence)
                    return seen
        first = tries[0][1]
        if any(c.comparison.answer and fault(c.comparison.answer.after[0], c.case.args[0]) for c in first):
            raise Wrong("input-changed", first[0].comparison.evidence)
        judge(subject.name, [c.comparison for c in first], self.mistakes)
        raise AssertionError("a right call does not shut the door")

    def tries(self, subject: Subject, layout: Layout, cases: list[Case]) -> Iterator[tuple[Seen, list[Called]]]:
        """The plainest calls in both modes, judged by the numbers that their answers may follow, the right ones first:
        those loaded, those that stand there afterwards, and those that the layer was made with, all or some."""
        names = self.names
        some = [stale for count in range(1, len(names) + 1) for stale in combinations(names, count)]
        for loads, mode in product((True, False) if layout.in_state else (False,), (True, False)):
            usual = Seen(layout, loads, () if loads else names, False, mode, [self.reference])
            scripts = [self.calling(usual, case) for case in cases]
            given = subject.scripts([script.steps for script in scripts])
            ways = [usual, replace(usual, redrawn=True)]
            ways += [replace(usual, stale=stale) for stale in some] if loads else []
            for way in ways:
                seen = replace(way, functions=[self.reference], causes=Causes())
                yield seen, [self.judged(subject, seen, *both) for both in zip(scripts, given, strict=True)]

    def decide(self, subject: Subject, seen: Seen, found: Sequence[Called], shows: Sequence[str]) -> None:
        """Right values, but for causes that have cost another criterion; a right call has each feature that is to be
        shown."""
        if blamed := to_blame(seen.causes, found, shows):
            self.tell(subject, seen, [c for c in found if c in blamed or not c.comparison.fault], blamed[0])
        if seen.owed:
            owed, seen.owed = seen.owed, None
            raise owed

    def tell(self, subject: Subject, seen: Seen, found: Sequence[Called], first: Called) -> None:
        """Raise what is wrong; from now on the answers of its mistake are right."""
        if isinstance(first.comparison.got, Raised) and seen.loads and "made" in first.replies:
            self.check_state(first.replies["made"], first.case)
        for mistake in self.mistakes:
            fitting = [
                f for f in mistake.mutants if all(self.is_answer(f, c.case, c.comparison.got, ()) for c in found)
            ]
            seen.functions += fitting
            if fitting:
                raise Wrong(mistake.id, first.comparison.evidence)
        wrong = [c.features for c in found if c.comparison.fault]
        parted = contrast(wrong, seen.causes.wrong, seen.causes.right)
        judge(subject.name, [c.comparison for c in found], self.mistakes, parted)


def to_blame(causes: Causes, found: Sequence[Called], shows: Sequence[str]) -> list[Called]:
    """The wrong calls for which a criterion is lost, the plainest first; their causes are charged."""
    right = [c.features for c in found if not c.comparison.fault]
    wrong = [c for c in found if c.comparison.fault]
    causes.right += right
    causes.wrong += [c.features for c in wrong]
    counting = [c for c in wrong if not causes.excuses(c.features)]
    if wrong and not counting and not all(any(name in features for features in right) for name in shows):
        counting = wrong
    causes.charge(c.features for c in counting)
    return sorted(counting, key=lambda c: len(c.features))
