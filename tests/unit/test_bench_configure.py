"""What the benchmark makes of a run's tasks and calls of ssh: whose they are, and their sum."""

from bench.configure import Line, by_role, middle, total

TASKS = [
    {"role": "", "task": "Wait", "began": 0.0, "ended": 1.0, "outcome": "ok"},
    {"role": "base", "task": "Look", "began": 1.0, "ended": 3.0, "outcome": "ok"},
    {"role": "base", "task": "Install", "began": 3.0, "ended": 3.5, "outcome": "skipped"},
    {"role": "conda", "task": "Keep", "began": 3.5, "ended": 6.0, "outcome": "changed"},
    {"role": "base", "task": "Look again", "began": 6.0, "ended": 7.0, "outcome": "ok"},
]
FOUND = by_role(TASKS, [0.2, 1.0, 1.1, 4.0, 6.9, 99.0])


def test_each_role_has_its_tasks_and_trips() -> None:
    assert {
        "the playbook": Line(1, 0, 0, 1, 1.0),
        "base": Line(3, 1, 0, 3, 3.5),
        "conda": Line(1, 0, 1, 1, 2.5),
    } == FOUND


def test_the_sum() -> None:
    assert total(FOUND) == Line(5, 1, 1, 5, 7.0)


def test_the_median_of_runs_that_took_longer_and_shorter() -> None:
    runs = [{"base": Line(3, 1, 0, 3, seconds)} for seconds in (9.0, 2.0, 4.0)]
    assert middle(runs) == {"base": Line(3, 1, 0, 3, 4.0)}
