"""`.tflite` files of ids, from the tracing of signatures to the choice of a format."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from keras_seq2seq.decoding.search_options import SearchOptions
from keras_seq2seq.export.checks.device import DeviceCheck
from keras_seq2seq.export.checks.quantized import check_quantized
from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.export.manifest import describe_device_model, describe_tokenized
from keras_seq2seq.export.on_device.conversion import convert
from keras_seq2seq.export.on_device.device_signatures import DeviceSignatures
from keras_seq2seq.export.on_device.golden import golden_cases
from keras_seq2seq.export.on_device.one_sentence import ForOneSentence
from keras_seq2seq.export.on_device.text_rules import clients_know, text_rules
from keras_seq2seq.export.quantization.format_names import AUTO, NONE
from keras_seq2seq.export.quantization.formats import files_of_formats
from keras_seq2seq.export.quantization.gate import compare_formats, through_gate
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq

_BEAMS = 4  # of `beam`, if the search of `translate` is greedy


class IdsFiles:
    """Files of ids, in one format or in several, of a model that is traced once.

    Args:
        twin: the model, float32.
        other: a second copy, which is changed.
        search: of `translate`; `beam` has the same, for as many results as beams.
        chosen: names of signatures.
        texts: sources to compare model and files on.
        plain: whether `search` is greedy, without any option.
    """

    def __init__(
        self,
        twin: TextSeq2Seq,
        other: TextSeq2Seq,
        search: SearchOptions,
        chosen: set[str],
        texts: Sequence[str],
        plain: bool,
    ):
        self.twin, self.texts, self.plain = twin, texts, plain
        beams = search.beam_size if search.beam_size > 1 else _BEAMS
        self.searches = {
            "translate": search,
            "beam": dataclasses.replace(search, beam_size=beams, num_return=beams),
        }
        sentence = ForOneSentence(other.seq2seq)
        made = DeviceSignatures(other.seq2seq, other.max_source_length, other.max_target_length)
        self.functions = {
            name: sentence.trace(*made.search(name, self.searches[name].for_batch(1)))
            for name in ("translate", "beam")
            if name in chosen
        }
        if "score" in chosen:
            self.functions["score"] = sentence.trace(*made.score())
        if "decode_step" in chosen:
            steps = made.steps(sentence.trace)
            self.functions["encode"] = sentence.trace(*steps.encode())
            self.functions["decode_step"] = sentence.trace(*steps.decode_step())

    def choose(
        self,
        wanted: str,
        pairs: tuple[Sequence[str], Sequence[str]] | None,
        max_loss: float,
        progress: Callable[[int], object] | None,
        judge_by: str = AUTO,
    ) -> tuple[bytes, dict[str, Any]]:
        """The file, which has passed its checks, and its manifest but for what all files have."""
        twin = self.twin
        files, refused = files_of_formats(
            wanted,
            lambda formats: convert(self.functions, formats=list(formats)),
            twin.seq2seq.target_vocabulary_size,
        )
        checks = {name: DeviceCheck(twin, files[name], self.searches) for name in files}
        checks[NONE].check(self.texts)
        for name in [name for name in files if name != NONE]:
            try:
                check_quantized(checks[name], self.texts, self.plain)
            except ExportError as error:
                if wanted != AUTO:
                    raise
                refused[name] = str(error)
                del files[name]
        quantization: dict[str, Any] = {"format": wanted}
        if pairs is not None and (len(files) > 1 or wanted == AUTO):
            report = compare_formats(twin, files, pairs, max_loss, progress, judge_by)
            report = dataclasses.replace(through_gate(report, wanted), refused=refused)
            quantization = report.to_dict()
        chosen = quantization["format"]
        golden = golden_cases(
            twin, lambda **inputs: checks[chosen].run("translate", **inputs), self.texts
        )
        described = {name: _describe(function) for name, function in self.functions.items()}
        facts = {"signatures": described, "quantization": quantization, "golden": golden}
        return files[chosen], self._facts_of_text() | facts

    def _facts_of_text(self) -> dict[str, Any]:
        """Rules for all clients; or, of a tokenizer of the user's, what this package reads."""
        twin = self.twin
        both = twin.source_tokenizer, twin.target_tokenizer
        if all(map(clients_know, both)):
            return describe_device_model(twin) | text_rules(*both, twin.max_source_length)
        return describe_tokenized(twin, "ids")


def _describe(function: Any) -> dict[str, Any]:
    """Dtype and shape of each input and output of a concrete function."""
    _, inputs = function.structured_input_signature
    inputs = {
        spec.name: spec for spec in [*function.structured_input_signature[0], *inputs.values()]
    }
    both = {"inputs": inputs, "outputs": function.structured_outputs}
    return {
        side: {
            name: {"dtype": tensors[name].dtype.name, "shape": tensors[name].shape.as_list()}
            for name in sorted(tensors)
        }
        for side, tensors in both.items()
    }
