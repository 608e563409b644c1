// The passes of int8_rows.h as operators of libtorch's dispatcher, over tensors whose shapes are checked here. Only processors of
// this kind have them.
#if defined(__x86_64__)
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include "int8_rows.h"

namespace {

using at::Tensor;
using Quantized = std::tuple<Tensor, Tensor>;

const float *floats(const Tensor &tensor, const char *name, at::IntArrayRef shape) {
    TORCH_CHECK(
        tensor.is_contiguous() && tensor.scalar_type() == at::kFloat && tensor.device().is_cpu() && tensor.sizes() == shape, name,
        " must be float32 of ", shape, ", contiguous, on the CPU");
    return tensor.const_data_ptr<float>();
}

const float *floats(const std::optional<Tensor> &tensor, const char *name, at::IntArrayRef shape) {
    return tensor ? floats(*tensor, name, shape) : nullptr;
}

/// A product whose tensors fit each other; they stay the caller's.
int8_product product(const Tensor &raw, const Tensor &rows, const Tensor &sums, const Tensor &bias) {
    TORCH_CHECK(raw.dim() == 2, "a product has two dimensions");
    const int64_t count = raw.size(0), width = raw.size(1);
    return {
        floats(raw, "raw", {count, width}),
        reinterpret_cast<const int8_row *>(floats(rows, "rows", {count, 2})),
        floats(sums, "sums", {width}),
        floats(bias, "bias", {width}),
        size_t(count),
        size_t(width)};
}

/// Room for quantised rows.
Quantized room(int64_t count, int64_t width) { return {at::empty({count, width}, at::kChar), at::empty({count, 2}, at::kFloat)}; }

int8_target target(const Quantized &made) {
    const auto &[values, rows] = made;
    return {values.mutable_data_ptr<int8_t>(), reinterpret_cast<int8_row *>(rows.mutable_data_ptr<float>())};
}

Quantized quantize(const Tensor &x, const std::optional<Tensor> &inverse) {
    TORCH_CHECK(x.dim() == 2, "rows to be quantised have two dimensions");
    const int64_t count = x.size(0), width = x.size(1);
    const auto made = room(count, width);
    int8_quantize(floats(x, "x", {count, width}), count, width, floats(inverse, "inverse", {width}), target(made));
    return made;
}

std::tuple<Tensor, Tensor, Tensor> norm(
    const Tensor &raw, const Tensor &rows, const Tensor &sums, const Tensor &bias, const Tensor &residual, const Tensor &weight,
    const Tensor &shift, double epsilon, const std::optional<Tensor> &inverse) {
    const auto given = product(raw, rows, sums, bias);
    const int64_t count = given.count, width = given.width;
    auto result = at::empty({count, width}, at::kFloat);
    const auto made = room(inverse ? count : 0, width);
    int8_norm(
        &given, floats(residual, "residual", {count, width}), floats(weight, "weight", {width}), floats(shift, "shift", {width}),
        float(epsilon), floats(inverse, "inverse", {width}), result.mutable_data_ptr<float>(), target(made));
    return {result, std::get<0>(made), std::get<1>(made)};
}

Quantized activate(const Tensor &raw, const Tensor &rows, const Tensor &sums, const Tensor &bias, int64_t activation) {
    const auto given = product(raw, rows, sums, bias);
    TORCH_CHECK(activation >= INT8_IDENTITY && activation <= INT8_SILU, "no activation has number ", activation);
    const auto made = room(given.count, given.width);
    TORCH_CHECK(int8_activate(&given, int8_activation(activation), target(made)), "out of memory");
    return made;
}

Quantized attend(
    const Tensor &raw, const Tensor &rows, const Tensor &sums, const Tensor &bias, at::IntArrayRef lengths, int64_t heads,
    const std::optional<Tensor> &scores) {
    const auto given = product(raw, rows, sums, bias);
    TORCH_CHECK(heads > 0 && given.width % (3 * heads) == 0, heads, " heads do not divide ", given.width, " / 3");
    size_t total = 0;
    int64_t longest = 0;
    for (const int64_t length : lengths) {
        TORCH_CHECK(length > 0, "a sequence has no tokens");
        total += length;
        longest = std::max(longest, length);
    }
    TORCH_CHECK(total == given.count, "sequences of ", total, " rows in all, of ", given.count);
    int8_sequences sequences{lengths.data(), lengths.size(), size_t(heads), nullptr, 0};
    if (scores) {
        const int64_t size = scores->size(-1);
        TORCH_CHECK(size >= longest, "what is added to scores is shorter than a sequence");
        sequences.bias = floats(*scores, "what is added to scores", {1, heads, size, size});
        sequences.bias_size = size;
    }
    const auto made = room(given.count, given.width / 3);
    TORCH_CHECK(int8_attend(&given, &sequences, target(made)), "out of memory");
    return made;
}

}  // namespace

// A product is what oneDNN's product of quantised rows and weights left, `raw` `[N, C]`, and what brings it to what it stands for:
// `raw * rows[, 0] + sums * rows[, 1] + bias`. Quantised rows are int8 values `[N, D]` and float32 `[N, 2]`, scale and offset of each.
TORCH_LIBRARY_FRAGMENT(braid, library) {
    // The rows of `x`, times `inverse` `[D]` where that is given.
    library.def("int8_quantize(Tensor x, Tensor? inverse) -> (Tensor, Tensor)");
    // The layer norm of product + residual, and the same, times `inverse`, quantised; no row is quantised without `inverse`.
    library.def(
        "int8_norm(Tensor raw, Tensor rows, Tensor sums, Tensor bias, Tensor residual, Tensor weight, Tensor shift, float epsilon, "
        "Tensor? inverse) -> (Tensor, Tensor, Tensor)");
    // The activation of a product, by its number in int8_rows.h, quantised.
    library.def("int8_activate(Tensor raw, Tensor rows, Tensor sums, Tensor bias, int activation) -> (Tensor, Tensor)");
    // Self-attention within sequences, which lie behind one another; the product holds queries, keys and values side by side.
    // `scores` `[1, heads, T, T]` is added to theirs.
    library.def(
        "int8_attend(Tensor raw, Tensor rows, Tensor sums, Tensor bias, int[] lengths, int heads, Tensor? scores) -> (Tensor, Tensor)");
}

TORCH_LIBRARY_IMPL(braid, CPU, library) {
    library.impl("int8_quantize", quantize);
    library.impl("int8_norm", norm);
    library.impl("int8_activate", activate);
    library.impl("int8_attend", attend);
}
#endif
