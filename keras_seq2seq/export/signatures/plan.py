"""Which signatures a SavedModel shall have."""

import dataclasses
from collections.abc import Sequence
from typing import Any, Self

from keras_seq2seq.decoding.search_options import SearchOptions
from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.export.signatures.details import details_signature
from keras_seq2seq.export.signatures.searching import NEUTRAL, OF_SAMPLING, search_signature
from keras_seq2seq.export.signatures.served_model import ServedModel
from keras_seq2seq.export.signatures.signature import Signature
from keras_seq2seq.export.signatures.steps import step_signatures
from keras_seq2seq.export.signatures.texts import (
    detokenize_signature,
    score_signature,
    tokenize_signature,
)
from keras_seq2seq.nearest_name import did_you_mean
from keras_seq2seq.text_models.text_seq2seq import TextSeq2Seq

BEAM_INPUTS = ("length_penalty", "max_length")


@dataclasses.dataclass(frozen=True)
class Plan:
    """The choices of an export; see `saved_model` for what they mean."""

    beam_size: int
    num_return: int
    beam_inputs: tuple[str, ...]
    replace_unknown: bool
    steps: bool
    shortlist: bool = False

    @classmethod
    def make(
        cls,
        model: TextSeq2Seq,
        beam_size: int,
        num_return: int | None,
        beam_inputs: Sequence[str],
        replace_unknown: bool,
        steps: bool,
        shortlist: bool = False,
    ) -> Self:
        """Raises an `ExportError` or a `ValueError` for choices that do not go together."""
        attends = model.seq2seq.attention is not None
        if replace_unknown and not attends:
            raise ExportError("replace_unknown needs a model with attention.")
        if replace_unknown and (num_return or 1) > 1:
            raise ExportError(f"replace_unknown is for one result, not num_return={num_return}.")
        if shortlist:
            search = SearchOptions(beam_size=max(1, beam_size), shortlist=True)
            try:
                model.seq2seq.check_shortlist(search)
            except ValueError as error:
                raise ExportError(str(error)) from error
        if isinstance(beam_inputs, str):
            raise ExportError(f"beam_inputs must be a list of names, got {beam_inputs!r}.")
        beam_inputs = tuple(beam_inputs)
        if beam_size < 2:
            SearchOptions(num_return=num_return or 1)  # refuses more than one result
            if beam_inputs not in (BEAM_INPUTS, ()):
                raise ExportError(
                    f"beam_inputs are of the signature beam_options: beam_size={beam_size} has "
                    "none."
                )
            return cls(1, 1, (), replace_unknown, steps, shortlist)
        if num_return is None:
            num_return = 1 if replace_unknown else beam_size
        options = SearchOptions(beam_size=beam_size, num_return=num_return)
        for name in beam_inputs:
            if name not in NEUTRAL:
                raise ExportError(f"beam_inputs: no option {name!r}.{did_you_mean(name, NEUTRAL)}")
            dataclasses.replace(options, **{name: NEUTRAL[name]})  # refuses what is not for beams
        if "coverage_penalty" in beam_inputs and not attends:
            raise ExportError("beam_inputs: coverage_penalty needs a model with attention.")
        sizes = options.beam_size, options.num_return
        return cls(*sizes, beam_inputs, replace_unknown, steps, shortlist)

    @property
    def beam(self) -> dict[str, Any] | None:
        """The options of the signature `beam`, or `None` if there is none."""
        if self.beam_size < 2:
            return None
        return {"beam_size": self.beam_size, "num_return": self.num_return}

    def signatures(self, model: TextSeq2Seq) -> dict[str, Signature]:
        """The functions to be traced, and their inputs, under the names of the signatures."""
        served = ServedModel(model, self.replace_unknown, self.shortlist)
        sampling = search_signature(served, SearchOptions(sampling=True), OF_SAMPLING, OF_SAMPLING)
        found = {
            "serving_default": search_signature(served, SearchOptions()),
            "sample": sampling,
            "details": details_signature(served),
            "score": score_signature(served),
            "tokenize": tokenize_signature(served),
            "detokenize": detokenize_signature(served),
        }
        if self.beam:
            options = SearchOptions(**self.beam)
            inputs = self.beam_inputs
            found["beam"] = search_signature(served, options, inputs)
            if inputs:
                found["beam_options"] = search_signature(served, options, inputs, inputs)
        return found | (step_signatures(served) if self.steps else {})

    def facts(self) -> dict[str, Any]:
        """What the manifest says of it."""
        beam = self.beam and {**self.beam, "inputs": list(self.beam_inputs)}
        facts = {"beam": beam, "replace_unknown": self.replace_unknown}
        return facts | ({"shortlist": True} if self.shortlist else {})
