"""The criteria that every such network has: its plan is asked for, and each check departs from what it has shown."""

from __future__ import annotations

from collections.abc import Callable, Collection

import torch

from autograder.exam import network_gradients, networks
from autograder.exam.core import Criterion, Unnamed, Wrong
from autograder.exam.draw import Draw
from autograder.exam.encoder_decoders.closed_form import Plan, UniformUNet
from autograder.exam.encoder_decoders.inquiring import Inquiry
from autograder.exam.encoder_decoders.known import Known
from autograder.exam.relus import check_relus
from autograder.exam.subject import Subject

Asked = Callable[[Known, Subject, Draw], None]


class NetworkExam(Inquiry):
    """The checks of a network. Each is given a plan, its padding and the least side of a picture."""

    def criterion(self, id: str, title: str, points: float, check: Asked) -> Criterion:
        """A criterion that is lost by the mistake that costs it; what else it asks is `check(known, subject, draw)`."""

        def held(subject: Subject, draw: Draw) -> None:
            known = self.of(subject, draw)
            mistake = known.costing(id)
            if mistake is not None and mistake.id is not None and known.confirmed(mistake):
                raise Wrong(mistake.id, known.evidence)
            if mistake is not None:
                raise known.counts_told(subject.name) or Unnamed(
                    f"`{subject.name}` has a layer of another size than the text's network.", tells=("parameters",)
                )
            with known.telling(subject.name):
                check(known, subject, draw)

        return Criterion(id, title, points, held)

    def prepared(
        self, padding: str, known: Known, subject: Subject, wanted: Plan, least: int
    ) -> tuple[Callable[[], Subject], Plan, int]:
        """What makes an instance of a plan, or of what comes nearest to it; what that is made of; a picture's side."""
        plan, actual = known.plan(wanted, padding)
        return lambda: self.made(subject, plan, padding), actual, known.side(plan, padding, least)

    def relus(
        self, wanted: Plan, padding: str, least: int, *, taps: Collection[int] = (9,), thorough: bool = True
    ) -> Asked:
        """A ReLU after every 3×3 convolution.

        taps: where convolutions have no bias, the entries of their weights, divided by the square of their width.
        """

        def check(known: Known, subject: Subject, draw: Draw) -> None:
            make, actual, side = self.prepared(padding, known, subject, wanted, least)
            network, kind = make(), known.explanation(padding).kind
            unbiased = known.has("biases")
            weights = {9 * actual.in_channels * actual.base, *(n * w * w for w in actual.widths for n in taps)}
            with known.telling(subject.name, float64=True), known.of_known_layers(subject.name):
                check_relus(
                    network,
                    actual.widths,
                    actual.classes,
                    draw.uniform(1, actual.in_channels, side, side, dtype=torch.float64),
                    merging=known.merging(known.plan(wanted, padding)[0], padding),
                    weights=weights if unbiased else (),
                    seen_through=kind.before_last,
                    up=(40.0, 80.0) if kind.last is UniformUNet.last else (2.0, 4.0),
                    down=(-20.0, -25.0) if unbiased or known.has("normalised") else (-2.0, -2.5),
                    thorough=thorough,
                )

        return check

    def apart(self, wanted: Plan, padding: str, least: int) -> Asked:
        """Nothing is shared that the text has apart, within a network and between two."""

        def check(known: Known, subject: Subject, draw: Draw) -> None:
            make, actual, side = self.prepared(padding, known, subject, wanted, least)
            known.check_nothing_shared(subject.name)
            networks.check_apart(make(), make(), draw.uniform(1, actual.in_channels, side, side), draw)

        return check

    def logits(self, wanted: Plan, padding: str, least: int) -> Asked:
        """Nothing after the last convolution."""

        def check(known: Known, subject: Subject, draw: Draw) -> None:
            make, actual, side = self.prepared(padding, known, subject, wanted, least)
            network = make()
            state = networks.uniform_state(network, networks.positive_constants(draw, actual.widths, actual.classes))
            networks.check_logits(network, state, draw.uniform(1, actual.in_channels, side, side), actual.classes)

        return check

    def pure(self, wanted: Plan, padding: str, least: int) -> Asked:
        """Nothing but input and parameters decides, in either mode."""

        def check(known: Known, subject: Subject, draw: Draw) -> None:
            make, actual, side = self.prepared(padding, known, subject, wanted, least)
            network, channels = make(), actual.in_channels
            state = networks.random_state(network, draw)
            networks.check_eval_is_pure(network, state, draw.normal(3, channels, side, side), draw)
            networks.check_layout(network, draw.normal(2, channels, side, side))
            if not known.has("normalised"):  # batch norm is the mistake that costs another criterion
                networks.check_train_is_pure(network, state, draw.normal(3, channels, side, side))

        return check

    def gradients(self, wanted: Plan, padding: str, least: int, images: int) -> Asked:
        """Gradients reach every parameter along every path, from so many images."""

        def check(known: Known, subject: Subject, draw: Draw) -> None:
            make, actual, side = self.prepared(padding, known, subject, wanted, least)
            x = draw.normal(images, actual.in_channels, side, side)
            network_gradients.check_gradients_reach_all(make, x, actual.classes, draw)
            x = draw.uniform(1, actual.in_channels, side, side)
            with known.telling(subject.name, float64=True):
                network_gradients.check_every_path(make(), x, draw)

        return check
