from tianji_gateway.routing.failures import Failures


def test_a_model_is_strained_by_more_than_one_failure_in_a_minute() -> None:
    now = 120.0
    failures = Failures(lambda: now)
    assert not failures.strained(["a", "b"])
    failures.note("a")
    failures.note("b")
    assert not failures.strained(["a", "b"])
    failures.note("b")
    assert failures.strained(["a", "b"])
    assert not failures.strained(["a"])
    now = 180.0
    assert not failures.strained(["a", "b"])
