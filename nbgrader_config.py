"""nbgrader's settings, for commands started in this folder. They work on the class folder that $COURSE_CLASS names,
and the exchange that $COURSE_EXCHANGE names. Marks come from the examiner that `autograder grade` asks too."""

import os
import sys
from pathlib import Path

from autograder.classroom import places

c = get_config()  # noqa: F821 - nbgrader's own

ROOT = Path(__file__).resolve().parent
CLASS = places.class_folder() or ROOT / "_build" / "demo"

COMMAND = sys.argv[1] if len(sys.argv) > 1 else ""
for sentence in places.advice(COMMAND):
    print(sentence, file=sys.stderr)
if COMMAND in places.OF_A_CLASS and not CLASS.is_dir():
    sys.exit(2)

# nbgrader starts `alembic` by name, also where the environment is not active.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"

c.CourseDirectory.course_id = places.COURSE
c.CourseDirectory.root = str(ROOT)
c.CourseDirectory.source_directory = "_build/source"
c.CourseDirectory.release_directory = "assignments"
c.CourseDirectory.submitted_directory = str(CLASS / "submitted")
c.CourseDirectory.autograded_directory = str(CLASS / "autograded")
c.CourseDirectory.feedback_directory = str(CLASS / "feedback")
c.CourseDirectory.db_url = f"sqlite:///{CLASS / 'gradebook.db'}"
c.ZipCollectApp.collect_directory_structure = str(CLASS / "downloaded" / "{assignment_id}" / "{collect_step}")
c.ZipCollectApp.collector_plugin = "autograder.classroom.collector.Collector"  # knows Moodle's and Canvas's names
c.ExportPlugin.to = str(CLASS / "grades.csv")
if exchange := places.exchange():
    c.Exchange.root = str(exchange)

c.Autograde.autograde_preprocessors = [
    "autograder.classroom.preprocessor.Examine",  # in the place of Execute
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
