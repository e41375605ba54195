import os
import pathlib
import shutil
import subprocess
import sys

import pytest

# The modules beside this file that tests share.
sys.path[:0] = [str(pathlib.Path(__file__).parents[i]) for i in range(2)]


@pytest.fixture(scope="session")
def javascript_packages():
    """Installs what a folder's package.json asks for, and gives the folder of one package."""
    from javascript import CLIENT

    if "KERAS_SEQ2SEQ_SERVERS" not in os.environ:
        pytest.skip("set KERAS_SEQ2SEQ_SERVERS to a directory where packages may be installed")

    def installed(name, folder=CLIENT):
        npm = shutil.which("npm") or pytest.skip("needs npm: apt-get install npm")
        place = pathlib.Path(os.environ["KERAS_SEQ2SEQ_SERVERS"], f"npm-{folder.name}").absolute()
        place.mkdir(parents=True, exist_ok=True)
        names = ["package.json", "package-lock.json"]
        wanted = {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}
        done = place / "complete"
        if not done.is_file() or any((place / n).read_bytes() != c for n, c in wanted.items()):
            done.unlink(missing_ok=True)
            for name, content in wanted.items():
                (place / name).write_bytes(content)
            what = "ci" if "package-lock.json" in wanted else "install"
            command = [npm, what, "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(command, cwd=place, check=True)
            done.touch()
        return place / "node_modules" / name

    return installed
