import pytest
from msgspec import structs

from tianji.domain.deployments import Deployment
from tianji.pricing.price import Price
from tianji_gateway.routing.candidates import Candidates
from tianji_gateway.snapshot.target import Target


def target(id: str, model: str = "m", team: str | None = None) -> Target:
    return Target(
        deployment=Deployment(id=id, model_name="", provider="p", model=model, team_id=team),
        bound=None,
        problem="",
        price=Price(known=False),
        weight=1.0,
        order=0,
        tags=frozenset(),
        timeout_s=1.0,
        stream_timeout_s=1.0,
    )


def concrete(target: Target, model: str) -> Target:
    return structs.replace(target, deployment=structs.replace(target.deployment, model=model))


def index(*names: str, aliases: dict[str, object] | None = None, **teams: str) -> Candidates:
    groups: dict[tuple[str | None, str], tuple[Target, ...]] = {
        (None, name): (target(f"id of {name}", model=name),) for name in names
    }
    for team, name in teams.items():
        groups[team, name] = (target(f"{team}'s {name}", model=name, team=team),)
    return Candidates(groups, aliases or {}, concrete)


def ids(targets: tuple[Target, ...]) -> list[str]:
    return [target.id for target in targets]


def test_an_exact_name_comes_before_a_pattern() -> None:
    candidates = index("*", "gpt-*", "gpt-4o")

    assert ids(candidates.targets_for("gpt-4o")) == ["id of gpt-4o"]


@pytest.mark.parametrize(
    ("name", "served_by"),
    [
        ("openai/gpt-4o", "openai/gpt-*"),
        ("openai/o3", "openai/*"),
        ("openai/gpt-4o-audio", "openai/*-audio"),
        ("claude", "*"),
    ],
)
def test_the_most_specific_pattern_serves(name: str, served_by: str) -> None:
    candidates = index("*", "openai/*", "openai/gpt-*", "openai/*-audio")

    assert candidates.pattern_of(name) == served_by
    assert ids(candidates.targets_for(name)) == [f"id of {served_by}"]


def test_wildcards_are_filled_into_the_upstream_model() -> None:
    candidates = Candidates({(None, "a/*/b/*"): (target("w", model="x-*/*"),)}, {}, concrete)

    assert candidates.targets_for("a/1/b/2")[0].deployment.model == "x-1/2"


def test_letters_that_mean_something_to_regular_expressions_are_just_letters() -> None:
    candidates = index("gpt-4.1*")

    assert candidates.targets_for("gpt-4.1-mini")
    assert candidates.targets_for("gpt-4x1-mini") == ()


def test_an_alias_stands_for_its_group() -> None:
    candidates = index("gpt-4o", aliases={"best": "gpt-4o", "secret": {"model": "gpt-4o", "hidden": True}})

    assert ids(candidates.targets_for("best")) == ["id of gpt-4o"]
    assert ids(candidates.targets_for("secret")) == ["id of gpt-4o"]
    assert candidates.names() == ["gpt-4o", "best"]
    assert candidates.group_of("best") == "gpt-4o"


def test_an_alias_may_point_into_a_pattern() -> None:
    candidates = index("openai/*", aliases={"best": "openai/gpt-4o"})

    assert ids(candidates.targets_for("best")) == ["id of openai/*"]


def test_a_team_has_its_own_models_first_and_shares_the_rest() -> None:
    candidates = index("gpt-4o", "o3", blue="gpt-4o", red="own-model")

    assert ids(candidates.targets_for("gpt-4o", "blue")) == ["blue's gpt-4o"]
    assert ids(candidates.targets_for("gpt-4o", "red")) == ["id of gpt-4o"]
    assert ids(candidates.targets_for("o3", "blue")) == ["id of o3"]
    assert candidates.targets_for("own-model", "blue") == ()
    assert candidates.targets_for("own-model") == ()
    assert candidates.names("red") == ["gpt-4o", "o3", "own-model"]


def test_a_deployment_can_be_asked_for_by_its_id() -> None:
    candidates = index("gpt-4o", blue="own")

    assert ids(candidates.targets_for("id of gpt-4o")) == ["id of gpt-4o"]
    assert ids(candidates.targets_for("blue's own", "blue")) == ["blue's own"]
    assert candidates.targets_for("blue's own", "red") == ()


def test_an_unknown_model_has_no_candidates() -> None:
    assert index("gpt-4o").targets_for("gpt-5") == ()


def test_what_clients_ask_for_does_not_grow_without_bound() -> None:
    candidates = index("*")

    for number in range(3000):
        candidates.targets_for(f"model {number}")

    assert len(candidates._ready) <= 1000


def test_patterns_are_listed_apart_from_models() -> None:
    candidates = index("gpt-4o", "openai/*", "*", blue="blue/*")

    assert candidates.names() == ["gpt-4o"]
    assert candidates.patterns() == ["openai/*", "*"]
    assert candidates.patterns("blue") == ["blue/*", "openai/*", "*"]
