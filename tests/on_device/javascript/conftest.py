import pathlib
import sys

# The modules beside this file that tests share.
sys.path.insert(0, str(pathlib.Path(__file__).parent))
