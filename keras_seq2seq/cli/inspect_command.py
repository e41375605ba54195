"""`keras-seq2seq inspect`."""

from rich.table import Table

from keras_seq2seq.cli.arguments import AsJson, ModelArgument
from keras_seq2seq.cli.terminal import out, print_json


def run(model: ModelArgument, as_json: AsJson = False) -> None:
    """Shows what a model is made of."""
    from keras_seq2seq.export import open_artefact

    artefact = open_artefact(model)
    facts = {"kind": artefact.kind, "path": artefact.path, "bytes": artefact.size_bytes()}
    facts |= artefact.describe()
    if as_json:
        return print_json(facts)
    table = Table(title=str(model), show_header=False)
    for name, value in facts.items():
        table.add_row(name, f"{value:,}" if type(value) is int else str(value))
    out.print(table)
