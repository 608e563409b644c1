// Maps and kernels in Winograd's form. Maps are in channels last, float32; channels come in groups of `lane_count`.
//
// libtorch has this only in NNPACK, which nobody develops any more, and whose kernels know no AVX-512. What is written here
// are the transforms, which are sums of neighbours; products are libtorch's: docs/decisions/023-winograd-around-a-batched-product.md.
#pragma once
#include <ATen/core/Tensor.h>

#include <algorithm>

#include "winograd_tile.h"

namespace braid::winograd {

/// Maps of a height and a width, and the tiles that they fall into, counted over all maps.
template <typename T>
struct Tiling {
    int64_t height, width, down, across;

    Tiling(int64_t height, int64_t width)
        : height(height), width(width), down((height + T::side - 1) / T::side), across((width + T::side - 1) / T::side) {}

    int64_t tiles_a_map() const { return down * across; }
    int64_t map(int64_t tile) const { return tile / tiles_a_map(); }
    int64_t top(int64_t tile) const { return tile / across % down * T::side; }
    int64_t left(int64_t tile) const { return tile % across * T::side; }
    /// The place of its first output among the pixels of all maps.
    int64_t pixel(int64_t tile) const { return (map(tile) * height + top(tile)) * width + left(tile); }
    /// How many of its outputs lie within the map.
    int64_t rows(int64_t tile) const { return std::min(T::side, height - top(tile)); }
    int64_t columns(int64_t tile) const { return std::min(T::side, width - left(tile)); }
};

/// What happens to an output before it is written.
struct Epilogue {
    /// nullptr for none.
    const float *bias;
    /// Whether what stands there already is a shortcut to add.
    bool adds;
    bool rectifies;
};

/// Matrices of `[count, channels]`, one behind another with a gap.
struct Matrices {
    at::Tensor values;
    int64_t count, channels, distance;

    Matrices(int64_t products, int64_t count, int64_t channels, const at::TensorOptions &options);
    /// Those of the first `rows` rows, `[products, rows, channels]`.
    at::Tensor first(int64_t rows) const;
    float *row(int64_t index) const { return values.data_ptr<float>() + index * channels; }
};

/// How many tiles are computed at a time, out of `tiles`, so that they stay in a processor's second cache between two steps.
int64_t block(int64_t products, int64_t channels, int64_t tiles);

/// Transforms the pixels around tiles `first` to `first + count`, with zeros beyond the maps' edges.
template <typename T>
void transform(const Tiling<T> &tiling, const float *maps, int64_t first, int64_t count, const Matrices &result);
/// Makes their outputs of the products.
template <typename T>
void restore(const Tiling<T> &tiling, const Matrices &products, int64_t first, int64_t count, const Epilogue &epilogue, float *maps);
/// Makes the products' gradients of those of their outputs.
template <typename T>
void spread(const Tiling<T> &tiling, const float *maps, int64_t first, int64_t count, const Matrices &result);

/// Kernels `[out, in, 3, 3]` in tiles of `side` 2 or 4: `[16 or 36, in, out]`.
at::Tensor weigh(const at::Tensor &kernels, int64_t side);
/// The gradient of kernels, `[out, in, 3, 3]`, of that of `weigh`'s result.
at::Tensor gather(const at::Tensor &gradient);

/// `relu(convolution(input) + bias + addend)` with weights from `weigh`. The addend becomes the result.
at::Tensor convolution(
    const at::Tensor &input, const at::Tensor &weight, const std::optional<at::Tensor> &bias, const std::optional<at::Tensor> &addend,
    bool rectifies);

}  // namespace braid::winograd
