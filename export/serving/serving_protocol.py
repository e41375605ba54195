"""The messages of TensorFlow Serving's gRPC interface, as far as the client speaks it.

The official ones (package `tensorflow-serving-api`) import all of TensorFlow: gigabytes on disk and
five seconds. These need `protobuf` alone and are the same on the wire, where names of messages do
not matter and an enum is an int32. They live in a pool of their own, beside the official ones.
"""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

# Message -> fields, each `number name type`; `*` is repeated, `map:` a map from strings.
MESSAGES = {
    # tensorflow/core/framework/{tensor_shape,tensor}.proto
    "Dim": "1 size int64",
    "Shape": "2 dim *Dim, 3 unknown_rank bool",
    "Tensor": "1 dtype int32, 2 tensor_shape Shape, 4 tensor_content bytes, 5 float_val *float, "
    "6 double_val *double, 7 int_val *int32, 8 string_val *bytes, 10 int64_val *int64, "
    "11 bool_val *bool",
    # tensorflow/core/protobuf/meta_graph.proto
    "TensorInfo": "1 name string, 2 dtype int32, 3 tensor_shape Shape",
    "SignatureDef": "1 inputs map:TensorInfo, 2 outputs map:TensorInfo, 3 method_name string",
    # google/protobuf/{any,wrappers}.proto
    "Any": "1 type_url string, 2 value bytes",
    "Int64Value": "1 value int64",
    # tensorflow_serving/apis/*.proto
    "ModelSpec": "1 name string, 2 version Int64Value, 3 signature_name string, "
    "4 version_label string",
    "PredictRequest": "1 model_spec ModelSpec, 2 inputs map:Tensor, 3 output_filter *string",
    "PredictResponse": "1 outputs map:Tensor, 2 model_spec ModelSpec",
    "StatusProto": "1 error_code int32, 2 error_message string",
    "ModelVersionStatus": "1 version int64, 2 state int32, 3 status StatusProto",
    "GetModelStatusRequest": "1 model_spec ModelSpec",
    "GetModelStatusResponse": "1 model_version_status *ModelVersionStatus",
    "GetModelMetadataRequest": "1 model_spec ModelSpec, 2 metadata_field *string",
    "GetModelMetadataResponse": "1 model_spec ModelSpec, 2 metadata map:Any",
    "SignatureDefMap": "1 signature_def map:SignatureDef",
    # grpc/health/v1/health.proto
    "HealthCheckRequest": "1 service string",
    "HealthCheckResponse": "1 status int32",
}
STATES = {10: "START", 20: "LOADING", 30: "AVAILABLE", 40: "UNLOADING", 50: "END"}
HEALTH = {1: "SERVING", 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN"}
# DataType -> its name in the REST interface, and the field of Tensor that holds such values.
TYPES = {
    1: ("DT_FLOAT", "float_val"),
    2: ("DT_DOUBLE", "double_val"),
    3: ("DT_INT32", "int_val"),
    7: ("DT_STRING", "string_val"),
    9: ("DT_INT64", "int64_val"),
    10: ("DT_BOOL", "bool_val"),
}


def _message_classes() -> dict[str, Any]:
    field_proto = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="serving.proto", package="p", syntax="proto3")
    for name, fields in MESSAGES.items():
        declared = file.message_type.add(name=name)
        for field in fields.split(", "):
            number, field_name, kind = field.split(" ")
            added = declared.field.add(name=field_name, number=int(number), label=1)
            if kind.startswith(("*", "map:")):
                added.label = field_proto.LABEL_REPEATED
            if kind.startswith("map:"):
                entry_name = "".join(p.capitalize() for p in field_name.split("_")) + "Entry"
                entry = declared.nested_type.add(name=entry_name, options={"map_entry": True})
                entry.field.add(name="key", number=1, label=1, type=field_proto.TYPE_STRING)
                value = entry.field.add(name="value", number=2, label=1)
                _set_type(value, kind.removeprefix("map:"))
                kind = f"{name}.{entry_name}"
            _set_type(added, kind.removeprefix("*"))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"p.{name}"))
        for name in MESSAGES
    }


def _set_type(field: Any, kind: str) -> None:
    scalar = getattr(descriptor_pb2.FieldDescriptorProto, f"TYPE_{kind.upper()}", None)
    if scalar is None:
        field.type = descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE
        field.type_name = f".p.{kind}"
    else:
        field.type = scalar


CLASSES = _message_classes()
