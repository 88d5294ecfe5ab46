"""About the class as a whole: `marks.csv`, `parts.csv` and `class.html`."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any
from urllib.parse import quote

from autograder.classroom.book_links import book_url, mistake_link, mistake_words
from autograder.classroom.feedback import environment
from autograder.classroom.folder import ClassFolder, write_whole
from autograder.classroom.marks import Person, part_name
from autograder.classroom.standings import COLUMNS, Line

BINS = 10
OPTIONAL = "override", "extra_credit", "penalty"  # columns of the class page, where anybody has them


Absent = Mapping[str, Mapping[str, Person]]  # who has handed in nothing, by assignment: the roster's words, by id


def write_report(folder: ClassFolder, lines: Iterable[Line], absent: Absent | None = None) -> None:
    """Write `marks.csv`, `parts.csv` and `class.html` into the class folder."""
    lines = sorted(lines, key=lambda line: (line.assignment, line.student))
    write_whole(folder.root / "marks.csv", marks_csv(lines))
    write_whole(folder.root / "parts.csv", parts_csv(lines))
    write_whole(folder.root / "class.html", class_page(folder, lines, absent))


def marks_csv(lines: Iterable[Line]) -> str:
    """A row for each submission."""
    return csv_text(COLUMNS, (line.to_row() for line in lines))


def parts_csv(lines: Iterable[Line]) -> str:
    """A row for each student, and for each assignment a column for each part, for the penalty and the total. The parts
    less the penalty are the total."""
    columns = ["student", "last_name", "first_name"]
    rows: dict[str, dict[str, Any]] = {}
    for name, of_name in groupby(sorted(lines, key=lambda line: line.assignment), lambda line: line.assignment):
        there = [line for line in of_name if line.record]
        parts = dict.fromkeys(cell for line in there for cell in _in_order(line))
        columns += [f"{name} {part}" for part in (*map(part_name, parts), "penalty", "total")]
        for line in there:
            record = line.record
            assert record
            row = rows.setdefault(line.student, {"student": line.student})
            row |= {"last_name": record.person.last_name, "first_name": record.person.first_name}
            for part in parts:
                row[f"{name} {part_name(part)}"] = record.cells[part].counted if part in record.cells else None
            row |= {f"{name} penalty": record.penalty, f"{name} total": record.total}
    return csv_text(columns, (rows[student] for student in sorted(rows)))


def _in_order(line: Line) -> Iterator[str]:
    """The graded cells that are worth something, in the notebook's order where it is known."""
    cells = line.record.cells if line.record else {}
    known = line.entry.result.cells if line.entry else {}
    for name in dict.fromkeys([*known, *cells]):
        if name in cells and (cells[name].most or cells[name].counted):
            yield name


def csv_text(columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> str:
    """A table as text. Every field is quoted, so that none splits, whatever separates columns where it is opened."""
    text = io.StringIO()
    table = csv.DictWriter(text, columns, lineterminator="\n", quoting=csv.QUOTE_ALL)
    table.writeheader()
    table.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    """Points without an idle .0; and text that a spreadsheet cannot take for a formula."""
    if isinstance(value, float):
        return f"{value:g}"
    return f"'{value}" if isinstance(value, str) and value.lstrip().startswith(("=", "+", "-", "@")) else value


def class_page(folder: ClassFolder, lines: list[Line], absent: Absent | None = None) -> str:
    """The page as text."""
    by_assignment: dict[str, list[Line]] = {}
    for line in lines:
        by_assignment.setdefault(line.assignment, []).append(line)
    sections = [
        _section(folder, name, of_name)
        | {"absent": [person.called(student) for student, person in (absent or {}).get(name, {}).items()]}
        for name, of_name in by_assignment.items()
    ]
    about = [[line.to_row() for line in lines], [section["absent"] for section in sections]]
    stamp = hashlib.sha256(json.dumps(about).encode()).hexdigest()
    return environment().get_template("class.html").render(assignments=sections, stamp=stamp)


def _section(folder: ClassFolder, name: str, lines: list[Line]) -> dict[str, Any]:
    results = [line.entry.result for line in lines if line.entry]
    scores = [line.score or 0.0 for line in lines if line.entry]
    max_score = max((result.max_score for result in results), default=0)
    failed: Counter[tuple[str, str]] = Counter()
    titles: dict[tuple[str, str], str] = {}
    mistakes: Counter[str] = Counter()
    for result in results:
        mistakes.update({row.mistake for row in result.criteria if row.mistake})
        for row in result.criteria:
            titles[row.cell, row.criterion] = row.title
            failed[row.cell, row.criterion] += bool(row.sentence)
    most = [(key, failed[key]) for key in sorted(titles, key=lambda key: -failed[key]) if failed[key]]
    count = max(len(results), 1)
    return {
        "name": name,
        "rows": [_student(folder, line) for line in lines],
        "has_roster": any(line.known for line in lines),
        "max_score": max_score,
        "mean": statistics.fmean(scores) if scores else None,
        "median": statistics.median(scores) if scores else None,
        "statuses": Counter(
            line.entry.result.status if line.entry else "without a result" for line in lines
        ).most_common(),
        "noticed": [(line, said) for line in lines if line.entry for said in line.entry.result.noticed],
        "faults": [(line, said) for line in lines if line.entry for said in line.entry.result.faults],
        "repaired": _repaired(lines),
        "by_hand": [(line, said) for line in lines if line.record for said in line.record.by_hand],
        "differs": [line for line in lines if line.differs],
        "has": {name: any(getattr(line.record, name, None) for line in lines) for name in OPTIONAL},
        "late": [line for line in lines if line.record and (line.record.late_seconds or line.record.extended)],
        "changed": [(line, line.entry.change) for line in lines if line.entry and line.entry.change],
        "hist": histogram(scores, max_score),
        "mistakes": [
            _mistake(mistake, name, n, count)
            for mistake, n in sorted(mistakes.items(), key=lambda item: (-item[1], item[0]))
        ],
        "criteria": [
            {"cell": key[0].removesuffix("-hidden"), "title": titles[key], "count": n, "share": round(100 * n / count)}
            for key, n in most
        ],
        "unfailed": len(titles) - len(most),
    }


def _repaired(lines: list[Line]) -> list[tuple[str, list[Line]]]:
    """Each accident with a file, and whose it was: first where notebooks lay, then what happened to the most."""
    whose: dict[str, list[Line]] = {}
    for line in lines:
        for said in line.entry.result.repaired if line.entry else ():
            whose.setdefault(said, []).append(line)
    places = {said for line in lines for said in line.told}
    return sorted(whose.items(), key=lambda item: (item[0] not in places, -len(item[1])))


def _mistake(mistake: str, assignment: str, number: int, count: int) -> dict[str, Any]:
    # In the demo's feedback pages a relative address starts three folders further down.
    book = book_url().removeprefix("../../../")
    return {
        "name": mistake_words(mistake),
        "count": number,
        "share": round(100 * number / count),
        "link": mistake_link(book, assignment, mistake),
    }


def _student(folder: ClassFolder, line: Line) -> dict[str, Any]:
    page = folder.feedback(line.student, line.assignment)
    here = os.path.relpath(page, folder.root)
    row = line.to_row()
    return {
        **row,
        "name": line.person.name,
        "status": row["status"] or "no result",
        "page": quote(here) if line.record and page.exists() else None,
        "known": line.known,
        "first": line.first_mistake,
    }


def histogram(scores: list[float], max_score: float) -> dict[str, Any]:
    """Bars, labels and grid of a histogram of marks, in the units of its SVG; the last bin includes the maximum."""
    width, height, base, left = 720, 260, 205, 40
    step = max_score / BINS if max_score else 1
    counts = [0] * BINS
    for score in scores:
        counts[min(int(score / step), BINS - 1)] += 1
    top = max(counts, default=1) or 1
    room, each = base - 25, (width - left) / BINS
    bars = []
    for i, count in enumerate(counts):
        tall = room * count / top
        label = f"{i * step:g}–{(i + 1) * step:g}"
        x = left + i * each
        bars.append(
            {
                "x": round(x + 4, 1),
                "y": round(base - tall, 1),
                "width": round(each - 8, 1),
                "height": round(tall, 1),
                "middle": round(x + each / 2, 1),
                "count": count,
                "label": label,
            }
        )
    ticks = sorted({0, top // 2, top}) if top > 1 else [0, 1]
    said = ", ".join(f"{bar['count']} with {bar['label']}" for bar in bars if bar["count"]) or "no marks yet"
    return {
        "width": width,
        "height": height,
        "base": base,
        "bars": bars,
        "grid": [(round(base - room * t / top, 1), t) for t in ticks],
        "said": said,
    }
