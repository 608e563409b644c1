// The passes of int8_rows.h over tensors, whose shapes are checked here.
#include <ATen/ops/empty.h>

#include "ctorch.h"
#include "guard.h"
#include "handles.h"
#include "int8_rows.h"

#if defined(__x86_64__)
namespace {

const float *floats(const at::Tensor &tensor, const char *name, at::IntArrayRef shape) {
    TORCH_CHECK(
        tensor.is_contiguous() && tensor.scalar_type() == at::kFloat && tensor.device().is_cpu() && tensor.sizes() == shape, name,
        " must be float32 of ", shape, ", contiguous, on the CPU");
    return tensor.const_data_ptr<float>();
}

const float *optional(ct_tensor handle, const char *name, at::IntArrayRef shape) {
    return handle ? floats(braid::borrow(handle), name, shape) : nullptr;
}

/// A product whose tensors fit each other; they stay the caller's.
int8_product checked(const ct_int8_product &given) {
    const auto raw = braid::borrow(given.raw);
    TORCH_CHECK(raw.dim() == 2, "a product has two dimensions");
    const int64_t count = raw.size(0), width = raw.size(1);
    return {
        floats(raw, "raw", {count, width}),
        reinterpret_cast<const int8_row *>(floats(braid::borrow(given.rows), "rows", {count, 2})),
        floats(braid::borrow(given.sums), "sums", {width}),
        floats(braid::borrow(given.bias), "bias", {width}),
        size_t(count),
        size_t(width)};
}

/// Room for quantised rows.
struct Quantized {
    at::Tensor values, rows;

    Quantized(int64_t count, int64_t width)
        : values(at::empty({count, width}, at::kChar)), rows(at::empty({count, 2}, at::kFloat)) {}

    int8_target target() { return {values.mutable_data_ptr<int8_t>(), reinterpret_cast<int8_row *>(rows.mutable_data_ptr<float>())}; }

    void give(ct_tensor *to_values, ct_tensor *to_rows) {
        *to_values = braid::give(std::move(values));
        *to_rows = braid::give(std::move(rows));
    }
};

}  // namespace

int ct_int8_quantize(ct_tensor x, ct_tensor inverse, ct_tensor *values, ct_tensor *rows) {
    return braid::guard([&] {
        const auto given = braid::borrow(x);
        TORCH_CHECK(given.dim() == 2, "rows to be quantised have two dimensions");
        const int64_t count = given.size(0), width = given.size(1);
        Quantized made(count, width);
        int8_quantize(
            floats(given, "x", {count, width}), count, width, optional(inverse, "inverse", {width}), made.target());
        made.give(values, rows);
    });
}

int ct_int8_norm(
    const ct_int8_product *product, ct_tensor residual, ct_tensor weight, ct_tensor bias, double epsilon, ct_tensor inverse,
    ct_tensor *normalized, ct_tensor *values, ct_tensor *rows) {
    return braid::guard([&] {
        const auto given = checked(*product);
        const int64_t count = given.count, width = given.width;
        auto result = at::empty({count, width}, at::kFloat);
        Quantized made(inverse ? count : 0, width);
        int8_norm(
            &given, floats(braid::borrow(residual), "residual", {count, width}), floats(braid::borrow(weight), "weight", {width}),
            floats(braid::borrow(bias), "bias", {width}), float(epsilon), optional(inverse, "inverse", {width}),
            result.mutable_data_ptr<float>(), made.target());
        *normalized = braid::give(std::move(result));
        made.give(values, rows);
    });
}

int ct_int8_activate(const ct_int8_product *product, int32_t activation, ct_tensor *values, ct_tensor *rows) {
    return braid::guard([&] {
        const auto given = checked(*product);
        TORCH_CHECK(activation >= INT8_IDENTITY && activation <= INT8_SILU, "no activation has number ", activation);
        Quantized made(given.count, given.width);
        TORCH_CHECK(int8_activate(&given, int8_activation(activation), made.target()), "out of memory");
        made.give(values, rows);
    });
}

int ct_int8_attend(
    const ct_int8_product *product, const int64_t *lengths, size_t count, int64_t heads, ct_tensor bias, ct_tensor *values,
    ct_tensor *rows) {
    return braid::guard([&] {
        const auto given = checked(*product);
        TORCH_CHECK(heads > 0 && given.width % (3 * heads) == 0, heads, " heads do not divide ", given.width, " / 3");
        size_t total = 0;
        int64_t longest = 0;
        for (size_t i = 0; i < count; ++i) {
            TORCH_CHECK(lengths[i] > 0, "a sequence has no tokens");
            total += lengths[i];
            longest = std::max(longest, lengths[i]);
        }
        TORCH_CHECK(total == given.count, "sequences of ", total, " rows in all, of ", given.count);
        int8_sequences sequences{lengths, count, size_t(heads), nullptr, 0};
        if (bias) {
            const auto added = braid::borrow(bias);
            const int64_t size = added.size(-1);
            TORCH_CHECK(size >= longest, "the bias is shorter than a sequence");
            sequences.bias = floats(added, "bias", {1, heads, size, size});
            sequences.bias_size = size;
        }
        Quantized made(given.count, given.width / 3);
        TORCH_CHECK(int8_attend(&given, &sequences, made.target()), "out of memory");
        made.give(values, rows);
    });
}
#else
namespace {

int refuse() {
    return braid::guard([] { TORCH_CHECK(false, "int8 needs a processor with AVX512-VNNI"); });
}

}  // namespace

int ct_int8_quantize(ct_tensor, ct_tensor, ct_tensor *, ct_tensor *) { return refuse(); }
int ct_int8_norm(
    const ct_int8_product *, ct_tensor, ct_tensor, ct_tensor, double, ct_tensor, ct_tensor *, ct_tensor *, ct_tensor *) {
    return refuse();
}
int ct_int8_activate(const ct_int8_product *, int32_t, ct_tensor *, ct_tensor *) { return refuse(); }
int ct_int8_attend(const ct_int8_product *, const int64_t *, size_t, int64_t, ct_tensor, ct_tensor *, ct_tensor *) {
    return refuse();
}
#endif
