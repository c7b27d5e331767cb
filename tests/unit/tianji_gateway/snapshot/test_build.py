from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from msgspec import structs

from tianji.domain.deployments import Deployment
from tianji.domain.sealed import Sealer
from tianji.domain.snapshot import DEPLOYMENT, SETTINGS, Settings, record_name
from tianji.errors import BadRequest, NotFound, Unavailable
from tianji_gateway.snapshot.apply import Revision
from tianji_gateway.snapshot.build import Builder, BuildFailed
from tianji_gateway.snapshot.params import TIMEOUT_S

SEALER = Sealer("salt")


class Upstream:
    """Stands for what a provider binds; remembers with what."""

    def __init__(self, deployment: Deployment, options: Mapping[str, Any]) -> None:
        self.deployment = deployment
        self.options = options


class Providers:
    """A provider `fake`, one `broken` by its author, and a count of all bindings."""

    def __init__(self) -> None:
        self.bound = 0

    def __call__(self, name: str) -> Any:
        if name not in ("fake", "broken", "openai"):
            raise NotFound(f"there is no provider {name}")
        self._name = name
        return self

    def bind(self, deployment: Deployment, options: Mapping[str, Any]) -> Any:
        self.bound += 1
        if self._name == "broken":
            raise ZeroDivisionError
        if "api_key" not in deployment.params:
            raise BadRequest("api_key is missing")
        return Upstream(deployment, options)


def deployment(id: str, **fields: Any) -> Deployment:
    given: dict[str, Any] = {"params": {"api_key": "k"}, "provider": "fake", "model": "m", "model_name": "m"}
    return Deployment(id=id, **given | fields)


def revision(*deployments: Deployment, settings: Settings | None = None, number: int = 1) -> Revision:
    records = {record_name(DEPLOYMENT, d.id): msgspec.json.encode(d) for d in deployments}
    if settings is not None:
        records[record_name(SETTINGS, "global")] = msgspec.json.encode(settings)
    return Revision(number, number, records)


@pytest.fixture
def providers() -> Providers:
    return Providers()


@pytest.fixture
def builder(providers: Providers) -> Builder:
    return Builder(SEALER, {"KEY": "from-env", "TIANJI_SALT_KEY": "salt"}, providers)


def test_a_deployment_is_bound_with_its_secrets_opened(builder: Builder) -> None:
    one = deployment("d", params={"api_base": "b"}, secrets={"api_key": SEALER.seal("os.environ/KEY")})

    (target,) = builder.build(
        revision(one, settings=Settings(calls={"drop_params": True}, router={"timeout": "30"}))
    ).targets_for("m")

    upstream: Any = target.upstream
    assert upstream.deployment.params == {"api_base": "b", "api_key": "from-env"}
    assert upstream.options["drop_params"] is True
    assert target.timeout_s == target.stream_timeout_s == 30.0


def test_its_own_timeouts_come_before_the_general_ones(builder: Builder) -> None:
    own = {"api_key": "k", "timeout": 5, "stream_timeout": 2}
    settings = Settings(router={"timeout": 9, "stream_timeout": 8}, calls={"request_timeout": 7})

    snapshot = builder.build(revision(deployment("a", params=own), deployment("b"), settings=settings))

    assert [(t.timeout_s, t.stream_timeout_s) for t in snapshot.targets_for("m")] == [(5, 2), (9, 8)]
    assert builder.build(revision(deployment("a"))).targets_for("m")[0].timeout_s == TIMEOUT_S


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (deployment("x", params={}), "api_key is missing"),
        (deployment("x", provider="nobody"), "there is no provider nobody"),
        (deployment("x", provider="broken"), "ZeroDivisionError"),
        (deployment("x", secrets={"api_key": Sealer("another").seal("s")}), "TIANJI_SALT_KEY"),
        (deployment("x", params={"api_key": "os.environ/TIANJI_SALT_KEY"}), "TIANJI_SALT_KEY"),
    ],
)
def test_one_broken_deployment_answers_with_its_problem_and_harms_no_other(
    builder: Builder, broken: Deployment, why: str
) -> None:
    snapshot = builder.build(revision(deployment("good"), structs.replace(broken, model_name="bad")))

    (target,) = snapshot.targets_for("bad")
    with pytest.raises(Unavailable, match=why):
        _ = target.upstream
    assert len(snapshot.warnings) == 1
    assert why in snapshot.warnings[0]
    assert snapshot.targets_for("m")[0].upstream


@pytest.mark.parametrize("value", [b"{", b'{"id": 3}'])
def test_a_record_that_cannot_be_read_fails_the_build_and_changes_nothing(
    builder: Builder, providers: Providers, value: bytes
) -> None:
    good = revision(deployment("a"))
    builder.build(good)
    bad = Revision(2, 2, {**good.records, record_name(DEPLOYMENT, "b"): value})

    with pytest.raises(BuildFailed):
        builder.build(bad)

    assert builder.build(good).targets_for("m")
    assert providers.bound == 1


def test_unchanged_deployments_are_not_bound_again(builder: Builder, providers: Providers) -> None:
    many = [deployment(str(number), model_name=f"m{number}") for number in range(200)]
    before = builder.build(revision(*many))
    many[7] = structs.replace(many[7], model="other")

    after = builder.build(revision(*many, number=2))

    assert providers.bound == 201
    assert after.targets_for("m0")[0] is before.targets_for("m0")[0]
    assert after.targets_for("m7")[0].deployment.model == "other"
    assert after.revision == 2


def test_changed_settings_bind_everything_again(builder: Builder, providers: Providers) -> None:
    builder.build(revision(deployment("a")))

    snapshot = builder.build(revision(deployment("a"), settings=Settings(calls={"drop_params": True})))

    upstream: Any = snapshot.targets_for("m")[0].upstream
    assert upstream.options["drop_params"] is True


def test_records_of_a_kind_not_known_here_are_passed_over(builder: Builder) -> None:
    known = revision(deployment("a"))

    snapshot = builder.build(Revision(1, 1, {**known.records, record_name("novelty", "x"): b"?"}))

    assert snapshot.targets_for("m")


def test_a_wildcard_is_bound_to_the_model_that_is_asked_for(builder: Builder, providers: Providers) -> None:
    snapshot = builder.build(revision(deployment("w", model_name="openai/*", model="*")))

    (target,) = snapshot.targets_for("openai/gpt-4o")
    upstream: Any = target.upstream

    assert target.deployment.model == upstream.deployment.model == "gpt-4o"
    assert target.id == "w"
    assert snapshot.targets_for("openai/gpt-4o")[0] is target
    assert providers.bound == 2


def test_a_wildcard_for_any_provider_takes_it_from_the_name(builder: Builder) -> None:
    snapshot = builder.build(revision(deployment("w", model_name="*", model="*", provider="*")))

    for name in ("openai/gpt-4o", "gpt-4o"):
        (target,) = snapshot.targets_for(name)
        assert (target.deployment.provider, target.deployment.model) == ("openai", "gpt-4o")
        assert target.upstream
    with pytest.raises(BadRequest, match="names no provider"):
        snapshot.targets_for("no-such-model")
    assert snapshot.warnings == ()


def test_a_name_without_a_provider_goes_to_the_wildcard_that_has_one(builder: Builder) -> None:
    anyone = deployment("w", model_name="*", model="*", provider="*")
    mine = deployment("m", model_name="*", model="*")

    snapshot = builder.build(revision(anyone, mine))

    assert [target.id for target in snapshot.targets_for("no-such-model")] == ["m"]


def test_a_sealed_credential_may_be_more_than_a_text(builder: Builder) -> None:
    secrets = {"extra_headers": SEALER.seal_value({"x-key": "os.environ/KEY"})}

    (target,) = builder.build(revision(deployment("d", secrets=secrets))).targets_for("m")

    assert target.deployment.params["extra_headers"] == {"x-key": "from-env"}


def test_weights_come_from_the_first_measure_that_any_of_the_group_has(builder: Builder) -> None:
    def of(id: str, **params: Any) -> Deployment:
        return deployment(id, params={"api_key": "k", **params})

    weighed = builder.build(revision(of("a", weight=3, rpm=1), of("b", rpm=9))).targets_for("m")
    by_rpm = builder.build(revision(of("a", rpm=100), of("b", rpm="300", tpm=1))).targets_for("m")
    even = builder.build(revision(of("a"), of("b"))).targets_for("m")

    assert [target.weight for target in weighed] == [3, 0]
    assert [target.weight for target in by_rpm] == [100, 300]
    assert [target.weight for target in even] == [1, 1]


def test_blocked_deployments_serve_nothing(builder: Builder) -> None:
    snapshot = builder.build(revision(deployment("a", blocked=True), deployment("b", model_name="n")))

    assert snapshot.targets_for("m") == ()
    assert snapshot.model_names() == ["n"]


def test_the_price_is_known_before_a_request(builder: Builder) -> None:
    own = {"api_key": "k", "input_cost_per_token": 0.5}

    (target,) = builder.build(revision(deployment("a", params=own))).targets_for("m")

    assert target.price.known


def test_variables_of_the_config_go_before_those_of_the_process(builder: Builder) -> None:
    settings = Settings(environment={"KEY": SEALER.seal("from-config")})
    referring = deployment("a", params={"api_key": "os.environ/KEY"})
    [target] = builder.build(revision(referring, settings=settings)).targets_for("m")
    assert isinstance(target.bound, Upstream)
    assert target.bound.deployment.params["api_key"] == "from-config"
    assert target.bound.options["environment"]["KEY"] == "from-config"
    [target] = builder.build(revision(referring)).targets_for("m")
    assert target.bound.options["environment"]["KEY"] == "from-env"


def test_variables_sealed_with_another_key_are_left_out(
    builder: Builder, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(environment={"KEY": Sealer("other").seal("x")})
    [target] = builder.build(revision(deployment("a"), settings=settings)).targets_for("m")
    assert isinstance(target.bound, Upstream)
    assert target.bound.options["environment"]["KEY"] == "from-env"
    assert "environment_variables" in caplog.text
