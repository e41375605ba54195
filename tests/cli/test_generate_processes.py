"""How many processes `generate` starts by itself."""

import gzip
import io

import pytest

from keras_seq2seq.cli.generating import processes
from keras_seq2seq.data.line_stream import LineStream

MIB = 2**20


@pytest.mark.parametrize(
    ("text", "free", "gpu", "count"),
    [
        (None, 100, False, 1),  # it comes by and by
        (MIB, 100, False, 1),
        (3 * MIB, 100, False, 3),
        (1000 * MIB, 100, False, 6),
        (1000 * MIB, 4, False, 2),
        (1000 * MIB, 0.1, False, 1),
        (1000 * MIB, 100, True, 1),
    ],
)
def test_as_many_as_cores_text_and_memory_allow(monkeypatch, text, free, gpu, count):
    monkeypatch.setattr(processes, "process_count", lambda: 6)
    monkeypatch.setattr(processes, "_free_memory", lambda: int(free * 2**30))
    monkeypatch.setattr(processes, "_has_gpu", lambda: gpu)
    assert processes.choose_processes(text) == count


def test_the_size_of_a_text(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"line\n" * 100)
    assert LineStream.open(str(path)).text_bytes() == 500
    packed = tmp_path / "a.txt.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    stream = LineStream.open(str(packed))
    assert len(next(iter(stream))) == 100
    assert stream.text_bytes() == 4 * packed.stat().st_size
    assert LineStream(io.BytesIO(b"line\n"), "memory").text_bytes() is None
    assert processes._free_memory() > 2**20
