/* Signatures: those few fields of MetaGraphDef, read as protobuf writes them. */
#pragma once

#include "tensorflow.h"

typedef struct { const char *name; TF_Output at; int64_t dtype, rank, axes[MOST_AXES]; } Info;
typedef struct { char *name; Info *infos[2]; int count[2]; } Signature; /* inputs, outputs */
typedef struct { int number; uint64_t value; Reader bytes; } Field;

static Signature *signatures;
static int signature_count;
static TF_Graph *graph;
static TF_Session *session;

static uint64_t varint(Reader *r) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    unsigned char byte = (unsigned char)*get_bytes(r, 1);
    value |= (uint64_t)(byte & 127) << shift;
    if (!(byte & 128)) return value;
  }
  die("This is no MetaGraphDef.");
  return 0;
}

static int next_field(Reader *r, Field *field) {
  if (r->data == r->end) return 0;
  uint64_t tag = varint(r);
  *field = (Field){(int)(tag >> 3), 0, {NULL, NULL}};
  switch (tag & 7) {
    case 0: field->value = varint(r); break;
    case 1: get_bytes(r, 8); break;
    case 5: get_bytes(r, 4); break;
    case 2: {
      int64_t size = (int64_t)varint(r);
      const char *data = get_bytes(r, size);
      field->bytes = (Reader){data, data + size};
      break;
    }
    default: die("This is no MetaGraphDef.");
  }
  return 1;
}

static char *text_of(Reader bytes) {
  char *text = strndup(bytes.data ? bytes.data : "", bytes.data ? size_of(bytes) : 0);
  if (!text) die("There is no memory for a name.");
  return text;
}

static TF_Output tensor_named(Reader bytes) {
  char *name = text_of(bytes), *colon = strrchr(name, ':');
  TF_Output at = {NULL, colon ? atoi(colon + 1) : 0};
  if (colon) *colon = 0;
  if (!(at.operation = TF_GraphOperationByName(graph, name))) die("There is no tensor %s.", name);
  free(name);
  return at;
}

static void read_shape(Reader shape, Info *info) { /* TensorShapeProto; rank -1: any */
  Field dimension, size;
  info->rank = 0;
  while (next_field(&shape, &dimension)) {
    if (dimension.number == 3 && dimension.value) info->rank = -1;
    if (dimension.number != 2) continue;
    if (info->rank == MOST_AXES) die("A tensor has more than %d axes.", MOST_AXES);
    int64_t *axis = &info->axes[info->rank++];
    for (*axis = 0; next_field(&dimension.bytes, &size);)
      if (size.number == 1) *axis = (int64_t)size.value;
  }
}

static void read_info(Reader entry, Info *info) { /* an entry of map<string, TensorInfo> */
  Field field, of_info;
  info->name = "";
  while (next_field(&entry, &field)) {
    if (field.number == 1) info->name = text_of(field.bytes);
    if (field.number != 2) continue;
    while (next_field(&field.bytes, &of_info)) {
      if (of_info.number == 1) info->at = tensor_named(of_info.bytes);
      if (of_info.number == 2) info->dtype = (int64_t)of_info.value;
      if (of_info.number == 3) read_shape(of_info.bytes, info);
    }
  }
}

static void read_signature(Reader entry, Signature *signature) {
  Field field, part;
  while (next_field(&entry, &field)) {
    if (field.number == 1) signature->name = text_of(field.bytes);
    if (field.number != 2) continue;
    while (next_field(&field.bytes, &part)) {
      if (part.number != 1 && part.number != 2) continue;
      int side = part.number - 1, i = signature->count[side]++;
      Info *infos = realloc(signature->infos[side], (size_t)(i + 1) * sizeof(Info));
      if (!infos || i == MOST_TENSORS) die("A signature has too many tensors.");
      signature->infos[side] = infos;
      infos[i] = (Info){0};
      read_info(part.bytes, &infos[i]);
    }
  }
}

static void read_signatures(Reader meta) {
  Field field;
  while (next_field(&meta, &field)) {
    if (field.number != 5) continue; /* MetaGraphDef.signature_def */
    signatures = realloc(signatures, (size_t)(signature_count + 1) * sizeof(Signature));
    if (!signatures) die("There is no memory for signatures.");
    Signature *signature = &signatures[signature_count];
    *signature = (Signature){0};
    read_signature(field.bytes, signature);
    if (signature->name && signature->name[0] != '_') signature_count++; /* else TensorFlow's own */
  }
}

static void tell_signatures(Writer *w, int64_t nanoseconds) {
  put(w, OK);
  put(w, nanoseconds);
  put(w, 0);
  put_string(w, TF_Version(), strlen(TF_Version()));
  put(w, signature_count);
  for (int i = 0; i < signature_count; i++) {
    put_string(w, signatures[i].name, strlen(signatures[i].name));
    for (int side = 0; side < 2; side++) {
      put(w, signatures[i].count[side]);
      for (int k = 0; k < signatures[i].count[side]; k++) {
        const Info *info = &signatures[i].infos[side][k];
        put_string(w, info->name, strlen(info->name));
        put(w, info->dtype);
        put(w, info->rank);
        for (int64_t axis = 0; axis < info->rank; axis++) put(w, info->axes[axis]);
      }
    }
  }
}
