// Tensors: made from memory, read, differentiated; and the state libtorch keeps for the process.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <dlfcn.h>
#include <malloc.h>
#include <torch/version.h>

#include <cstdlib>
#include <filesystem>

#include "ctorch.h"
#include "guard.h"
#include "handles.h"

std::string &braid::last_error() noexcept {
    thread_local std::string message;
    return message;
}

namespace {

// glibc gives every large block back to the system when it is freed, and an operator's output is a large block: a
// training step then spends more time on page faults than on arithmetic (docs/results/allocator.md). Kept blocks are
// used again by the next operator. Whoever sets malloc up by environment variables is left alone.
void keep_freed_memory() {
#ifdef __GLIBC__
    for (const char *name : {"MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES", "LD_PRELOAD"}) {
        if (std::getenv(name)) return;
    }
    // No block is a mapping of its own, however large: those would go back to the system each time.
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, INT32_MAX);
#endif
}

at::Tensor over(
    const void *data, size_t bytes, int32_t dtype, const int64_t *sizes, size_t dimensions,
    const std::function<void(void *)> &release) {
    TORCH_CHECK(dtype >= 0 && dtype < int(c10::ScalarType::NumOptions), "unknown dtype ", dtype);
    const auto type = static_cast<c10::ScalarType>(dtype);
    const c10::IntArrayRef shape(sizes, dimensions);
    uint64_t elements = 1;
    for (const auto size : shape) {
        TORCH_CHECK(size >= 0 && !__builtin_mul_overflow(elements, uint64_t(size), &elements), "impossible shape ", shape);
    }
    TORCH_CHECK(
        elements <= bytes / c10::elementSize(type) && elements * c10::elementSize(type) == bytes, "shape ", shape, " of ",
        c10::toString(type), " does not fill ", bytes, " bytes");
    const auto options = at::TensorOptions().dtype(type);
    return at::from_blob(const_cast<void *>(data), shape, release, options);
}

/// The calling thread's own, the innermost last.
std::vector<at::Generator> &own_generators() {
    thread_local std::vector<at::Generator> generators;
    return generators;
}

/// Loads the CUDA half of libtorch, whose start-up code registers its kernels. One binary then serves both builds.
///
/// This comes before all else: libtorch asks once whether CUDA is there, at the first seed or the first tensor, and keeps the answer.
void load_cuda() {
    Dl_info info;
    if (!dladdr(reinterpret_cast<void *>(&at::get_num_threads), &info)) return;
    const auto library = std::filesystem::path(info.dli_fname).parent_path() / "libtorch_cuda.so";
    std::error_code unreadable;
    if (!std::filesystem::exists(library, unreadable)) return;
    if (!dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL)) TORCH_WARN("cannot load ", library.string(), ": ", dlerror());
}

}  // namespace

extern "C" void ct_initialize(void) {
    keep_freed_memory();
    // oneDNN keeps a compiled kernel for every shape it meets, a thousand of them, some hundred kilobytes each. Recordings
    // bring hundreds of shapes: memory would grow with them for a long time. Read by oneDNN at its first use.
    setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "256", 0);
    braid::guard([] { load_cuda(); });
}

const char *ct_last_error(void) { return braid::last_error().c_str(); }

const char *ct_version(void) { return TORCH_VERSION; }

void ct_trim_memory(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

int ct_from_bytes(
    const void *data, size_t bytes, int32_t dtype, const int64_t *sizes, size_t dimensions, ct_tensor *result) {
    return braid::guard([&] { *result = braid::give(over(data, bytes, dtype, sizes, dimensions, [](void *) {}).clone()); });
}

int ct_from_memory(
    const void *data, size_t bytes, int32_t dtype, const int64_t *sizes, size_t dimensions, void (*release)(void *),
    void *context, ct_tensor *result) {
    return braid::guard([&] {
        // Until the tensor exists, a failure on the way must not call `release`.
        auto complete = std::make_shared<bool>(false);
        auto tensor = over(data, bytes, dtype, sizes, dimensions, [=](void *) {
            if (*complete) release(context);
        });
        *complete = true;
        *result = braid::give(std::move(tensor));
    });
}

void ct_release(ct_tensor tensor) {
    if (!tensor) return;
    // Adopts the reference, and drops it.
    (void)braid::guard([&] { c10::intrusive_ptr<c10::TensorImpl>::reclaim(reinterpret_cast<c10::TensorImpl *>(tensor)); });
}

int ct_describe(ct_tensor tensor, ct_info *result) {
    return braid::guard([&] {
        const auto value = braid::borrow(tensor);
        *result = {
            .dtype = int32_t(value.scalar_type()), .dimensions = int32_t(value.dim()), .elements = value.numel(),
            .on_cpu = value.is_cpu(), .device_index = value.device().index(), .requires_grad = value.requires_grad()};
    });
}

int ct_sizes(ct_tensor tensor, int64_t *result, size_t dimensions) {
    return braid::guard([&] {
        const auto value = braid::borrow(tensor);
        TORCH_CHECK(size_t(value.dim()) == dimensions, "the tensor has ", value.dim(), " dimensions, not ", dimensions);
        std::copy(value.sizes().begin(), value.sizes().end(), result);
    });
}

int ct_copy_out(ct_tensor tensor, void *destination, size_t bytes) {
    return braid::guard([&] {
        const auto value = braid::borrow(tensor).detach().to(at::kCPU).contiguous();
        TORCH_CHECK(value.nbytes() == bytes, "the tensor has ", value.nbytes(), " bytes, not ", bytes);
        if (bytes > 0) std::memcpy(destination, value.const_data_ptr(), bytes);
    });
}

int ct_set_requires_grad(ct_tensor tensor, bool value) {
    return braid::guard([&] { braid::borrow(tensor).set_requires_grad(value); });
}

int ct_backward(ct_tensor loss, bool keeps_graph) {
    return braid::guard([&] { braid::borrow(loss).backward({}, keeps_graph); });
}

int ct_gradient(ct_tensor tensor, ct_tensor *result) {
    return braid::guard([&] { *result = braid::give(braid::borrow(tensor).grad()); });
}

int ct_clear_gradient(ct_tensor tensor) {
    return braid::guard([&] { braid::borrow(tensor).mutable_grad() = at::Tensor(); });
}

bool ct_set_grad_enabled(bool enabled) {
    const bool before = at::GradMode::is_enabled();
    at::GradMode::set_enabled(enabled);
    return before;
}

int ct_set_autocast(bool on_cpu, int32_t dtype) {
    return braid::guard([&] {
        const auto device = on_cpu ? at::kCPU : at::kCUDA;
        if (dtype >= 0) at::autocast::set_autocast_dtype(device, static_cast<at::ScalarType>(dtype));
        at::autocast::set_autocast_enabled(device, dtype >= 0);
        // Copies of weights in the other format are kept while it lasts, and are stale after the next step.
        if (dtype < 0) at::autocast::clear_cache();
    });
}

bool ct_is_autocast(bool on_cpu) { return at::autocast::is_autocast_enabled(on_cpu ? at::kCPU : at::kCUDA); }

int32_t ct_set_threads(int32_t count) {
    // at::set_num_threads would hold for every thread to come; OpenMP's own setting is the calling thread's. Found at run
    // time, so that it is the OpenMP that libtorch brought.
    using Get = int (*)();
    using Set = void (*)(int);
    static const auto get = reinterpret_cast<Get>(dlsym(RTLD_DEFAULT, "omp_get_max_threads"));
    static const auto set = reinterpret_cast<Set>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
    if (!get || !set || count < 1) return 0;
    at::get_num_threads();  // libtorch's own setting of a new thread comes first, or it would undo this one
    const int before = get();
    set(count);
    return before;
}

int ct_begin_generator(uint64_t seed) {
    return braid::guard([&] { own_generators().push_back(at::detail::createCPUGenerator(seed)); });
}

void ct_end_generator(void) {
    if (!own_generators().empty()) own_generators().pop_back();
}

at::Generator braid::generator() {
    return own_generators().empty() ? at::detail::getDefaultCPUGenerator() : own_generators().back();
}

int ct_manual_seed(uint64_t seed) {
    return braid::guard([&] {
        if (own_generators().empty()) {
            at::manual_seed(seed);
        } else {
            own_generators().back().set_current_seed(seed);
        }
    });
}

int ct_generator_state(ct_tensor *result) {
    return braid::guard([&] { *result = braid::give(braid::generator().get_state()); });
}

int ct_set_generator_state(ct_tensor state) {
    return braid::guard([&] { braid::generator().set_state(braid::borrow(state)); });
}

int ct_cuda_device_count(int32_t *result) {
    return braid::guard([&] {
        *result = at::hasCUDA() ? int32_t(at::detail::getCUDAHooks().deviceCount()) : 0;
    });
}
