// The functions of ctorch.h, which load libbraidtorch, and with it libtorch, when the first of them is called.
//
// libtorch takes a third of a second to start, whether it is used or not: a command that needs no tensor must not wait
// for it. See docs/decisions/005-libtorch-on-demand.md.
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#include "ctorch.h"

// Every function: result, name, what it gives where the library cannot be loaded, parameters, arguments.
#define FUNCTIONS(X)                                                                                                  \
    X(const char *, ct_last_error, failure, (void), ())                                                               \
    X(const char *, ct_version, "(not loaded)", (void), ())                                                           \
    X(int, ct_call, 1,                                                                                                \
      (const char *name, const ct_value *arguments, size_t count, ct_tensor *results, size_t capacity,                \
       size_t *result_count),                                                                                         \
      (name, arguments, count, results, capacity, result_count))                                                      \
    X(int, ct_from_bytes, 1,                                                                                          \
      (const void *data, size_t bytes, int32_t dtype, const int64_t *sizes, size_t dimensions, ct_tensor *result),    \
      (data, bytes, dtype, sizes, dimensions, result))                                                                \
    X(int, ct_from_memory, 1,                                                                                         \
      (const void *data, size_t bytes, int32_t dtype, const int64_t *sizes, size_t dimensions,                        \
       void (*release)(void *), void *context, ct_tensor *result),                                                    \
      (data, bytes, dtype, sizes, dimensions, release, context, result))                                              \
    X(void, ct_release, (void)0, (ct_tensor tensor), (tensor))                                                        \
    X(int, ct_describe, 1, (ct_tensor tensor, ct_info * result), (tensor, result))                                    \
    X(int, ct_sizes, 1, (ct_tensor tensor, int64_t *result, size_t dimensions), (tensor, result, dimensions))         \
    X(int, ct_copy_out, 1, (ct_tensor tensor, void *destination, size_t bytes), (tensor, destination, bytes))         \
    X(int, ct_set_requires_grad, 1, (ct_tensor tensor, bool value), (tensor, value))                                  \
    X(int, ct_backward, 1, (ct_tensor loss, bool keeps_graph), (loss, keeps_graph))                                   \
    X(int, ct_gradient, 1, (ct_tensor tensor, ct_tensor *result), (tensor, result))                                   \
    X(int, ct_clear_gradient, 1, (ct_tensor tensor), (tensor))                                                        \
    X(bool, ct_set_grad_enabled, true, (bool enabled), (enabled))                                                     \
    X(int, ct_set_autocast, 1, (bool on_cpu, int32_t dtype), (on_cpu, dtype))                                         \
    X(bool, ct_is_autocast, false, (bool on_cpu), (on_cpu))                                                           \
    X(int32_t, ct_set_threads, 0, (int32_t count), (count))                                                           \
    X(void, ct_trim_memory, (void)0, (void), ())                                                                      \
    X(int, ct_begin_generator, 1, (uint64_t seed), (seed))                                                            \
    X(void, ct_end_generator, (void)0, (void), ())                                                                    \
    X(int, ct_manual_seed, 1, (uint64_t seed), (seed))                                                                \
    X(int, ct_generator_state, 1, (ct_tensor * result), (result))                                                     \
    X(int, ct_set_generator_state, 1, (ct_tensor state), (state))                                                     \
    X(void, ct_initialize, (void)0, (void), ())                                                                       \
    X(int, ct_cuda_device_count, 1, (int32_t * result), (result))

#define FIELD(result, name, otherwise, parameters, arguments) result(*name) parameters;
static struct { FUNCTIONS(FIELD) } loaded;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_loaded;
static char failure[1024];

static void load(void) {
    // Found through the run path of whoever links this: beside a built command, in ../lib/braid of an installed one.
    void *library = dlopen("libbraidtorch.so", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        snprintf(failure, sizeof failure, "libtorch cannot be loaded: %s. Run make build, or make install, again", dlerror());
        return;
    }
    bool complete = true;
#define FIND(result, name, otherwise, parameters, arguments) \
    complete &= (*(void **)&loaded.name = dlsym(library, #name)) != NULL;
    FUNCTIONS(FIND)
    if (!complete) snprintf(failure, sizeof failure, "libbraidtorch.so is of another version: run make build again");
    if (complete) loaded.ct_initialize();
    is_loaded = complete;
}

static bool ready(void) {
    pthread_once(&once, load);
    return is_loaded;
}

#define FORWARD(result, name, otherwise, parameters, arguments) \
    result name parameters { return ready() ? loaded.name arguments : otherwise; }
FUNCTIONS(FORWARD)
