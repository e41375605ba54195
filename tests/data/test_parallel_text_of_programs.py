"""Tables as pandas and spreadsheets write them: what they add to text is refused, text is not."""

import pytest

from keras_seq2seq.data.corpus_error import CorpusError
from keras_seq2seq.data.parallel_text import read_pairs


@pytest.fixture
def write(tmp_path):
    def write_file(name, content):
        (tmp_path / name).write_text(content, "utf-8")
        return str(tmp_path / name)

    return write_file


def error_of(spec, **options):
    with pytest.raises(CorpusError) as caught:
        read_pairs(spec, **options)
    return str(caught.value)


def test_a_table_whose_cells_are_all_quoted(write):
    rows = '"a ""dog"""\t"ein Hund"\n"go"\t"geh"\n'
    said = error_of(write("a.tsv", rows + rows))
    assert "a.tsv, line 1: every cell stands in quotation marks" in said
    numbered = "".join(f'{i}\t"a"\t"b"\n' for i in range(3))
    assert "QUOTE_NONE" in error_of(write("a.tsv", numbered), columns=(2, 3))
    said = error_of(write("a.tsv", "en\tde\n" + rows + rows))  # names without them
    assert "a.tsv, line 2: every cell stands" in said


def test_a_table_with_doubled_quotation_marks(write):
    rows = 'Go.\tGeh.\n"He said ""X"""\tX\nMe.\t"""Ich"""\n'
    said = error_of(write("a.tsv", rows))
    assert "a.tsv, line 2: quotation marks are doubled" in said and "QUOTE_NONE" in said
    text = '"No."\t"Nein."\nA ""b"" c\tx\n"Go."\t"Geh."\n"""Doc."""\t""\n5" x 3"\tFive\n'
    assert len(read_pairs(write("b.tsv", text))) == 5


@pytest.mark.parametrize("numbers", [range(4), [0, 3, 9, 12]])
def test_an_index_without_a_name(write, numbers):
    rows = "\ten\tde\n" + "".join(f"{n}\tgo {n}\tgeh\n" for n in numbers)
    said = error_of(write("pd.tsv", rows))
    assert "pd.tsv, line 1: column 1 is an index without a name" in said and "index=False" in said
    assert "index=False" in error_of(write("pd.tsv", rows), columns=(2, 1))
    assert len(read_pairs(write("pd.tsv", rows), columns=(2, 3))) == 5


def test_numbers_that_are_text_stay(write):
    rows = "0\tzero\n1\tone\n2\ttwo\n3\tthree\n"
    assert (
        len(read_pairs(write("a.tsv", rows))) == len(read_pairs(write("a.tsv", "\n" + rows))) == 4
    )
    assert len(read_pairs(write("a.tsv", "\tx\n9\tnine\n2\ttwo\n3\tthree\n"))) == 3
    assert len(read_pairs(write("a.tsv", "\tx\n" + rows + "word\tWort\n"))) == 5


def test_quotation_marks_that_are_text_stay(write):
    rows = '"Go!"\t"Geh!"\n"Go!" he said.\t"Geh!", sagte er.\n'
    assert len(read_pairs(write("a.tsv", rows))) == 2
    assert read_pairs(write("b.tsv", '"Go!"\t"Geh!"\n')).targets == ['"Geh!"']
    source, target = write("a.en", '"a"\n"b"\n'), write("a.de", '"c"\n"d"\n')
    assert len(read_pairs(f"{source},{target}")) == 2
    said = '"No."\t"Nein."\n' + "".join(
        f'"Yes{i}," he said. "Go."\t"Ja{i}", sagte er. "Geh."\n' for i in range(3)
    )
    assert len(read_pairs(write("c.tsv", said))) == 4
    quoted = "".join(f'"a{i}"\t"b{i}"\n' for i in range(1200))
    assert len(read_pairs(write("d.tsv", quoted + "c\td\n"))) == 1201
