/* TensorFlow's C API, from libraries that are opened when the program runs. */
#pragma once

#include "messages.h"

enum { OK = 0, INVALID_ARGUMENT = 3, FAILED_PRECONDITION = 9 }; /* TensorFlow's codes */
enum { FLOAT = 1, DOUBLE = 2, STRING = 7 };                     /* TensorFlow's dtypes */
enum { MOST_AXES = 16, MOST_TENSORS = 64, STRING_SIZE = 24, MOST_LIBRARIES = 256 };

typedef struct TF_Status TF_Status;
typedef struct TF_Tensor TF_Tensor;
typedef struct TF_Graph TF_Graph;
typedef struct TF_Session TF_Session;
typedef struct TF_SessionOptions TF_SessionOptions;
typedef struct TF_Operation TF_Operation;
typedef struct TF_Library TF_Library;
typedef struct { TF_Operation *operation; int index; } TF_Output;
typedef struct { const void *data; size_t length; void (*free)(void *, size_t); } TF_Buffer;

#define API(F)                                                                                     \
  F(const char *, TF_Version, (void))                                                              \
  F(TF_Status *, TF_NewStatus, (void))                                                             \
  F(void, TF_DeleteStatus, (TF_Status *))                                                          \
  F(int, TF_GetCode, (const TF_Status *))                                                          \
  F(const char *, TF_Message, (const TF_Status *))                                                 \
  F(TF_Library *, TF_LoadLibrary, (const char *, TF_Status *))                                     \
  F(TF_SessionOptions *, TF_NewSessionOptions, (void))                                             \
  F(void, TF_SetConfig, (TF_SessionOptions *, const void *, size_t, TF_Status *))                  \
  F(TF_Graph *, TF_NewGraph, (void))                                                               \
  F(TF_Buffer *, TF_NewBuffer, (void))                                                             \
  F(TF_Session *, TF_LoadSessionFromSavedModel,                                                    \
    (const TF_SessionOptions *, const TF_Buffer *, const char *, const char *const *, int,         \
     TF_Graph *, TF_Buffer *, TF_Status *))                                                        \
  F(TF_Operation *, TF_GraphOperationByName, (TF_Graph *, const char *))                           \
  F(void, TF_SessionRun,                                                                           \
    (TF_Session *, const TF_Buffer *, const TF_Output *, TF_Tensor *const *, int,                  \
     const TF_Output *, TF_Tensor **, int, const TF_Operation *const *, int, TF_Buffer *,          \
     TF_Status *))                                                                                 \
  F(TF_Tensor *, TF_AllocateTensor, (int, const int64_t *, int, size_t))                           \
  F(void, TF_DeleteTensor, (TF_Tensor *))                                                          \
  F(int, TF_TensorType, (const TF_Tensor *))                                                       \
  F(int, TF_NumDims, (const TF_Tensor *))                                                          \
  F(int64_t, TF_Dim, (const TF_Tensor *, int))                                                     \
  F(size_t, TF_TensorByteSize, (const TF_Tensor *))                                                \
  F(void *, TF_TensorData, (const TF_Tensor *))                                                    \
  F(size_t, TF_DataTypeSize, (int))                                                                \
  F(void, TF_StringInit, (void *))                                                                 \
  F(void, TF_StringCopy, (void *, const char *, size_t))                                           \
  F(const char *, TF_StringGetDataPointer, (const void *))                                         \
  F(size_t, TF_StringGetSize, (const void *))                                                      \
  F(void, TF_StringDealloc, (void *))

#define DECLARE(result, name, arguments) static result(*name) arguments;
API(DECLARE)

static void *found(const char *name) { return dlsym(RTLD_DEFAULT, name); }

static void open_libraries(const char **libraries, int count, int xla) {
  for (int i = 0; i < count; i++)
    if (!dlopen(libraries[i], RTLD_LAZY | RTLD_GLOBAL)) die("%s", dlerror());
#define FIND(result, name, arguments)                                                              \
  *(void **)&name = found(#name);                                                                  \
  if (!name) die("The libraries have no %s.", #name);
  API(FIND)
  void (*off)(void);
  *(void **)&off = found("_ZN10tensorflow21DisableXlaCompilationEv");
  if (off && !xla) off();
}
