// Winograd's minimal filtering F(4x4, 3x3) and F(2x2, 3x3), as Lavin and Gray 2016 (arXiv:1509.09308) have it: how lines of
// pixels, kernels and their gradients become what is multiplied, and back.
#pragma once
#include <cstdint>

#define INLINE inline __attribute__((always_inline))

namespace braid::winograd {

/// As many channels as are computed at once. Whole groups of them are expected.
constexpr int64_t lane_count = 16;
typedef float Lanes __attribute__((vector_size(sizeof(float) * lane_count)));
/// The same where they lie in memory.
typedef float StoredLanes __attribute__((vector_size(sizeof(float) * lane_count), aligned(sizeof(float))));

/// A tile of `side` times `side` outputs: it is made of `size` times `size` pixels, by as many products a channel.
///
/// Each function transforms a line, and leaves results `step` apart. `spread` and `gather` are what the gradients of the
/// functions before them need: the same matrices transposed.
template <int side>
struct Tile;

template <>
struct Tile<4> {
    static constexpr int64_t side = 4, size = 6, products = size * size;

    /// Of six pixels what is multiplied.
    static INLINE void transform(const Lanes *x, Lanes *result, int step) {
        const Lanes outer = x[4] - 4 * x[2], inner = x[3] - 4 * x[1], even = x[4] - x[2], odd = 2 * (x[3] - x[1]);
        result[0] = 4 * x[0] - 5 * x[2] + x[4];
        result[step] = outer + inner;
        result[2 * step] = outer - inner;
        result[3 * step] = even + odd;
        result[4 * step] = even - odd;
        result[5 * step] = 4 * x[1] - 5 * x[3] + x[5];
    }

    /// Of six products four outputs.
    static INLINE void restore(const Lanes *m, Lanes *result, int step) {
        const Lanes near = m[1] + m[2], near_odd = m[1] - m[2], far = m[3] + m[4], far_odd = m[3] - m[4];
        result[0] = m[0] + near + far;
        result[step] = near_odd + 2 * far_odd;
        result[2 * step] = near + 4 * far;
        result[3 * step] = near_odd + 8 * far_odd + m[5];
    }

    /// Of four outputs' gradients those of six products.
    static INLINE void spread(const Lanes *y, Lanes *result, int step) {
        const Lanes even = y[0] + y[2], odd = y[1] + y[3], far = y[0] + 4 * y[2], far_odd = 2 * y[1] + 8 * y[3];
        result[0] = y[0];
        result[step] = even + odd;
        result[2 * step] = even - odd;
        result[3 * step] = far + far_odd;
        result[4 * step] = far - far_odd;
        result[5 * step] = y[3];
    }

    /// Of a kernel's three weights what is multiplied.
    static INLINE void weigh(const Lanes *g, Lanes *result, int step) {
        const Lanes near = (g[0] + g[2]) / -6, far = (g[0] + 4 * g[2]) / 24, near_odd = g[1] / 6, far_odd = g[1] / 12;
        result[0] = g[0] / 4;
        result[step] = near - near_odd;
        result[2 * step] = near + near_odd;
        result[3 * step] = far + far_odd;
        result[4 * step] = far - far_odd;
        result[5 * step] = g[2];
    }

    /// Of their gradients those of the three weights.
    static INLINE void gather(const Lanes *d, Lanes *result, int step) {
        const Lanes near = (d[1] + d[2]) / 6, far = (d[3] + d[4]) / 24;
        result[0] = d[0] / 4 - near + far;
        result[step] = (d[2] - d[1]) / 6 + (d[3] - d[4]) / 12;
        result[2 * step] = 4 * far - near + d[5];
    }
};

template <>
struct Tile<2> {
    static constexpr int64_t side = 2, size = 4, products = size * size;

    static INLINE void transform(const Lanes *x, Lanes *result, int step) {
        result[0] = x[0] - x[2];
        result[step] = x[1] + x[2];
        result[2 * step] = x[2] - x[1];
        result[3 * step] = x[1] - x[3];
    }

    static INLINE void restore(const Lanes *m, Lanes *result, int step) {
        result[0] = m[0] + m[1] + m[2];
        result[step] = m[1] - m[2] - m[3];
    }

    static INLINE void spread(const Lanes *y, Lanes *result, int step) {
        result[0] = y[0];
        result[step] = y[0] + y[1];
        result[2 * step] = y[0] - y[1];
        result[3 * step] = -y[1];
    }

    static INLINE void weigh(const Lanes *g, Lanes *result, int step) {
        const Lanes even = (g[0] + g[2]) / 2, odd = g[1] / 2;
        result[0] = g[0];
        result[step] = even + odd;
        result[2 * step] = even - odd;
        result[3 * step] = g[2];
    }

    static INLINE void gather(const Lanes *d, Lanes *result, int step) {
        const Lanes even = (d[1] + d[2]) / 2;
        result[0] = d[0] + even;
        result[step] = (d[1] - d[2]) / 2;
        result[2 * step] = even + d[3];
    }
};

/// A transform of lines applied to the columns and then to the rows of a square: `from` times `from` to `to` times `to`.
template <int64_t from, int64_t to, typename Line>
INLINE void both_ways(const Lanes *square, Lanes *result, Line line) {
    Lanes half[to * from], column[from];
    for (int x = 0; x < from; ++x) {
        for (int y = 0; y < from; ++y) column[y] = square[y * from + x];
        line(column, half + x, from);
    }
    for (int y = 0; y < to; ++y) line(half + y * from, result + y * to, 1);
}

// By reference: a value of these would be passed in another way by each version of a function.
INLINE const StoredLanes &read(const float *place) { return *reinterpret_cast<const StoredLanes *>(place); }
INLINE void write(float *place, const Lanes &value) { *reinterpret_cast<StoredLanes *>(place) = value; }

}  // namespace braid::winograd
