"""nbgrader's settings for this course: the folders, the stub, and the judge of submissions."""

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
    NormalizeRelease,
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
# The gradebook is nbgrader's default, gradebook.db in this folder. For PostgreSQL, set
# c.CourseDirectory.db_url, for example "postgresql+psycopg://user:password@host/gradebook".

c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}

# nbgrader's own steps, without those that start a kernel. The first step makes the result the same on
# every machine.
c.GenerateAssignment.preprocessors = [
    NormalizeRelease,
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

# Of a submission, only the texts of the solution cells count; everything else comes from the source.
c.Autograde.exporter_class = SubmissionExporter
c.Autograde.sanitize_preprocessors = [RebuildFromSource, CheckCellMetadata]

# RunSubmission replaces nbgrader's Execute.
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
