"""What was handed in: the text of the cells that a student writes in, and remarks on all else."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.record import Remark


@dataclass(frozen=True)
class Submission:
    """A submission of one lecture, read without running or obeying anything in it.

    Attributes:
        student: name of the submission's folder.
        solutions: text of the solution cells, by grade id; those that are missing are left out.
        remarks: tampering, missing cells and the like.
        failure: a sentence if nothing can be graded.
        failure_for_student: the same for the student, where it is theirs to mend.
        digest: hash of all that was handed in, for the journal.
    """

    student: str
    solutions: dict[str, str]
    remarks: tuple[Remark, ...] = ()
    failure: str = ""
    failure_for_student: str = ""
    digest: str = ""
