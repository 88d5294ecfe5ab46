"""The demo's class: 24 invented people, and the notebooks that each of them hands in. Eight also hand in later ones.

A notebook is the released one with code put into its solution cells. The code of the right and of the wrong ones is
that of `tests/exam/<exam>/{right,wrong}/`, which exist to examine the exam; what such a file leaves open is the
reference's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.classroom.jobs import ROOT, source_of
from autograder.demo import hostile
from autograder.exam_tables.implementations import implementation
from autograder.objects.assignments import topic
from autograder.release import solution_of

ASSIGNMENT = "01-convolution"
# Where the hostile put their code: the name of a function that is graded early.
ATTACKED = {
    "01-convolution": "conv2d",
    "02-pooling": "avg_pool2d",
    "03-architectures": "AlexNet",
    "04-augmentation": "rotate",
    "05-interpretability": "activations",
    "06-segmentation": "conv_transpose2d",
}


@dataclass(frozen=True)
class Student:
    """Who hands in what. `kind`: correct, mistake, half-way or hostile; `how`: the file or the attack, and in the table
    what is special."""

    id: str
    kind: str
    how: str
    assignment: str = ASSIGNMENT

    def solutions(self, reference: dict[str, str]) -> dict[str, str]:
        """The code for each solution cell, by grade_id; cells that are not named stay as they were handed out."""
        if self.kind in ("correct", "mistake"):
            folder = "right" if self.kind == "correct" else "wrong"
            chosen = implementation(topic(self.assignment), f"{folder}/{self.how}")
            return reference | chosen.cells(reference)
        if self.kind == "half-way":
            return {name: reference[name] for name in list(reference)[: list(reference).index(self.how) + 1]}
        first, attacked = next(iter(reference)), ATTACKED[self.assignment]
        code = getattr(hostile, self.how).strip()
        return {first: reference[first], attacked: re.sub(r"\bgraded\b", attacked, code)}

    @property
    def released(self) -> Path:
        """The notebook that they were given."""
        return ROOT / "assignments" / self.assignment / f"{self.assignment}.ipynb"


CLASS = [
    Student("ada.lindqvist", "correct", "loops"),
    Student("bruno.ferreira", "correct", "index_im2col"),
    Student("chiara.conti", "correct", "as_strided_tensordot"),
    Student("dmitri.volkov", "correct", "unfold_einsum"),
    Student("elif.demir", "correct", "fft"),
    Student("farid.haddad", "correct", "shift_and_add"),
    Student("grace.mbeki", "correct", "row_by_row"),
    Student("hana.sato", "correct", "group_matmul"),
    Student("ivan.petrov", "correct", "numpy_function"),
    Student("jun.park", "correct", "vmap"),
    Student("kwame.asante", "mistake", "conv_flipped"),
    Student("lena.hoffmann", "mistake", "conv_stride_swapped"),
    Student("mateo.rojas", "mistake", "conv_padding_at_the_start"),
    Student("nadia.rahman", "mistake", "size_rounds_up"),
    Student("olga.nowak", "mistake", "kernels_sobels_swapped"),
    Student("pablo.vega", "mistake", "apply_shrinks"),
    Student("quynh.tran", "mistake", "backward_unflipped"),
    Student("rosa.amato", "mistake", "layer_bias_anyway"),
    Student("sven.dahl", "half-way", "KERNELS"),
    Student("tariq.aziz", "half-way", "conv2d"),
    Student("uma.patel", "hostile", "READS_THE_TESTS"),
    Student("viktor.saar", "hostile", "PATCHES_TORCH"),
    Student("wanda.kral", "hostile", "NEVER_ENDS"),
    Student("xavier.roy", "hostile", "KILLS_ITS_PARENT"),
    Student("ada.lindqvist", "correct", "loops", "02-pooling"),
    Student("bruno.ferreira", "correct", "axis_after_axis", "02-pooling"),
    Student("chiara.conti", "correct", "cnn_residual", "02-pooling"),
    Student("kwame.asante", "mistake", "max_ceil_rounds_up", "02-pooling"),
    Student("lena.hoffmann", "mistake", "bins_equal", "02-pooling"),
    Student("mateo.rojas", "mistake", "cnn_fixed_size", "02-pooling"),
    Student("sven.dahl", "half-way", "max_unpool2d", "02-pooling"),
    Student("uma.patel", "hostile", "READS_THE_TESTS", "02-pooling"),
    Student("ada.lindqvist", "correct", "vgg_sequential", "03-architectures"),
    Student("bruno.ferreira", "correct", "resnet_stages", "03-architectures"),
    Student("chiara.conti", "correct", "inception_named", "03-architectures"),
    Student("kwame.asante", "mistake", "resnet_shortcut_without_norm", "03-architectures"),
    Student("lena.hoffmann", "mistake", "field_own_stride", "03-architectures"),
    Student("mateo.rojas", "mistake", "inception_three_by_three", "03-architectures"),
    Student("sven.dahl", "half-way", "Inception", "03-architectures"),
    Student("uma.patel", "hostile", "READS_THE_TESTS", "03-architectures"),
    Student("ada.lindqvist", "correct", "with_grid_sample", "04-augmentation"),
    Student("bruno.ferreira", "correct", "with_numpy", "04-augmentation"),
    Student("chiara.conti", "correct", "with_loops", "04-augmentation"),
    Student("kwame.asante", "mistake", "pair_moved_apart", "04-augmentation"),
    Student("lena.hoffmann", "mistake", "rotate_clockwise", "04-augmentation"),
    Student("mateo.rojas", "mistake", "files_luminance", "04-augmentation"),
    Student("sven.dahl", "half-way", "gaussian_blur", "04-augmentation"),
    Student("uma.patel", "hostile", "READS_THE_TESTS", "04-augmentation"),
    Student("ada.lindqvist", "correct", "as_in_the_notebook", "05-interpretability"),
    Student("bruno.ferreira", "correct", "with_numpy", "05-interpretability"),
    Student("chiara.conti", "correct", "in_batches", "05-interpretability"),
    Student("kwame.asante", "mistake", "occlusion_patches_stay", "05-interpretability"),
    Student("lena.hoffmann", "mistake", "patches_not_clipped", "05-interpretability"),
    Student("mateo.rojas", "mistake", "saliency_probability", "05-interpretability"),
    Student("sven.dahl", "half-way", "top_patches", "05-interpretability"),
    Student("uma.patel", "hostile", "READS_THE_TESTS", "05-interpretability"),
    Student("ada.lindqvist", "correct", "plain", "06-segmentation"),
    Student("bruno.ferreira", "correct", "functional", "06-segmentation"),
    Student("chiara.conti", "correct", "by_hand", "06-segmentation"),
    Student("dmitri.volkov", "correct", "hooks", "06-segmentation"),
    Student("elif.demir", "correct", "recursive", "06-segmentation"),
    Student("farid.haddad", "correct", "decoder_first", "06-segmentation"),
    Student("grace.mbeki", "correct", "pad_then_crop", "06-segmentation"),
    Student("hana.sato", "correct", "matrix_product", "06-segmentation"),
    Student("ivan.petrov", "correct", "grid_sample", "06-segmentation"),
    Student("jun.park", "correct", "scatter", "06-segmentation"),
    Student("kwame.asante", "mistake", "nearest_swapped", "06-segmentation"),
    Student("lena.hoffmann", "mistake", "transposed_stride_swapped", "06-segmentation"),
    Student("mateo.rojas", "mistake", "iou_absent_is_one", "06-segmentation"),
    Student("nadia.rahman", "mistake", "dice_no_sigmoid", "06-segmentation"),
    Student("olga.nowak", "mistake", "fit_gradients_kept", "06-segmentation"),
    Student("pablo.vega", "mistake", "vgg_skip_pooled", "06-segmentation"),
    Student("quynh.tran", "mistake", "unet_softmax_last", "06-segmentation"),
    Student("rosa.amato", "mistake", "unet_skip_from_level_above", "06-segmentation"),
    Student("sven.dahl", "half-way", "iou", "06-segmentation"),
    Student("tariq.aziz", "half-way", "UNet", "06-segmentation"),
    Student("uma.patel", "hostile", "READS_THE_TESTS", "06-segmentation"),
    Student("viktor.saar", "hostile", "PATCHES_TORCH", "06-segmentation"),
    Student("wanda.kral", "hostile", "NEVER_ENDS", "06-segmentation"),
    Student("xavier.roy", "hostile", "KILLS_ITS_PARENT", "06-segmentation"),
]


def reference_solutions(assignment: str = ASSIGNMENT) -> dict[str, str]:
    """The reference's code by grade_id, in the notebook's order, without the marks around it."""
    cells = nbformat.read(source_of(assignment), as_version=4).cells
    solutions = [c for c in cells if c.cell_type == "code" and c.metadata.get("nbgrader", {}).get("solution")]
    return {c.metadata.nbgrader.grade_id: solution_of(c) for c in solutions}


def filled_in(released: NotebookNode, solutions: dict[str, str]) -> NotebookNode:
    """The released notebook with this code in its solution cells, as Jupyter would save it."""
    nb = nbformat.from_dict(released)
    for cell in nb.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in solutions and cell.metadata.nbgrader.solution:
            cell.source = solutions[grade_id]
    return nb
