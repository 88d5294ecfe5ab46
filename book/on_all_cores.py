"""The command ``jupyter-book``, reading (and so running) one page on each core: alone it reads one after the other.

Two extensions keep Sphinx from it, though nothing in them does.
"""

import functools
import os

import sphinx_multitoc_numbering
from jupyter_book import sphinx as jupyter_book_sphinx
from jupyter_book.cli.main import main
from sphinx import builders
from sphinx_proof.domain import ProofDomain


def numbering(app, setup=sphinx_multitoc_numbering.setup) -> dict[str, bool]:
    """It counts when all pages have been read, and does not say that they may be read side by side."""
    return {**(setup(app) or {}), "parallel_read_safe": True}


def merge_nothing(self, docnames, otherdata) -> None:
    """The extension merges its proofs itself; its domain has nothing of its own, and does not say so."""


def one_by_one(pages: list[str], jobs: int) -> list[list[str]]:
    """Each page as soon as a core is free. Sphinx takes them from the end, where chapters train longest."""
    return [[page] for page in pages]


if __name__ == "__main__":
    sphinx_multitoc_numbering.setup = numbering
    ProofDomain.merge_domaindata = merge_nothing
    builders.make_chunks = one_by_one
    jupyter_book_sphinx.build_sphinx = functools.partial(jupyter_book_sphinx.build_sphinx, jobs=os.cpu_count())
    main(prog_name="jupyter-book")
