// The transforms over whole maps and kernels, in a version for each processor generation, of which the loader picks one.
#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <cstring>
#include <vector>

#include "winograd.h"

#if defined(__x86_64__)
#define EACH_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EACH_PROCESSOR
#endif

namespace braid::winograd {

namespace {

/// `size` times `size` pixels, rows of them `row` floats apart, into products that are `distance` floats apart.
template <int64_t from, int64_t to, typename Line>
INLINE void tile_to_products(const float *pixels, int64_t row, int64_t channels, float *result, int64_t distance, Line line) {
    for (int64_t c = 0; c < channels; c += lane_count) {
        Lanes square[from * from], products[to * to];
        for (int y = 0; y < from; ++y) {
            for (int x = 0; x < from; ++x) square[y * from + x] = read(pixels + y * row + x * channels + c);
        }
        both_ways<from, to>(square, products, line);
        for (int i = 0; i < to * to; ++i) write(result + i * distance + c, products[i]);
    }
}

template <typename T>
INLINE void products_to_tile(
    const float *sums, int64_t distance, int64_t channels, const Epilogue &epilogue, float *pixels, int64_t row, int64_t height,
    int64_t width) {
    for (int64_t c = 0; c < channels; c += lane_count) {
        Lanes products[T::products], outputs[T::side * T::side];
        for (int i = 0; i < T::products; ++i) products[i] = read(sums + i * distance + c);
        both_ways<T::size, T::side>(products, outputs, T::restore);
        const Lanes bias = epilogue.bias ? read(epilogue.bias + c) : Lanes{};
        for (int64_t y = 0; y < height; ++y) {
            for (int64_t x = 0; x < width; ++x) {
                float *place = pixels + y * row + x * channels + c;
                Lanes pixel = outputs[y * T::side + x] + bias;
                if (epilogue.adds) pixel += read(place);
                if (epilogue.rectifies) pixel = pixel > 0 ? pixel : Lanes{};
                write(place, pixel);
            }
        }
    }
}

/// Kernels, `count` of each of whose weights lie together, into as many of each product, or gradients back.
template <int64_t from, int64_t to, typename Line>
INLINE void planes_to_planes(const float *planes, float *result, int64_t count, int64_t first, int64_t last, Line line) {
    for (int64_t i = first; i < last; i += lane_count) {
        Lanes square[from * from], transformed[to * to];
        for (int j = 0; j < from * from; ++j) square[j] = read(planes + j * count + i);
        both_ways<from, to>(square, transformed, line);
        for (int j = 0; j < to * to; ++j) write(result + j * count + i, transformed[j]);
    }
}

EACH_PROCESSOR void transform_tile(Tile<4>, const float *pixels, int64_t row, int64_t channels, float *result, int64_t distance) {
    tile_to_products<6, 6>(pixels, row, channels, result, distance, Tile<4>::transform);
}
EACH_PROCESSOR void transform_tile(Tile<2>, const float *pixels, int64_t row, int64_t channels, float *result, int64_t distance) {
    tile_to_products<4, 4>(pixels, row, channels, result, distance, Tile<2>::transform);
}
EACH_PROCESSOR void spread_tile(Tile<4>, const float *pixels, int64_t row, int64_t channels, float *result, int64_t distance) {
    tile_to_products<4, 6>(pixels, row, channels, result, distance, Tile<4>::spread);
}
EACH_PROCESSOR void spread_tile(Tile<2>, const float *pixels, int64_t row, int64_t channels, float *result, int64_t distance) {
    tile_to_products<2, 4>(pixels, row, channels, result, distance, Tile<2>::spread);
}
EACH_PROCESSOR void restore_tile(
    Tile<4>, const float *sums, int64_t distance, int64_t channels, const Epilogue &epilogue, float *pixels, int64_t row, int64_t height,
    int64_t width) {
    products_to_tile<Tile<4>>(sums, distance, channels, epilogue, pixels, row, height, width);
}
EACH_PROCESSOR void restore_tile(
    Tile<2>, const float *sums, int64_t distance, int64_t channels, const Epilogue &epilogue, float *pixels, int64_t row, int64_t height,
    int64_t width) {
    products_to_tile<Tile<2>>(sums, distance, channels, epilogue, pixels, row, height, width);
}
EACH_PROCESSOR void weigh_kernels(Tile<4>, const float *planes, float *result, int64_t count, int64_t first, int64_t last) {
    planes_to_planes<3, 6>(planes, result, count, first, last, Tile<4>::weigh);
}
EACH_PROCESSOR void weigh_kernels(Tile<2>, const float *planes, float *result, int64_t count, int64_t first, int64_t last) {
    planes_to_planes<3, 4>(planes, result, count, first, last, Tile<2>::weigh);
}
EACH_PROCESSOR void gather_kernels(Tile<4>, const float *planes, float *result, int64_t count, int64_t first, int64_t last) {
    planes_to_planes<6, 3>(planes, result, count, first, last, Tile<4>::gather);
}
EACH_PROCESSOR void gather_kernels(Tile<2>, const float *planes, float *result, int64_t count, int64_t first, int64_t last) {
    planes_to_planes<4, 3>(planes, result, count, first, last, Tile<2>::gather);
}

/// A window of `size` times `size` pixels of a map from (`top`, `left`) on, and the distance of its rows; where it reaches over
/// an edge, a copy with zeros beyond it.
std::pair<const float *, int64_t> window(
    const float *map, int64_t height, int64_t width, int64_t channels, int64_t top, int64_t left, int64_t size, float *copy) {
    if (top >= 0 && left >= 0 && top + size <= height && left + size <= width) {
        return {map + (top * width + left) * channels, width * channels};
    }
    std::memset(copy, 0, sizeof(float) * size * size * channels);
    const int64_t first = std::max<int64_t>(0, -left), last = std::min(size, width - left);
    for (int64_t y = std::max<int64_t>(0, -top); y < std::min(size, height - top); ++y) {
        const float *row = map + ((top + y) * width + left + first) * channels;
        std::memcpy(copy + (y * size + first) * channels, row, sizeof(float) * (last - first) * channels);
    }
    return {copy, size * channels};
}

/// Calls `body` with the window of each tile, `border` pixels larger than the tile on each side, and the tile's place.
template <typename T, typename Body>
void each_window(
    const Tiling<T> &tiling, const float *maps, int64_t channels, int64_t border, int64_t first, int64_t count, const Body &body) {
    const int64_t size = T::side + 2 * border;
    at::parallel_for(0, count, 8, [&](int64_t from, int64_t to) {
        std::vector<float> copy(size * size * channels);
        for (int64_t i = from; i < to; ++i) {
            const int64_t tile = first + i;
            const float *map = maps + tiling.map(tile) * tiling.height * tiling.width * channels;
            const auto [pixels, row] = window(
                map, tiling.height, tiling.width, channels, tiling.top(tile) - border, tiling.left(tile) - border, size, copy.data());
            body(pixels, row, i);
        }
    });
}

template <typename T>
at::Tensor weighed(const at::Tensor &kernels) {
    const int64_t out = kernels.size(0), in = kernels.size(1), count = out * in;
    const auto planes = kernels.permute({2, 3, 1, 0}).contiguous();
    auto result = at::empty({T::products, in, out}, kernels.options().memory_format(at::MemoryFormat::Contiguous));
    at::parallel_for(0, count / lane_count, 256, [&](int64_t from, int64_t to) {
        weigh_kernels(
            T(), planes.const_data_ptr<float>(), result.template data_ptr<float>(), count, from * lane_count, to * lane_count);
    });
    return result;
}

template <typename T>
at::Tensor gathered(const at::Tensor &gradient) {
    const int64_t in = gradient.size(1), out = gradient.size(2), count = in * out;
    auto planes = at::empty({3, 3, in, out}, gradient.options());
    at::parallel_for(0, count / lane_count, 256, [&](int64_t from, int64_t to) {
        gather_kernels(
            T(), gradient.const_data_ptr<float>(), planes.template data_ptr<float>(), count, from * lane_count, to * lane_count);
    });
    return planes.permute({3, 2, 0, 1}).contiguous();
}

/// At equal distances of a power of two matrices would all want the same few places of the first cache.
constexpr int64_t gap = 3 * lane_count;
constexpr int64_t block_bytes = 4 << 20;

}  // namespace

Matrices::Matrices(int64_t products, int64_t count, int64_t channels, const at::TensorOptions &options)
    : values(at::empty({products * (count * channels + gap)}, options)),
      count(count),
      channels(channels),
      distance(count * channels + gap) {}

at::Tensor Matrices::first(int64_t rows) const {
    return values.as_strided({values.numel() / distance, rows, channels}, {distance, channels, 1});
}

int64_t block(int64_t products, int64_t channels, int64_t tiles) {
    const int64_t most = std::max<int64_t>(16, block_bytes / (products * int64_t(sizeof(float)) * channels));
    const int64_t blocks = (tiles + most - 1) / most;
    return (tiles + blocks - 1) / blocks;
}

template <typename T>
void transform(const Tiling<T> &tiling, const float *maps, int64_t first, int64_t count, const Matrices &result) {
    each_window(tiling, maps, result.channels, 1, first, count, [&](const float *pixels, int64_t row, int64_t index) {
        transform_tile(T(), pixels, row, result.channels, result.row(index), result.distance);
    });
}

template <typename T>
void spread(const Tiling<T> &tiling, const float *maps, int64_t first, int64_t count, const Matrices &result) {
    each_window(tiling, maps, result.channels, 0, first, count, [&](const float *pixels, int64_t row, int64_t index) {
        spread_tile(T(), pixels, row, result.channels, result.row(index), result.distance);
    });
}

template <typename T>
void restore(const Tiling<T> &tiling, const Matrices &products, int64_t first, int64_t count, const Epilogue &epilogue, float *maps) {
    const int64_t channels = products.channels;
    at::parallel_for(0, count, 8, [&](int64_t from, int64_t to) {
        for (int64_t i = from; i < to; ++i) {
            const int64_t tile = first + i;
            restore_tile(
                T(), products.row(i), products.distance, channels, epilogue, maps + tiling.pixel(tile) * channels,
                tiling.width * channels, tiling.rows(tile), tiling.columns(tile));
        }
    });
}

at::Tensor weigh(const at::Tensor &kernels, int64_t side) { return side == 4 ? weighed<Tile<4>>(kernels) : weighed<Tile<2>>(kernels); }

at::Tensor gather(const at::Tensor &gradient) {
    return gradient.size(0) == Tile<4>::products ? gathered<Tile<4>>(gradient) : gathered<Tile<2>>(gradient);
}

template void transform(const Tiling<Tile<4>> &, const float *, int64_t, int64_t, const Matrices &);
template void transform(const Tiling<Tile<2>> &, const float *, int64_t, int64_t, const Matrices &);
template void spread(const Tiling<Tile<4>> &, const float *, int64_t, int64_t, const Matrices &);
template void spread(const Tiling<Tile<2>> &, const float *, int64_t, int64_t, const Matrices &);
template void restore(const Tiling<Tile<4>> &, const Matrices &, int64_t, int64_t, const Epilogue &, float *);
template void restore(const Tiling<Tile<2>> &, const Matrices &, int64_t, int64_t, const Epilogue &, float *);

}  // namespace braid::winograd
