import sys

import pytest

from tianji.errors import BadRequest
from tianji.plugins.family import Family


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    package = tmp_path / "zoo"
    package.mkdir()
    for name, text in {
        "__init__": "",
        "contract": "",
        "_inside": "",
        "lion": "sound = 'roar'",
        "tiger": "raise RuntimeError('imported')",
    }.items():
        (package / f"{name}.py").write_text(text)
    (package / "folder").mkdir()
    (package / "folder" / "__init__.py").write_text("")
    distribution = tmp_path / "parrots-1.0.dist-info"
    distribution.mkdir()
    (distribution / "METADATA").write_text("Metadata-Version: 2.1\nName: parrots\nVersion: 1.0\n")
    (distribution / "entry_points.txt").write_text("[zoo]\nparrot = zoo.lion:sound\nlion = nowhere\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield Family("zoo", "animal")
    for name in [name for name in sys.modules if name.partition(".")[0] == "zoo"]:
        del sys.modules[name]


def test_members_are_listed_without_importing_them(zoo):
    assert zoo.names == ["lion", "parrot", "tiger"]
    assert "tiger" in zoo
    assert "folder" not in zoo
    assert not {"zoo.lion", "zoo.tiger"} & sys.modules.keys()


def test_a_member_is_imported_on_first_use(zoo):
    assert zoo.load("lion").sound == "roar"
    assert zoo.load("lion") is zoo.load("lion")


def test_an_entry_point_adds_a_member_but_replaces_none(zoo):
    assert zoo.load("parrot") == "roar"
    assert zoo.load("lion").sound == "roar"


def test_an_unknown_name_is_told_with_the_nearest_one(zoo):
    with pytest.raises(BadRequest, match="Unknown animal 'loin'; did you mean 'lion'"):
        zoo.load("loin")
    with pytest.raises(BadRequest, match=r"Unknown animal 'zzz'$"):
        zoo.load("zzz")
