"""Records of the toy lecture, made up without running anything: honest ones, and some full of hostile text."""

from dataclasses import replace

from autograder.judge.executor import CellError
from autograder.runs.journal import Journal
from autograder.submission.record import Record, Remark, RemarkKind, SolutionRecord, TestRecord

CELLS = {"double_visible": 1.0, "double_hidden": 2.0, "mean_visible": 2.0, "mean_hidden": 2.0}
TITLE = "The same on other inputs."
# What no student may see, by where it stands.
SECRETS = {
    "source": "assert double(-3.75) == -7.5  # SECRET-SOURCE",
    "name": "SecretError",
    "message": "SECRET-MESSAGE: expected -7.5",
    "traceback": "SECRET-TRACEBACK",
    "output": "SECRET-OUTPUT -3.75",
    "remark": "SECRET-REMARK for the instructor",
    "failure": "SECRET-FAILURE at /home/instructor",
}
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)></pre></style></body>"
    "\x1b[31mred\x1b[0m\x1b]8;;http://evil.example\x07\x00\x08\x85\u202egpj.exe\ud800\u2028\ufeff"
    "{{ 7 * 7 }}{% raw %}&lt;'\"--><!-- ]]> javascript:alert(1)"
)
DOUBLE = "def double(x):\n    return x + x"
MEAN = "def mean(values):\n    return sum(values) / len(values)"


def hidden_error(hint=""):
    """Return an error of which a student may see nothing but the hint."""
    return CellError(SECRETS["name"], SECRETS["message"], (SECRETS["traceback"],), hint)


def checked(name, earned=None, error=None, output="", source="checks.equal(...)"):
    """Return the record of one of the toy lecture's tests; by default it has passed."""
    exercise, kind = name.split("_")
    points = CELLS[name]
    earned = (points if error is None else 0.0) if earned is None else earned
    title = TITLE if kind == "hidden" else ""
    return TestRecord(
        name, exercise, kind == "hidden", title, source, points, earned, output, error, seconds=0.0123
    )


def record(student="ada", tests=(), **values):
    """Return a record in which all tests but these have passed."""
    given = {test.grade_id: test for test in tests}
    solutions = (SolutionRecord("double", "double", DOUBLE), SolutionRecord("mean", "mean", MEAN))
    everything = tuple(given.get(name) or checked(name) for name in CELLS)
    values = {"solutions": solutions, "tests": everything, "seconds": 1.5, "memory_bytes": 3 << 20} | values
    return Record(student, "03_toy", **values)


def secretive(earned=None, hint=""):
    """Return a record whose hidden test holds every secret, and whose other parts quote what they can of it."""
    secret = checked(
        "double_hidden", earned, hidden_error(hint), output=SECRETS["output"], source=SECRETS["source"]
    )
    stopped = CellError("NotRun", f"not run, because double_hidden failed with {hidden_error()}")
    remarks = (Remark(RemarkKind.TAMPERING, SECRETS["remark"]),)
    return record(tests=[secret, checked("double_visible", error=stopped)], remarks=remarks)


def not_graded(student="eve", for_student=""):
    """Return the record of a submission that could not be graded."""
    failure = SECRETS["failure"]
    return Record(student, "03_toy", failure=failure, failure_for_student=for_student)


def full_of(text, student="mallory"):
    """Return a record in which this text stands wherever a submission can put one."""
    error = CellError(text, text, (text, f'  File "{text}", line 2, in double', "    return x + x"), text)
    tests = [replace(checked(name, error=error, output=text, source=text), title=text) for name in CELLS]
    outputs = ({"output_type": "stream", "name": "stdout", "text": text},)
    solutions = tuple(
        SolutionRecord(name, name, f"{DOUBLE}\n{text}", outputs, error) for name in ("double", "mean")
    )
    remarks = tuple(Remark(kind, text, text) for kind in RemarkKind)
    return record(student, tests, solutions=solutions, remarks=remarks)


def write_journal(lecture, *records):
    """Enter records into a lecture's journal."""
    with Journal.of(lecture) as journal:
        for one in records:
            journal.append(one)
