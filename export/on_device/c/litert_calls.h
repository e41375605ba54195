/* The calls of LiteRT's C interface (CompiledModel, 2.3) that this client makes.
 *
 * libLiteRt.so comes without headers in the package ai-edge-litert, so what the client needs of
 * them is declared here. With -DLITERT_INCLUDE_DIR=... (see README.md) the headers of the LiteRT
 * repository are read first, and the compiler then refuses whatever below differs from them.
 */
#ifndef LITERT_CALLS_H_
#define LITERT_CALLS_H_

#include <stddef.h>
#include <stdint.h>

#ifdef WITH_LITERT_HEADERS

#include "litert/c/litert_common.h"
#include "litert/c/litert_compiled_model.h"
#include "litert/c/litert_environment.h"
#include "litert/c/litert_environment_options.h"
#include "litert/c/litert_model.h"
#include "litert/c/litert_opaque_options.h"
#include "litert/c/litert_options.h"
#include "litert/c/litert_tensor_buffer.h"
#include "litert/c/litert_tensor_buffer_requirements.h"

#define LITERT_OK kLiteRtStatusOk
#define LITERT_CPU kLiteRtHwAcceleratorCpu
#define LITERT_INT32 kLiteRtElementTypeInt32
#define LITERT_FLOAT32 kLiteRtElementTypeFloat32
#define LITERT_READ kLiteRtTensorBufferLockModeRead
#define LITERT_WRITE kLiteRtTensorBufferLockModeWrite
#define LITERT_ACCELERATORS kLiteRtEnvOptionTagAutoRegisterAccelerators
#define LITERT_LEAST_SEVERITY kLiteRtEnvOptionTagMinLoggerSeverity
#define LITERT_INT kLiteRtAnyTypeInt

_Static_assert(LITERT_OK == 0 && LITERT_CPU == 1, "status or accelerator");
_Static_assert(LITERT_INT32 == 2 && LITERT_FLOAT32 == 1, "types of elements");
_Static_assert(LITERT_READ == 0 && LITERT_WRITE == 1, "lock modes");
_Static_assert(LITERT_ACCELERATORS == 24 && LITERT_LEAST_SEVERITY == 25, "options");
_Static_assert(LITERT_INT == 2 && sizeof(LiteRtEnvOption) == 24, "an option");
_Static_assert(offsetof(LiteRtEnvOption, value.int_value) == 16, "its value");
_Static_assert(sizeof(LiteRtRankedTensorType) == 72, "type of a tensor");
_Static_assert(offsetof(LiteRtRankedTensorType, layout.dimensions) == 8, "its dimensions");

#else

enum { LITERT_OK = 0, LITERT_CPU = 1, LITERT_READ = 0, LITERT_WRITE = 1 };
enum { LITERT_FLOAT32 = 1, LITERT_INT32 = 2 };
enum { LITERT_ACCELERATORS = 24, LITERT_LEAST_SEVERITY = 25, LITERT_INT = 2 };

typedef int LiteRtStatus;
typedef int LiteRtHwAcceleratorSet;
typedef int LiteRtTensorBufferLockMode;
typedef size_t LiteRtParamIndex;

typedef struct LiteRtEnvironmentT *LiteRtEnvironment;
typedef struct LiteRtModelT *LiteRtModel;
typedef struct LiteRtOptionsT *LiteRtOptions;
typedef struct LiteRtOpaqueOptionsT *LiteRtOpaqueOptions;
typedef struct LiteRtCompiledModelT *LiteRtCompiledModel;
typedef struct LiteRtSignatureT *LiteRtSignature;
typedef struct LiteRtTensorT *LiteRtTensor;
typedef struct LiteRtTensorBufferT *LiteRtTensorBuffer;
typedef struct LiteRtTensorBufferRequirementsT *LiteRtTensorBufferRequirements;

typedef struct {
  unsigned int rank : 7;
  unsigned int has_strides : 1;
  int32_t dimensions[8];
  uint32_t strides[8];
} LiteRtLayout;

typedef struct {
  int element_type;
  LiteRtLayout layout;
} LiteRtRankedTensorType;

typedef struct {
  int tag;
  struct {
    int type;
    union {
      int64_t int_value;
      const void *ptr_value;
    };
  } value;
} LiteRtEnvOption;

#endif

/* Environment, model, options. */
LiteRtStatus LiteRtCreateEnvironment(int count, const LiteRtEnvOption *options,
                                     LiteRtEnvironment *made);
void LiteRtDestroyEnvironment(LiteRtEnvironment environment);
LiteRtStatus LiteRtCreateModelFromBuffer(LiteRtEnvironment environment, const void *content,
                                         size_t size, LiteRtModel *made);
void LiteRtDestroyModel(LiteRtModel model);
LiteRtStatus LiteRtCreateOptions(LiteRtOptions *made);
void LiteRtDestroyOptions(LiteRtOptions options);
LiteRtStatus LiteRtSetOptionsHardwareAccelerators(LiteRtOptions options,
                                                  LiteRtHwAcceleratorSet accelerators);
LiteRtStatus LiteRtCreateOpaqueOptions(const char *identifier, void *payload,
                                       void (*release)(void *), LiteRtOpaqueOptions *made);
LiteRtStatus LiteRtAddOpaqueOptions(LiteRtOptions options, LiteRtOpaqueOptions more);

/* Signatures and their tensors. */
LiteRtStatus LiteRtGetNumModelSignatures(LiteRtModel model, LiteRtParamIndex *count);
LiteRtStatus LiteRtGetModelSignature(LiteRtModel model, LiteRtParamIndex index,
                                     LiteRtSignature *signature);
LiteRtStatus LiteRtGetSignatureKey(LiteRtSignature signature, const char **key);
LiteRtStatus LiteRtGetNumSignatureInputs(LiteRtSignature signature, LiteRtParamIndex *count);
LiteRtStatus LiteRtGetNumSignatureOutputs(LiteRtSignature signature, LiteRtParamIndex *count);
LiteRtStatus LiteRtGetSignatureInputName(LiteRtSignature signature, LiteRtParamIndex index,
                                         const char **name);
LiteRtStatus LiteRtGetSignatureOutputName(LiteRtSignature signature, LiteRtParamIndex index,
                                          const char **name);
LiteRtStatus LiteRtGetSignatureInputTensorByIndex(LiteRtSignature signature,
                                                  LiteRtParamIndex index, LiteRtTensor *tensor);
LiteRtStatus LiteRtGetSignatureOutputTensorByIndex(LiteRtSignature signature,
                                                   LiteRtParamIndex index, LiteRtTensor *tensor);
LiteRtStatus LiteRtGetRankedTensorType(LiteRtTensor tensor, LiteRtRankedTensorType *type);

/* Compiled models and what goes in and out. */
LiteRtStatus LiteRtCreateCompiledModel(LiteRtEnvironment environment, LiteRtModel model,
                                       LiteRtOptions options, LiteRtCompiledModel *made);
void LiteRtDestroyCompiledModel(LiteRtCompiledModel compiled);
LiteRtStatus LiteRtGetCompiledModelInputBufferRequirements(
    LiteRtCompiledModel compiled, LiteRtParamIndex signature, LiteRtParamIndex input,
    LiteRtTensorBufferRequirements *requirements);
LiteRtStatus LiteRtGetCompiledModelOutputBufferRequirements(
    LiteRtCompiledModel compiled, LiteRtParamIndex signature, LiteRtParamIndex output,
    LiteRtTensorBufferRequirements *requirements);
LiteRtStatus LiteRtCreateManagedTensorBufferFromRequirements(
    LiteRtEnvironment environment, const LiteRtRankedTensorType *type,
    LiteRtTensorBufferRequirements requirements, LiteRtTensorBuffer *made);
LiteRtStatus LiteRtGetTensorBufferSize(LiteRtTensorBuffer buffer, size_t *size);
LiteRtStatus LiteRtLockTensorBuffer(LiteRtTensorBuffer buffer, void **address,
                                    LiteRtTensorBufferLockMode mode);
LiteRtStatus LiteRtUnlockTensorBuffer(LiteRtTensorBuffer buffer);
void LiteRtDestroyTensorBuffer(LiteRtTensorBuffer buffer);
LiteRtStatus LiteRtRunCompiledModel(LiteRtCompiledModel compiled, LiteRtParamIndex signature,
                                    size_t input_count, LiteRtTensorBuffer *inputs,
                                    size_t output_count, LiteRtTensorBuffer *outputs);

#endif
