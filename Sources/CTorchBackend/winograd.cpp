// 3x3 convolutions with a quarter of the multiplications: Winograd's minimal filtering F(4x4, 3x3), as Lavin and Gray 2016
// (arXiv:1509.09308) have it. A tile of 6x6 inputs becomes 36 values a channel, these are multiplied by 36 matrices of
// weights, which libtorch does as one batched product, and 36 sums become 4x4 outputs.
//
// libtorch has this only in NNPACK, which nobody develops any more, and whose kernels know no AVX-512. What is written here
// are the two transforms, which are sums of neighbouring pixels: docs/decisions/023-winograd-around-a-batched-product.md.
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <torch/library.h>

#include <cstring>

namespace {

/// As many channels as are computed at once. Whole groups of them are expected.
constexpr int64_t lane_count = 16;
typedef float Lanes __attribute__((vector_size(sizeof(float) * lane_count), aligned(sizeof(float))));

/// One version a processor generation, of which the loader picks one.
#if defined(__x86_64__)
#define EACH_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EACH_PROCESSOR
#endif
#define INLINE inline __attribute__((always_inline))

constexpr int64_t outputs = 4, inputs = 6, values = inputs * inputs;
/// Tiles whose 36 values in and out take about this many bytes are computed at a time, so that they stay in a processor's
/// second cache while the product reads and writes them.
constexpr int64_t block_bytes = 4 << 20;
/// Each of the 36 matrices begins this many floats behind a multiple of its size: at equal distances of a power of two they
/// would all want the same few places of the first cache.
constexpr int64_t skew = 3 * lane_count;

/// Bᵀ x: of six pixels in a line six values, `step` apart.
INLINE void into_values(const Lanes *x, Lanes *result, int step) {
    const Lanes outer = x[4] - 4 * x[2], inner = x[3] - 4 * x[1], even = x[4] - x[2], odd = 2 * (x[3] - x[1]);
    result[0] = 4 * x[0] - 5 * x[2] + x[4];
    result[step] = outer + inner;
    result[2 * step] = outer - inner;
    result[3 * step] = even + odd;
    result[4 * step] = even - odd;
    result[5 * step] = 4 * x[1] - 5 * x[3] + x[5];
}

/// Aᵀ m: of six sums in a line four pixels, `step` apart.
INLINE void into_pixels(const Lanes *m, Lanes *result, int step) {
    const Lanes near = m[1] + m[2], near_odd = m[1] - m[2], far = m[3] + m[4], far_odd = m[3] - m[4];
    result[0] = m[0] + near + far;
    result[step] = near_odd + 2 * far_odd;
    result[2 * step] = near + 4 * far;
    result[3 * step] = near_odd + 8 * far_odd + m[5];
}

// By reference: a value of these would be passed in another way by each version.
INLINE const Lanes &read(const float *place) { return *reinterpret_cast<const Lanes *>(place); }
INLINE void write(float *place, const Lanes &value) { *reinterpret_cast<Lanes *>(place) = value; }

/// The 36 values of a tile, `distance` apart. `row` floats lie between two rows of pixels.
EACH_PROCESSOR void transform_tile(const float *pixels, int64_t row, int64_t channels, float *result, int64_t distance) {
    for (int64_t c = 0; c < channels; c += lane_count) {
        Lanes columns[values], line[inputs];
        for (int x = 0; x < inputs; ++x) {
            for (int y = 0; y < inputs; ++y) line[y] = read(pixels + y * row + x * channels + c);
            into_values(line, columns + x, inputs);
        }
        for (int y = 0; y < inputs; ++y) {
            into_values(columns + y * inputs, line, 1);
            for (int x = 0; x < inputs; ++x) write(result + (y * inputs + x) * distance + c, line[x]);
        }
    }
}

/// What happens to a pixel before it is written.
struct Epilogue {
    /// nullptr for none.
    const float *bias;
    /// Whether what stands in the output is a shortcut to add.
    bool adds;
    bool rectifies;
};

/// `height` times `width` pixels of a tile from its 36 sums, `distance` apart.
EACH_PROCESSOR void restore_tile(
    const float *sums, int64_t distance, int64_t channels, const Epilogue &epilogue, float *pixels, int64_t row, int64_t height,
    int64_t width) {
    for (int64_t c = 0; c < channels; c += lane_count) {
        Lanes columns[outputs * inputs], line[inputs];
        for (int x = 0; x < inputs; ++x) {
            for (int y = 0; y < inputs; ++y) line[y] = read(sums + (y * inputs + x) * distance + c);
            into_pixels(line, columns + x, inputs);
        }
        const Lanes bias = epilogue.bias ? read(epilogue.bias + c) : Lanes{};
        for (int64_t y = 0; y < height; ++y) {
            into_pixels(columns + y * inputs, line, 1);
            for (int64_t x = 0; x < width; ++x) {
                float *place = pixels + y * row + x * channels + c;
                Lanes pixel = line[x] + bias;
                if (epilogue.adds) pixel += read(place);
                if (epilogue.rectifies) pixel = pixel > 0 ? pixel : Lanes{};
                write(place, pixel);
            }
        }
    }
}

/// Maps in channels last, and the tiles they fall into.
struct Tiling {
    int64_t height, width, down, across;

    Tiling(int64_t height, int64_t width)
        : height(height), width(width), down((height + outputs - 1) / outputs), across((width + outputs - 1) / outputs) {}

    int64_t tiles_a_map() const { return down * across; }
    int64_t map(int64_t tile) const { return tile / tiles_a_map(); }
    int64_t top(int64_t tile) const { return tile / across % down * outputs; }
    int64_t left(int64_t tile) const { return tile % across * outputs; }
    int64_t pixel(int64_t tile) const { return (map(tile) * height + top(tile)) * width + left(tile); }

    /// The 6x6 pixels around a tile; at an edge a copy of them with zeros beyond it.
    std::pair<const float *, int64_t> around(int64_t tile, const float *maps, int64_t channels, float *copy) const {
        const int64_t y0 = top(tile) - 1, x0 = left(tile) - 1;
        if (y0 >= 0 && x0 >= 0 && y0 + inputs <= height && x0 + inputs <= width) {
            return {maps + (pixel(tile) - width - 1) * channels, width * channels};
        }
        std::memset(copy, 0, sizeof(float) * values * channels);
        const int64_t first = std::max<int64_t>(0, -x0), last = std::min(inputs, width - x0);
        for (int64_t y = std::max<int64_t>(0, -y0); y < std::min(inputs, height - y0); ++y) {
            const float *row = maps + ((map(tile) * height + y0 + y) * width + x0 + first) * channels;
            std::memcpy(copy + (y * inputs + first) * channels, row, sizeof(float) * (last - first) * channels);
        }
        return {copy, inputs * channels};
    }
};

/// G g Gᵀ for each kernel: `[out, in, 3, 3]` to `[36, in, out]`, computed in double precision.
at::Tensor winograd_weight(const at::Tensor &weight) {
    TORCH_CHECK(weight.dim() == 4 && weight.size(2) == 3 && weight.size(3) == 3, "a kernel of 3x3 is expected");
    const double points[] = {1. / 4, 0, 0, -1. / 6, -1. / 6, -1. / 6, -1. / 6, 1. / 6, -1. / 6, 1. / 24, 1. / 12, 1. / 6, 1. / 24, -1. / 12, 1. / 6, 0, 0, 1};
    const auto transform = at::tensor(at::ArrayRef<double>(points), at::kDouble).view({inputs, 3});
    const auto kernels = weight.to(at::kDouble).permute({1, 0, 2, 3});
    const auto both = at::matmul(at::matmul(transform, kernels), transform.t());
    return both.permute({2, 3, 0, 1}).reshape({values, weight.size(1), weight.size(0)}).to(at::kFloat).contiguous();
}

/// `relu(convolution(input) + bias + addend)` at stride 1 with a zero on each side, weights from `winograd_weight`. The
/// addend, of the result's shape and in channels last, becomes the result.
at::Tensor winograd_convolution(
    const at::Tensor &input, const at::Tensor &weight, const std::optional<at::Tensor> &bias, const std::optional<at::Tensor> &addend,
    bool rectifies) {
    TORCH_CHECK(input.dim() == 4 && input.scalar_type() == at::kFloat && weight.scalar_type() == at::kFloat, "float32 maps are expected");
    const int64_t in = input.size(1), out = weight.size(2);
    TORCH_CHECK(
        weight.size(0) == values && weight.size(1) == in && weight.is_contiguous(), "weights of ", in, " channels are expected, not ",
        weight.sizes());
    TORCH_CHECK(in % lane_count == 0 && out % lane_count == 0, "channels must come in groups of ", lane_count);
    TORCH_CHECK(!bias || (bias->numel() == out && bias->is_contiguous()), "a bias of ", out, " values is expected");
    const Tiling tiling(input.size(2), input.size(3));
    const std::array<int64_t, 4> shape{input.size(0), out, tiling.height, tiling.width};
    const auto layout = at::MemoryFormat::ChannelsLast;
    TORCH_CHECK(!addend || (addend->sizes() == shape && addend->is_contiguous(layout)), "an addend of the result's shape in channels last is expected");
    const auto maps = input.contiguous(layout);
    auto result = addend ? *addend : at::empty(shape, input.options().memory_format(layout));

    const int64_t tiles = input.size(0) * tiling.tiles_a_map();
    if (tiles == 0) return result;
    const int64_t most = std::max<int64_t>(16, block_bytes / (values * sizeof(float) * (in + out)));
    const int64_t blocks = (tiles + most - 1) / most, block = (tiles + blocks - 1) / blocks;
    const int64_t before = block * in + skew, behind = block * out + skew;
    const auto transformed = at::empty({values * before}, input.options()), summed = at::empty({values * behind}, input.options());
    const Epilogue epilogue{bias ? bias->const_data_ptr<float>() : nullptr, addend.has_value(), rectifies};
    const float *pixels = maps.const_data_ptr<float>();
    float *restored = result.data_ptr<float>(), *left = transformed.data_ptr<float>(), *sums = summed.data_ptr<float>();

    for (int64_t first = 0; first < tiles; first += block) {
        const int64_t count = std::min(block, tiles - first);
        at::parallel_for(0, count, 8, [&](int64_t from, int64_t to) {
            std::vector<float> copy(values * in);
            for (int64_t i = from; i < to; ++i) {
                const auto [tile, row] = tiling.around(first + i, pixels, in, copy.data());
                transform_tile(tile, row, in, left + i * in, before);
            }
        });
        auto products = summed.as_strided({values, count, out}, {behind, out, 1});
        at::bmm_out(products, transformed.as_strided({values, count, in}, {before, in, 1}), weight);
        at::parallel_for(0, count, 8, [&](int64_t from, int64_t to) {
            for (int64_t i = from; i < to; ++i) {
                const int64_t tile = first + i;
                restore_tile(
                    sums + i * out, behind, out, epilogue, restored + tiling.pixel(tile) * out, tiling.width * out,
                    std::min(outputs, tiling.height - tiling.top(tile)), std::min(outputs, tiling.width - tiling.left(tile)));
            }
        });
    }
    return result;
}

}  // namespace

TORCH_LIBRARY(braid, library) {
    library.def("winograd_weight(Tensor weight) -> Tensor");
    library.def("winograd_convolution(Tensor input, Tensor weight, Tensor? bias, Tensor(a!)? addend, bool rectifies) -> Tensor");
}

TORCH_LIBRARY_IMPL(braid, CPU, library) {
    library.impl("winograd_weight", winograd_weight);
    library.impl("winograd_convolution", winograd_convolution);
}
