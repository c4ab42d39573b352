"""nbgrader's settings for this course: its folders, its stub, and who runs the submissions."""

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
    IgnorePattern,
    LimitOutput,
    LockCells,
    SaveAutoGrades,
    SaveCells,
)

from autograder.nbgrader_plugin import (
    FeedbackExporter,
    NormaliseRelease,
    RedactHiddenTests,
    RunSubmission,
)

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "deep_generative_models"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "lectures"
# The gradebook is nbgrader's default, gradebook.db in this folder; for PostgreSQL, give CourseDirectory.db_url.

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

c.OverwriteCells.add_missing_cells = True  # a deleted test is run all the same

# RunSubmission takes the place of nbgrader's Execute.
c.Autograde.autograde_preprocessors = [
    RunSubmission,
    IgnorePattern,
    LimitOutput,
    SaveAutoGrades,
    AssignLatePenalties,
    CheckCellMetadata,
]

c.GenerateFeedback.preprocessors = [GetGrades, RedactHiddenTests, CSSHTMLHeaderPreprocessor]
c.GenerateFeedback.exporter_class = FeedbackExporter
