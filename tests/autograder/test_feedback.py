"""The page a student gets: all that helps, nothing that is hidden, and nothing in it is ever run or loaded."""

import argparse
import os
import time

import pytest
from bs4 import BeautifulSoup
from graded_course import FULL, graded_course, hand_in, judged, open_gradebook, set_grade
from graded_records import (
    DOUBLE,
    HOSTILE,
    SECRETS,
    TITLE,
    checked,
    full_of,
    not_graded,
    record,
    secretive,
    write_journal,
)
from hypothesis import given
from page_checks import ANYTHING, require_harmless, require_visible, words_of
from toy_course import toy_notebook

from autograder.commands import feedback as command
from autograder.gradebook.filing import Filing
from autograder.judge.executor import CellError
from autograder.notebooks.course import CourseError, read_notebook
from autograder.reports import pages
from autograder.reports.by_hand import read_by_hand
from autograder.reports.feedback import feedback_page, feedback_path
from autograder.reports.graded import read_marks
from autograder.reports.marks import FAILED, GRADED, WAITING, ByHand, marks_of
from autograder.reports.outline import outline_of
from autograder.reports.plain_text import line, plain
from autograder.reports.tracebacks import own_frames
from autograder.submission.grading import grade_submission
from autograder.submission.record import Remark, RemarkKind, SolutionRecord
from autograder.submission.submission import Submission

OUTLINE = outline_of("03_toy", toy_notebook())


def page_of(one, by_hand=None):
    return feedback_page(marks_of(one, OUTLINE, by_hand))


def soup_of(one, by_hand=None):
    return BeautifulSoup(page_of(one, by_hand), "html.parser")


# What is hidden


@pytest.mark.parametrize("earned", [0.0, 1.0, 2.0], ids=["failed", "partial", "passed"])
def test_of_a_hidden_test_a_page_has_title_points_and_hint_alone(earned):
    page = page_of(secretive(earned, hint="is a factor missing?"))
    assert TITLE in page
    assert "is a factor missing?" in page
    assert f"{earned:g} / 2" in page
    for secret in [*SECRETS.values(), "-7.5", "0.0123", "SECRET", "1.5 s"]:
        assert secret not in page


def test_an_error_of_a_hidden_test_does_not_come_out_where_a_later_cell_was_not_run():
    page = page_of(secretive())
    assert "Not run" in page
    assert "SECRET" not in page


def test_a_failure_is_told_in_the_sentence_for_the_student_or_not_at_all():
    told = page_of(not_graded(for_student="Your file ends too early."))
    assert "Your file ends too early." in told
    silent = page_of(not_graded())
    assert "could not be graded" in silent
    assert "SECRET" not in told + silent


def test_remarks_for_the_instructor_stay_with_the_instructor():
    remarks = (Remark(RemarkKind.NOTE, SECRETS["remark"], "Name it toy.ipynb next time."),)
    page = page_of(record(remarks=remarks))
    assert "Name it toy.ipynb next time." in page
    assert "SECRET" not in page


# What is hostile


def test_hostile_text_is_shown_as_text_wherever_it_stands():
    by_hand = ByHand(comments={"double": HOSTILE})
    page = page_of(full_of(HOSTILE, student=HOSTILE), by_hand)
    require_harmless(page)
    shown = BeautifulSoup(page, "html.parser").body.get_text()
    require_visible(shown)
    assert shown.count("<script>alert(1)</script>") > 10
    assert "{{ 7 * 7 }}" in shown


@given(ANYTHING)
def test_any_text_leaves_a_page_that_runs_nothing_and_shows_the_text(text):
    page = page_of(full_of(text))
    require_harmless(page)
    output = BeautifulSoup(page, "html.parser").find("pre", class_="message")
    if text:
        assert output.get_text().replace("\r", "\n") == plain(text).replace("\r", "\n")


@given(ANYTHING)
def test_shown_text_can_be_written_and_hides_nothing(text):
    shown = plain(text)
    shown.encode("utf-8")
    require_visible(shown)
    assert "\n" not in line(text)


def test_what_is_honest_is_left_as_it_is():
    text = "σ² ≤ 1e-5\n\tПривет, 世界, שלום, é, 👩‍🔬 ✓ ✗ ±"
    assert plain(text) == text


def test_colors_of_a_terminal_are_dropped_and_other_escapes_made_visible():
    assert plain("\x1b[1;31mred\x1b[0m") == "red"
    assert plain("\x1b]8;;x\x07\x00\x7f\r\nnext\rover") == "␛]8;;x␇␀␡\nnext␍over"


def test_a_flood_makes_a_page_of_bounded_size():
    flood = "flood " * 1_000_000
    one = record(
        tests=[checked("double_visible", error=CellError("ValueError", flood), output=flood)],
        solutions=(
            SolutionRecord("double", "double", flood, ({"output_type": "stream", "text": flood},)),
            SolutionRecord("mean", "mean", "x = 1\n" * 500_000),
        ),
    )
    page = page_of(one)
    assert len(page) < 3_000_000
    assert "more characters were cut" in page


@pytest.mark.parametrize("name", ["", ".", "..", "../../etc", "/etc", "a\\b", "nul\0"])
def test_a_student_whose_name_is_no_folder_gets_no_page(course, lecture, name):
    with pytest.raises(CourseError, match="not a valid folder name"):
        feedback_path(course, lecture, name)


# What helps


def test_total_points_by_exercise_and_the_penalty_for_being_late_are_there():
    wrong = CellError("CheckFailed", "2x: wrong value")
    by_hand = ByHand(late_penalty=1.5)
    text = words_of(page_of(record(tests=[checked("double_visible", error=wrong)]), by_hand))
    assert "4.5 of 7 points" in text
    assert "6 earned, 1.5 subtracted" in text
    assert "2 / 3" in text
    assert "1 of 2 exercises complete" in text


def test_a_message_of_several_lines_keeps_its_lines_and_columns():
    message = "2x: wrong value\n  expected 4\n  actual   5\n  Hint: is it x squared?"
    one = record(tests=[checked("double_visible", error=CellError("CheckFailed", message))])
    assert f"✗ {message}" in [pre.get_text() for pre in soup_of(one).find_all("pre")]


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        ({"double_visible": CellError("NotImplementedError", "")}, "this function is not written yet."),
        (
            {"double_visible": CellError("CheckFailed", "2x: wrong value\n  Hint: is it x squared?")},
            "2x: wrong value (is it x squared?)",
        ),
        ({"double_visible": CellError("ValueError", "no")}, "ValueError: no"),
        (
            {"double_hidden": CellError("CheckFailed", "SECRET", hint="mind the sign.")},
            f"the visible checks pass, but a hidden check does not: {TITLE} mind the sign.",
        ),
    ],
    ids=["untouched", "visible", "raises", "hidden"],
)
def test_a_learner_is_told_what_to_do_next(change, advice):
    tests = [checked(name, error=error) for name, error in change.items()]
    steps = [" ".join(item.get_text().split()) for item in soup_of(record(tests=tests)).ol.find_all("li")]
    assert len(steps) == 1  # the other exercise is complete
    assert steps[0].endswith(f": {advice}")


def test_a_cell_that_stops_is_what_to_mend_first():
    solutions = (SolutionRecord("double", "double", DOUBLE, error=CellError("SyntaxError", "bad (line 2)")),)
    stopped = checked("double_visible", error=CellError("NotRun", "the solution cell failed"))
    soup = soup_of(record(tests=[stopped], solutions=solutions))
    assert "your cell stops with SyntaxError: bad (line 2)" in soup.ol.get_text()


def test_complete_work_is_told_so_and_gets_no_advice():
    soup = soup_of(record())
    assert soup.ol is None
    assert "All exercises are complete" in soup.get_text()


def test_the_answer_is_colored_numbered_and_whole():
    source = 'def double(x):\n    """Two\n    lines."""\n\n    return x + x  # a comment'
    solutions = (SolutionRecord("double", "double", source),)
    code = soup_of(record(solutions=solutions)).find("pre", class_="answer")
    assert code.get_text() == source + "\n"
    assert len(code.find_all("span", class_="line")) == 5
    assert code.find("span", class_="k").get_text() == "def"


@pytest.mark.parametrize("piece", ["(", "f'{", '"""a', "@", "a.", "from . ", "'\\", "{%"])
def test_code_that_is_hard_to_parse_takes_little_processor_time(piece):
    began = time.process_time()
    for characters in (pages.COLORED_CHARACTERS, 10 * pages.COLORED_CHARACTERS):
        assert pages.code(piece * (characters // len(piece)))
    assert time.process_time() - began < 60  # minutes, if it were highlighted


def test_very_long_code_is_shown_without_colors_but_with_its_numbers():
    html = pages.code("x = '<b>'\n" * pages.COLORED_CHARACTERS)
    assert 'class="line"' in html
    assert 'class="n"' not in html
    assert "<b>" not in html


PYTHON = [
    "Traceback (most recent call last):",
    '  File "/course/autograder/student/worker.py", line 88, in _do_call',
    "    result = function(*arguments)",
    '  File "<ipython-input-3-abc>", line 2, in double',
    "    return x + x",
    '  File "/usr/lib/torch/functional.py", line 9, in add',
    "    raise TypeError(secret_of_the_host)",
    "TypeError: no",
]
IPYTHON = [
    "-----------------",
    "TypeError                   Traceback (most recent call last)",
    "Cell In[7], line 3",
    "      1 draw()",
    "----> 3 checks.equal(double(SECRET))",
    "",
    "Cell In[3], line 2, in double(x)",
    "      1 def double(x):",
    "----> 2     return x + x",
    "",
    "File /usr/lib/torch/functional.py:9, in add(a)",
    "----> 9 raise TypeError(secret_of_the_host)",
    "",
    "TypeError: no",
]


@pytest.mark.parametrize("traceback", [PYTHON, IPYTHON], ids=["python", "ipython"])
def test_a_traceback_shows_the_student_s_own_frames_alone(traceback):
    shown = own_frames(traceback, [DOUBLE])
    assert shown.startswith("line 2, in double\n")
    assert "return x + x" in shown
    for foreign in ("/usr", "/course", "SECRET", "secret", "torch", "worker", "Traceback"):
        assert foreign not in shown


def test_a_page_has_no_frames_but_the_student_s_own():
    error = CellError("TypeError", "no", tuple(PYTHON))
    cell = SolutionRecord("double", "double", DOUBLE, error=error)
    page = page_of(record(tests=[checked("double_visible", error=error)], solutions=(cell,)))
    assert page.count("line 2, in double") == 2
    assert "/usr" not in page
    assert "secret" not in page


def test_frames_of_a_function_without_its_code_are_known_by_its_name():
    assert own_frames(['  File "<x>", line 2, in double', '  File "<x>", line 9, in other'], [DOUBLE]) == (
        "line 2, in double"
    )


# Points by hand


def test_points_by_hand_take_the_place_of_a_test_s_and_extra_ones_are_added():
    failed = record(tests=[checked("double_visible", error=CellError("CheckFailed", "no"))])
    by_hand = ByHand(scores={"double_visible": 0.5}, extra={"mean_visible": 1.0}, late_penalty=2.0)
    marks = marks_of(failed, OUTLINE, by_hand)
    assert (marks.raw, marks.total, marks.manual, marks.status) == (7.5, 5.5, 1.5, GRADED)
    assert marks.of("double") == (2.5, 3.0)


def test_a_penalty_takes_no_more_than_there_is():
    marks = marks_of(not_graded(), OUTLINE, ByHand(late_penalty=5.0))
    assert (marks.total, marks.late_penalty, marks.status) == (0.0, 0.0, FAILED)


def test_what_could_not_be_graded_counts_with_what_a_person_gave_for_it():
    marks = marks_of(not_graded(), OUTLINE, ByHand(scores={"mean_hidden": 2.0}))
    assert (marks.total, marks.points) == (2.0, 7.0)


def test_the_gradebook_s_points_comments_and_penalty_are_on_the_page(tmp_path):
    course = graded_course(tmp_path)
    lecture = course.lecture("03")
    hand_in(lecture, "ada", {**FULL, "essay": "Because <b>of</b> its weight.", "plot": "draw()"})
    one = judged(lecture, "ada")
    write_journal(lecture, one)
    with Filing(course, lecture) as filing:
        filing.file(one)
    waits = next(read_marks(lecture))
    assert waits.status == WAITING
    assert (waits.total, waits.points) == (7.0, 16.0)
    set_grade(course, "ada", "essay", manual_score=2.5, needs_manual_grade=False)
    set_grade(course, "ada", "task", manual_score=4.0, needs_manual_grade=False)
    set_grade(course, "ada", "plot", manual_score=0.0, needs_manual_grade=False)
    with open_gradebook(course) as gradebook:
        gradebook.find_comment("essay", "toy", "03_toy", "ada").manual_comment = "Well <i>put</i>."
        gradebook.find_submission_notebook("toy", "03_toy", "ada").late_submission_penalty = 1.25
        gradebook.db.commit()
    marks = next(read_marks(lecture))
    assert (marks.raw, marks.total, marks.status) == (13.5, 12.25, GRADED)
    text = words_of(feedback_page(marks))
    assert "12.25 of 16 points" in text
    assert "Well <i>put</i>." in text
    assert "Because <b>of</b> its weight." in text


def test_without_a_gradebook_none_is_made(lecture):
    assert read_by_hand(lecture) == {}
    assert not (lecture.course / "gradebook.db").exists()


# The command


def run(course, *arguments):
    parser = argparse.ArgumentParser()
    command.configure(parser)
    return command.run(parser.parse_args(arguments, argparse.Namespace(course=str(course.root))))


def test_every_student_gets_a_page_that_mentions_no_other(course, lecture, capsys):
    students = ["ada", "grace", "eve-with-a-name"]
    write_journal(lecture, record("ada"), secretive(), not_graded("eve-with-a-name"), record("grace"))
    assert run(course) == 0
    assert "wrote 3 pages" in capsys.readouterr().out
    for student in students:
        page = (course.root / "feedback" / student / "03_toy" / "toy.html").read_text(encoding="utf-8")
        assert [name for name in students if name in page] == [student]
        require_harmless(page)


def test_only_the_students_named_get_a_page(course, lecture):
    write_journal(lecture, record("ada"), record("grace"), record("eve"))
    run(course, "03", "--student", "ada", "eve")
    assert sorted(path.name for path in (course.root / "feedback").iterdir()) == ["ada", "eve"]


def test_the_last_record_of_a_student_counts(course, lecture):
    write_journal(lecture, not_graded("ada"), record("ada"))
    run(course)
    assert "could not be graded" not in feedback_path(course, lecture, "ada").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["99"], "the lecture must be one of 03_toy; got '99'"),
        ([], "no lecture has grades yet: run 'autograder grade' first"),
        (["03"], "03_toy has no grades yet: run 'autograder grade 03' first"),
    ],
)
def test_wrong_input_is_a_sentence_and_writes_nothing(course, arguments, sentence):
    with pytest.raises(CourseError) as error:
        run(course, *arguments)
    assert str(error.value) == sentence
    assert not (course.root / "feedback").exists()


def test_an_unknown_student_is_named_with_some_who_are_known(course, lecture):
    write_journal(lecture, *(record(f"student{i}") for i in range(8)))
    with pytest.raises(
        CourseError,
        match=r"'nobody' has no graded submission; .* are student0, .*, student4 and 3 more",
    ):
        run(course, "--student", "nobody")


def test_a_page_is_written_as_a_whole_or_not_at_all(course, lecture, monkeypatch):
    write_journal(lecture, record("ada"))
    run(course)
    path = feedback_path(course, lecture, "ada")
    before = path.read_text(encoding="utf-8")

    def full_disk(*_):
        raise OSError("no space left")

    monkeypatch.setattr(os, "fdopen", full_disk)
    with pytest.raises(OSError, match="no space left"):
        pages.write_page(path, "half")
    assert path.read_text(encoding="utf-8") == before
    assert [other.name for other in path.parent.iterdir()] == ["toy.html"]


def test_a_source_that_is_gone_is_a_sentence(course, lecture):
    write_journal(lecture, record("ada"))
    lecture.source.unlink()
    with pytest.raises(CourseError, match="does not exist"):
        run(course)
    assert not (course.root / "feedback").exists()


@pytest.mark.notebook
def test_a_real_grading_makes_a_page_without_the_hidden_test(course, lecture, executor):
    texts = {"double": "def double(x):\n    return x * x", "mean": "def mean(v):\n    return v[7]"}
    source = read_notebook(lecture.source)
    one = grade_submission(source, Submission("ada", texts), executor, lecture="03_toy", seed=3)
    text = words_of(page_of(one))
    assert f"{one.earned:g} of 7 points" in text
    assert "return v[7]" in text
    assert "list index out of range" in text
    for hidden in ("-3.0", "-6.0", "[4.0, 1.0, 2.0, 9.0]"):
        assert hidden not in text
