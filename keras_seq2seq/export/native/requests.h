/* A request: tensors in, the session, tensors out. */
#pragma once

#include "signatures.h"

typedef struct { Reader name, content; int64_t dtype, rank, axes[MOST_AXES], count; } View;

static View view_tensor(Reader *r) {
  View v = {.count = 1};
  v.name = get_string(r);
  v.dtype = get(r);
  v.rank = get(r);
  if (v.rank < 0 || v.rank > MOST_AXES) die("A tensor of %lld axes.", (long long)v.rank);
  for (int64_t i = 0; i < v.rank; i++)
    if ((v.axes[i] = get(r)) < 0 || __builtin_mul_overflow(v.count, v.axes[i], &v.count))
      die("A tensor with an axis of %lld.", (long long)v.axes[i]);
  if (v.dtype != STRING) {
    v.content = get_string(r);
    return v;
  }
  v.content.data = r->data;
  for (int64_t i = 0; i < v.count; i++) get_string(r);
  v.content.end = r->data;
  return v;
}

static TF_Tensor *make_tensor(View v) {
  size_t width = v.dtype == STRING ? STRING_SIZE : TF_DataTypeSize((int)v.dtype);
  size_t size = (size_t)v.count * width;
  if (v.dtype != STRING && size_of(v.content) != size) die("A tensor does not fill its shape.");
  TF_Tensor *tensor = TF_AllocateTensor((int)v.dtype, v.axes, (int)v.rank, size);
  if (!tensor) die("There is no memory for a tensor.");
  char *data = TF_TensorData(tensor);
  if (v.dtype != STRING) {
    if (size) memcpy(data, v.content.data, size);
    return tensor;
  }
  for (int64_t i = 0; i < v.count; i++, data += STRING_SIZE) {
    Reader text = get_string(&v.content);
    TF_StringInit(data);
    TF_StringCopy(data, text.data, size_of(text));
  }
  return tensor;
}

static void drop_tensor(TF_Tensor *tensor) { /* one that make_tensor made: its strings are ours */
  if (TF_TensorType(tensor) == STRING) {
    char *data = TF_TensorData(tensor), *end = data + TF_TensorByteSize(tensor);
    for (; data < end; data += STRING_SIZE) TF_StringDealloc(data);
  }
  TF_DeleteTensor(tensor);
}

static void put_tensor(Writer *w, const char *name, const TF_Tensor *tensor) {
  int64_t count = 1;
  put_string(w, name, strlen(name));
  put(w, TF_TensorType(tensor));
  put(w, TF_NumDims(tensor));
  for (int i = 0; i < TF_NumDims(tensor); i++) {
    put(w, TF_Dim(tensor, i));
    count *= TF_Dim(tensor, i);
  }
  const char *data = TF_TensorData(tensor);
  if (TF_TensorType(tensor) != STRING) {
    put_string(w, data, TF_TensorByteSize(tensor));
    return;
  }
  for (int64_t i = 0; i < count; i++, data += STRING_SIZE)
    put_string(w, TF_StringGetDataPointer(data), TF_StringGetSize(data));
}

static const Info *info_named(const Signature *signature, int side, Reader name) {
  for (int i = 0; i < signature->count[side]; i++)
    if (is(name, signature->infos[side][i].name)) return &signature->infos[side][i];
  return NULL;
}

static const Signature *signature_named(Reader name) {
  for (int i = 0; i < signature_count; i++)
    if (is(name, signatures[i].name)) return &signatures[i];
  return NULL;
}

/* Reads the inputs of a request; returns how many, or -1 after an error. */
static int read_inputs(Reader *r, const Signature *signature, TF_Output *at, View *views,
                       Writer *w) {
  int64_t count = get(r);
  if (count < 0 || count > MOST_TENSORS) die("%lld inputs.", (long long)count);
  for (int i = 0; i < count; i++) {
    views[i] = view_tensor(r);
    Reader name = views[i].name;
    const Info *info = info_named(signature, 0, name);
    int twice = 0;
    for (int k = 0; k < i; k++) twice |= same(views[k].name, name);
    if (!info || twice) {
      fail(w, INVALID_ARGUMENT, "Signature \"%s\" has no %sinput \"%.*s\".", signature->name,
           twice ? "second " : "", (int)size_of(name), name.data);
      return -1;
    }
    at[i] = info->at;
  }
  if (count != signature->count[0]) {
    fail(w, INVALID_ARGUMENT, "Signature \"%s\" has %d inputs, the request %d.", signature->name,
         signature->count[0], (int)count);
    return -1;
  }
  return (int)count;
}

static int read_outputs(Reader *r, const Signature *signature, const Info **infos, Writer *w) {
  int64_t count = get(r);
  if (count < 0) {
    for (int i = 0; i < signature->count[1]; i++) infos[i] = &signature->infos[1][i];
    return signature->count[1];
  }
  if (count > MOST_TENSORS) die("%lld outputs.", (long long)count);
  for (int i = 0; i < count; i++) {
    Reader name = get_string(r);
    if (!(infos[i] = info_named(signature, 1, name))) {
      fail(w, INVALID_ARGUMENT, "Signature \"%s\" has no output \"%.*s\".", signature->name,
           (int)size_of(name), name.data);
      return -1;
    }
  }
  return (int)count;
}

static size_t run_options(int64_t milliseconds, unsigned char *bytes) { /* RunOptions: timeout */
  size_t size = 0;
  if (milliseconds <= 0) return 0;
  bytes[size++] = 0x10;
  for (uint64_t rest = (uint64_t)milliseconds; size < 11; rest >>= 7) {
    bytes[size++] = (unsigned char)((rest & 127) | (rest > 127 ? 128 : 0));
    if (rest <= 127) break;
  }
  return size;
}

static void run(Reader request, Writer *w) {
  if (get(&request) != 1) die("A request is of no known kind.");
  Reader name = get_string(&request);
  int64_t milliseconds = get(&request);
  const Signature *signature = signature_named(name);
  if (!signature) {
    fail(w, FAILED_PRECONDITION, "Serving signature key \"%.*s\" not found.", (int)size_of(name),
         name.data);
    return;
  }
  View views[MOST_TENSORS];
  const Info *wanted[MOST_TENSORS];
  TF_Output from[MOST_TENSORS], to[MOST_TENSORS];
  TF_Tensor *given[MOST_TENSORS], *made[MOST_TENSORS] = {NULL};
  int inputs = read_inputs(&request, signature, from, views, w);
  int outputs = inputs < 0 ? -1 : read_outputs(&request, signature, wanted, w);
  if (outputs < 0) return;
  for (int i = 0; i < inputs; i++) given[i] = make_tensor(views[i]);
  for (int i = 0; i < outputs; i++) to[i] = wanted[i]->at;
  unsigned char bytes[16];
  TF_Buffer options = {bytes, run_options(milliseconds, bytes), NULL};
  TF_Status *status = TF_NewStatus();
  int64_t start = now();
  TF_SessionRun(session, options.length ? &options : NULL, from, given, inputs, to, made, outputs,
                NULL, 0, NULL, status);
  int64_t took = now() - start;
  if (TF_GetCode(status)) {
    fail(w, TF_GetCode(status), "%s", TF_Message(status));
  } else {
    w->size = 0;
    put(w, OK);
    put(w, took);
    put(w, outputs);
    for (int i = 0; i < outputs; i++) put_tensor(w, wanted[i]->name, made[i]);
  }
  TF_DeleteStatus(status);
  for (int i = 0; i < inputs; i++) drop_tensor(given[i]);
  for (int i = 0; i < outputs; i++)
    if (made[i]) TF_DeleteTensor(made[i]);
}
