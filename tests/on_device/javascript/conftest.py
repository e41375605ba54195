import os
import pathlib
import shutil
import subprocess
import sys

import pytest

# The modules beside this file that tests share.
sys.path.insert(0, str(pathlib.Path(__file__).parent))


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
        known = place / "package.json"
        wanted = (folder / "package.json").read_bytes()
        if not known.is_file() or known.read_bytes() != wanted:
            (place / "package.json").write_bytes(wanted)
            command = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(command, cwd=place, check=True)
        return place / "node_modules" / name

    return installed
