"""The messages of a warm-up file, as TensorFlow Serving numbers them."""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_PACKAGE = "keras_seq2seq.warmup"  # a name of its own: serving's may be there, too
_Field: Any = descriptor_pb2.FieldDescriptorProto
_TYPES = {"string": _Field.TYPE_STRING, "bytes": _Field.TYPE_BYTES}  # any other is a message

# What a record of a Predict request needs: message, field, its number, its type. Inputs are a map
# there, which is the same bytes; a tensor stands as its own bytes.
_FIELDS = (
    ("PredictionLog", "predict_log", 6, "PredictLog"),
    ("PredictLog", "request", 1, "PredictRequest"),
    ("PredictRequest", "model_spec", 1, "ModelSpec"),
    ("PredictRequest", "inputs", 2, "*Input"),
    ("PredictRequest", "output_filter", 3, "*string"),
    ("ModelSpec", "signature_name", 3, "string"),
    ("Input", "key", 1, "string"),
    ("Input", "value", 2, "bytes"),
)


def _message_class() -> Any:
    file = descriptor_pb2.FileDescriptorProto(
        name="keras_seq2seq/warmup.proto", package=_PACKAGE, syntax="proto3"
    )
    names = dict.fromkeys(message for message, *_ in _FIELDS)
    messages = {name: file.message_type.add(name=name) for name in names}
    for message, name, number, kind in _FIELDS:
        label = _Field.LABEL_REPEATED if kind.startswith("*") else _Field.LABEL_OPTIONAL
        kind = kind.lstrip("*")
        type_of = _TYPES.get(kind, _Field.TYPE_MESSAGE)
        field = messages[message].field.add(name=name, number=number, label=label, type=type_of)
        if kind in messages:
            field.type_name = f".{_PACKAGE}.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.PredictionLog"))


PredictionLog: Any = _message_class()
