"""nbgrader's settings for this course: its folders, its stub, and who judges the submissions."""

from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    GetGrades,
    LimitOutput,
    LockCells,
    SaveAutoGrades,
    SaveCells,
)

from autograder.gradebook.nbgrader_plugin import (
    NormaliseRelease,
    RebuildFromSource,
    RedactHiddenTests,
    RunSubmission,
    SubmissionExporter,
    safe_markdown,
)

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "deep_generative_models"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "lectures"
# Private files next to a source notebook: never copied to the student version's folder.
c.CourseDirectory.ignore = [
    *(".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback"),
    *("hidden_checks.py", "answers"),
]
# The gradebook is nbgrader's default, gradebook.db in this folder; for PostgreSQL, give
# CourseDirectory.db_url, for example "postgresql+psycopg://user:password@host/gradebook".

c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}

# nbgrader's own steps, without those that start a kernel, and at first one that makes the result the
# same on every machine.
c.GenerateAssignment.preprocessors = [
    NormaliseRelease,
    LockCells,
    ClearSolutions,
    ClearOutput,
    CheckCellMetadata,
    ComputeChecksums,
    SaveCells,
    ClearHiddenTests,
    ClearMarkScheme,
    ComputeChecksums,
    CheckCellMetadata,
]

# Of a submission only the solution cells' texts count; all else comes from the source, edited or not.
c.Autograde.exporter_class = SubmissionExporter
c.Autograde.sanitize_preprocessors = [RebuildFromSource, CheckCellMetadata]

# RunSubmission takes the place of nbgrader's Execute.
c.Autograde.autograde_preprocessors = [
    RunSubmission,
    LimitOutput,
    SaveAutoGrades,
    AssignLatePenalties,
    CheckCellMetadata,
]

# An answer that calls the library's own version of its exercise earns nothing ("refuse"), or is only listed in
# the class report ("report").
c.RunSubmission.library_answers = "refuse"

c.GenerateFeedback.preprocessors = [GetGrades, RedactHiddenTests, CSSHTMLHeaderPreprocessor]

# In feedback and in formgrader, a student's Markdown cannot run scripts.
c.HTMLExporter.filters = {"markdown2html": safe_markdown}
