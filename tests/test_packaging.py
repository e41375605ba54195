"""What is shipped: metadata that agree with the project, and files that are there."""

import pathlib
import subprocess
import sys
import tarfile
import tomllib
import zipfile

import pytest

ROOT = pathlib.Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_metadata_agree_with_the_project():
    license = (ROOT / "LICENSE").read_text("utf-8")
    assert PROJECT["license"] == "Apache-2.0" and PROJECT["license-files"] == ["LICENSE"]
    assert "Version 2.0, January 2004" in license and "END OF TERMS AND CONDITIONS" in license
    versions = [c.rpartition(" ")[2] for c in PROJECT["classifiers"] if " :: 3." in c]
    assert PROJECT["requires-python"] == f">={versions[0]}"
    assert all("email" not in author for author in PROJECT["authors"])


def test_what_the_source_archive_shall_hold_is_there():
    for line in (ROOT / "MANIFEST.in").read_text().splitlines():
        kind, *names = line.split()
        if kind in ("include", "graft"):
            assert all((ROOT / name).exists() for name in names), line


@pytest.mark.slow
def test_the_archives_hold_what_they_shall(tmp_path):
    pytest.importorskip("build.__main__")  # a folder build/ is not the package
    command = [sys.executable, "-m", "build", "--outdir", tmp_path, ROOT]
    subprocess.run(list(map(str, command)), check=True, capture_output=True)
    [source], [wheel] = tmp_path.glob("*.tar.gz"), tmp_path.glob("*.whl")
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    shipped = {"LICENSE", "CHANGELOG.md", "README.md", "requirements.txt", "docs/architecture.svg"}
    shipped |= {"notebooks/01_quickstart.ipynb", "tests/conftest.py", "benchmarks/README.md"}
    assert shipped <= names and not [name for name in names if name.endswith(".pyc")]
    names = set(zipfile.ZipFile(wheel).namelist())
    package = ROOT / "keras_seq2seq"
    kinds = ("tsv", "toml", "c", "h", "html", "css", "js", "svg")
    data = [package / "py.typed"] + [p for kind in kinds for p in package.rglob(f"*.{kind}")]
    assert len(data) > 3 and {str(file.relative_to(ROOT)) for file in data} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/"))]
