// A C ABI over libtorch. Behind it, in Sources/CTorchBackend, is the only C++ of the project.
//
// Rules, without exception:
//   1. Every function that can fail returns 0 on success and 1 on failure; the message of the last failure on this
//      thread is ct_last_error(). No C++ exception crosses this header: `guard` in guard.h wraps every body.
//   2. An out-parameter of type ct_tensor * receives a NEW reference, to be given back with ct_release().
//   3. An argument of type ct_tensor is BORROWED for the length of the call.
//   4. Out-parameters are written only on success.
//
// Operators are reached by their schema name through libtorch's own dispatcher (ct_call), the way PyTorch reaches them:
// the dispatcher checks every argument against the schema, so that a wrong one is an error and never a crash.
#ifndef CTORCH_H
#define CTORCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_tensor_impl *ct_tensor;

/// The kinds of argument an operator can take.
typedef enum {
    CT_NONE = 0,     // an absent optional
    CT_TENSOR = 1,   // pointer: ct_tensor
    CT_INT = 2,      // integer (also ScalarType, Layout and MemoryFormat)
    CT_DOUBLE = 3,   // number
    CT_BOOL = 4,     // integer: 0 or 1
    CT_STRING = 5,   // pointer: NUL-terminated UTF-8
    CT_INTS = 6,     // pointer: const int64_t *, count
    CT_DOUBLES = 7,  // pointer: const double *, count
    CT_TENSORS = 8,  // pointer: const ct_tensor *, count
    CT_DEVICE = 9,   // pointer: "cpu", "cuda", "cuda:1"
    CT_GENERATOR = 10,  // what the calling thread draws from: its own generator where it has one, else the CPU's default
} ct_tag;

typedef struct {
    ct_tag tag;
    int64_t integer;
    double number;
    const void *pointer;
    size_t count;
} ct_value;

/// What a tensor is. `dtype` is libtorch's ScalarType; `device_index` is -1 for the CPU.
typedef struct {
    int32_t dtype;
    int32_t dimensions;
    int64_t elements;
    bool on_cpu;
    int32_t device_index;
    bool requires_grad;
} ct_info;

/// The message of the last failure on this thread. BORROWED: valid until the next failure on it.
const char *ct_last_error(void);
/// libtorch's version, for example "2.13.0". BORROWED, static.
const char *ct_version(void);

/// Calls operator `name`: "linear", "add.Tensor" with the overload behind the dot, "mkldnn::_linear_pointwise" where it is not of
/// aten. The name is remembered by its address, and so must be a literal. Trailing arguments left out take the schema's
/// defaults. `results` receives up to `capacity` NEW references, an absent result as NULL.
int ct_call(
    const char *name, const ct_value *arguments, size_t count, ct_tensor *results, size_t capacity, size_t *result_count);

/// A NEW tensor that copies `bytes` bytes laid out in row-major order.
int ct_from_bytes(
    const void *data, size_t bytes, int32_t dtype, const int64_t *sizes, size_t dimensions, ct_tensor *result);
/// A NEW tensor over memory that stays the caller's; `release(context)` is called once when the last reference goes.
/// On failure `release` is not called.
int ct_from_memory(
    const void *data, size_t bytes, int32_t dtype, const int64_t *sizes, size_t dimensions, void (*release)(void *),
    void *context, ct_tensor *result);
void ct_release(ct_tensor tensor);

int ct_describe(ct_tensor tensor, ct_info *result);
/// Writes `dimensions` sizes.
int ct_sizes(ct_tensor tensor, int64_t *result, size_t dimensions);
/// Copies the values, row-major, wherever the tensor lies. `bytes` must be the exact size.
int ct_copy_out(ct_tensor tensor, void *destination, size_t bytes);

int ct_set_requires_grad(ct_tensor tensor, bool value);
/// Back-propagates from a scalar. `keeps_graph` lets another scalar of the same graph follow.
int ct_backward(ct_tensor loss, bool keeps_graph);
/// The gradient as a NEW reference, or NULL where there is none.
int ct_gradient(ct_tensor tensor, ct_tensor *result);
int ct_clear_gradient(ct_tensor tensor);
/// Switches autograd on this thread; returns what it was.
bool ct_set_grad_enabled(bool enabled);
/// From now on operators of this thread that are called on tensors of the CPU, or else of CUDA devices, compute products in `dtype`, as torch.autocast
/// has it; -1: in what their arguments have.
int ct_set_autocast(bool on_cpu, int32_t dtype);
/// Whether that holds now.
bool ct_is_autocast(bool on_cpu);
/// Sets how many threads an operator called on this thread may use; returns what it was, 0 where that cannot be set.
int32_t ct_set_threads(int32_t count);

/// Whether the processor multiplies bfloat16 by itself (AVX512-BF16). Loads nothing.
bool ct_has_bfloat16(void);

/// Whether the processor multiplies 8-bit integers by itself (AVX512-VNNI). Loads nothing.
bool ct_has_int8(void);

/// Gives freed memory, which is kept for the next operator, back to the system.
void ct_trim_memory(void);

/// Gives the calling thread a CPU generator of its own, started from `seed`, until ct_end_generator; they nest.
int ct_begin_generator(uint64_t seed);
void ct_end_generator(void);
/// Starts the thread's own generator anew, or, where it has none, the default ones of all devices.
int ct_manual_seed(uint64_t seed);
/// The state of the CPU generator that the calling thread draws from as a NEW byte tensor, and back.
int ct_generator_state(ct_tensor *result);
int ct_set_generator_state(ct_tensor state);

/// Sets the process up for libtorch: how freed memory is kept, and how many kernels oneDNN keeps. Called once, by the loader of this
/// library, before any other function.
void ct_initialize(void);

/// Counts the devices of libtorch_cuda, which ct_initialize loads from beside libtorch_cpu where there is one: else 0.
int ct_cuda_device_count(int32_t *result);

#ifdef __cplusplus
}
#endif
#endif
