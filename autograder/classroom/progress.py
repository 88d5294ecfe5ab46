"""The bar of a run: the stage, how far it is, and what happens at this moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text

from autograder.classroom.terminal import err, in_one_line

# step(stage, done, of, now): `of` is None where nobody knows how much there is; `now` says what happens, whenever it is
# asked.
Step = Callable[[str, int, int | None, Callable[[], str]], None]


class _Now(ProgressColumn):
    """What happens now. It is asked anew each time that the bar is drawn, also while no step is made."""

    def __init__(self) -> None:
        super().__init__(table_column=Column(ratio=1, no_wrap=True))

    def render(self, task: Task) -> Text:
        return in_one_line(task.fields["now"]())


class _Count(MofNCompleteColumn):
    """Done of all; nothing where nobody knows how much there is."""

    def render(self, task: Task) -> Text:
        return Text() if task.total is None else super().render(task)


@contextmanager
def progress_bar(console: Console = err) -> Iterator[Step]:
    """A bar on stderr, of the stage at hand; nothing where stderr is no terminal."""
    columns = TextColumn("{task.description}"), BarColumn(bar_width=16), _Count(), TimeElapsedColumn(), _Now()
    with Progress(*columns, console=console, transient=True, expand=True, disable=not console.is_terminal) as bar:
        stage_at_hand, task = "", None

        def step(stage: str, done: int, of: int | None, now: Callable[[], str]) -> None:
            nonlocal stage_at_hand, task
            if task is None or stage != stage_at_hand:
                if task is not None:
                    bar.remove_task(task)
                stage_at_hand, task = stage, bar.add_task(stage, total=of, now=now)
            bar.update(task, completed=done, total=of, now=now)

        yield step


def at_work(names: Iterable[tuple[str, float]]) -> str:
    """Who is graded now, and since when: "wanda 45 s, xavier 2 s"."""
    return ", ".join(f"{name} {seconds:.0f} s" for name, seconds in names)


def lasting(seconds: float) -> str:
    """A time in words: "45 s", "1 min 12 s"."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
