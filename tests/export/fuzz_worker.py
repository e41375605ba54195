"""Opens files that are named on standard input, and says of each what came of it: see test_fuzz.

Usage: fuzz_worker.py KIND. For each line, a path, one line of JSON: `["same" | "other" | "refused"
| "raw", message, seconds]`; `raw` is an error that nobody wrote.
"""

import json
import os
import resource
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
TEXTS = ["abc", "fed cab", ""]


def reader(kind):
    """What is done with a file of this kind: gives something that can be compared."""
    if kind == "config":
        from keras_seq2seq.training import load_config

        return lambda path: load_config(path).to_dict()
    if kind == "checkpoint":
        from keras_seq2seq.training.recovery.checkpoint import Checkpoint

        def read(path):
            found = Checkpoint.read(path)
            return found.state, {name: array.tolist() for name, array in found.arrays.items()}

        return read
    if kind == "vocabulary":
        from keras_seq2seq.text import CharacterTokenizer

        def read(path):
            folder = os.path.dirname(path)
            with open(os.path.join(folder, "tokenizer.json"), encoding="utf-8") as file:
                tokenizer = CharacterTokenizer.from_config(json.load(file))
            tokenizer.load_assets(folder)
            return tokenizer.tokens()

        return read
    from keras_seq2seq import open_artefact

    return lambda path: list(open_artefact(path).generate(TEXTS))


def main():
    kind, whole = sys.argv[1:]
    read = reader(kind)
    from keras_seq2seq.specs.config_error import ConfigError
    from keras_seq2seq.training.errors import TrainingError

    expected = json.dumps(read(whole))
    # What Python and TensorFlow have mapped by now, and 2 GB for the file.
    with open("/proc/self/statm") as file:
        mapped = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + 2 * 10**9,) * 2)
    print("ready", flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        try:
            found = "same" if json.dumps(read(line.strip())) == expected else "other"
            message = ""
        except (ValueError, ConfigError, TrainingError) as error:
            ours = type(error).__module__.startswith("keras_seq2seq") or kind == "vocabulary"
            found, message = "refused" if ours else "raw", f"{type(error).__name__}: {error}"
        except BaseException as error:
            found, message = "raw", f"{type(error).__name__}: {error}"
        print(json.dumps([found, message[:300], time.perf_counter() - start]), flush=True)


if __name__ == "__main__":
    main()
