"""Runs every notebook, small."""

import contextlib
import pathlib
import shutil
import sys

import nbformat
import psutil
import pytest
from contracts import few_at_first
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

NOTEBOOKS = sorted(pathlib.Path(__file__).parents[2].glob("notebooks/*.ipynb"))


def kernel_of_this_interpreter():
    """The kernel that ipykernel brings, whatever kernels are registered on this machine."""
    manager = AsyncKernelManager(
        kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[])
    )
    if manager.kernel_spec.argv[0] != sys.executable:
        raise AssertionError(f"{manager.kernel_spec.argv} is not the kernel of {sys.executable}")
    return manager


def left_by_notebook(folder):
    """Processes that a notebook started; not its kernel, which ends with the tests."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):  # ended meanwhile, or someone else's
            is_its = process.environ().get("IPYTHONDIR") == str(folder)
            if is_its and "ipykernel_launcher" not in process.cmdline():
                found.append(process)
    return found


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", few_at_first(1, NOTEBOOKS), ids=lambda path: path.stem)
def test_every_cell_runs(path, tmp_path, monkeypatch):
    monkeypatch.setenv("NOTEBOOK_EPOCHS", "1")
    monkeypatch.setenv("NOTEBOOK_PAIRS", "1500")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))  # no one's start-up files
    copy = pathlib.Path(shutil.copy(path, tmp_path))
    notebook = nbformat.read(copy, as_version=4)
    client = NotebookClient(
        notebook,
        km=kernel_of_this_interpreter(),
        timeout=300,
        resources={"metadata": {"path": str(tmp_path)}},
    )
    client.execute()  # raises CellExecutionError at the first error
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    assert {entry.name for entry in tmp_path.iterdir()} <= {copy.name, "ipython"}  # tidy
    _, alive = psutil.wait_procs(left_by_notebook(tmp_path / "ipython"), 30)
    assert not alive  # no server of it either


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_outputs_are_those_of_a_full_run(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    assert outputs
    for output in outputs:
        assert output.output_type != "error"
        assert output.get("name") != "stderr", output.text
    for text in ("/home/", "/Users/", "/tmp/", str(path.parents[1])):
        assert text not in path.read_text("utf-8")
