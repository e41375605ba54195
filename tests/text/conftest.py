import pathlib
import sys

# tokenizer_samples.py is shared by the modules of this directory.
sys.path.insert(0, str(pathlib.Path(__file__).parent))
