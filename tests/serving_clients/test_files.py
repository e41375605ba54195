"""Files that no test can run here are at least whole."""

import pathlib
import re
import shutil
import subprocess

import pytest

FOLDER = pathlib.Path(__file__).parents[2] / "export/serving"
SHELL = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.sh"))


@pytest.mark.parametrize("name", SHELL)
def test_shell_scripts_parse(name):
    bash = shutil.which("bash") or pytest.skip("there is no bash")
    checked = subprocess.run([bash, "-n", FOLDER / name], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr


def test_the_readme_names_files_that_are_there():
    there = {path.name for path in FOLDER.rglob("*")}
    for readme in FOLDER.rglob("README.md"):
        text = readme.read_text("utf-8")
        named = set(re.findall(r"`([\w/.-]+\.(?:py|sh|yaml|conf))`", text))
        named |= set(re.findall(r"(?:python|bash|-f) (?:\.\./)?([\w/.-]+\.\w+)", text))
        assert len(named) > 3
        missing = {pathlib.Path(name).name for name in named} - there
        assert missing <= {"models.config", "compose.yaml"}  # which are in a serving kit


def test_one_image_everywhere():
    """Whoever changes the version changes it in all files."""
    versions = set()
    for path in FOLDER.rglob("*"):
        if path.suffix in {".yaml", ".sh", ".md"} and "node_modules" not in path.parts:
            text = path.read_text("utf-8")
            versions |= set(re.findall(r"tensorflow/serving:([0-9.]+[0-9])", text))
            versions |= set(re.findall(r'runtimeVersion: "([^"]+)"', text))
    assert versions == {"2.20.0"}


def test_kubernetes_files_fit_the_schema():
    validate = pytest.importorskip("kubernetes_validate", reason="pip install kubernetes-validate")
    yaml = pytest.importorskip("yaml")
    documents = [*yaml.safe_load_all((FOLDER / "kubernetes.yaml").read_text("utf-8"))]
    for document in filter(None, documents):
        validate.validate(document, "1.30", strict=True)
    (service,) = yaml.safe_load_all((FOLDER / "kserve.yaml").read_text("utf-8"))
    assert service["kind"] == "InferenceService"


def test_one_set_of_flags():
    """The container of kubernetes.yaml is told what the kit's compose.yaml tells it."""
    server_files = pytest.importorskip("keras_seq2seq.export.kit.server_files")
    ours = set(re.findall(r"- (--\w+=\S+)", (FOLDER / "kubernetes.yaml").read_text("utf-8")))
    kits = set(re.findall(r"- (--\w+=\S+)", server_files.compose(1024)))
    assert ours == kits - {"--enable_model_warmup=true"}  # which is the default
