#include "resize.h"

static const uint32_t half = 1U << (WEIGHT_BITS - 1);

static uint8_t rounded(uint32_t sum) {
    const int32_t value = (int32_t)sum >> WEIGHT_BITS;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static void along(const uint8_t *const *rows, const taps *pixels, uint32_t width, uint8_t *const *out) {
    for (uint32_t x = 0; x < width; ++x) {
        const taps from = pixels[x];
        for (int row = 0; row < ROWS_AT_ONCE; ++row) {
            const uint8_t *bytes = rows[row] + (size_t)from.first * 3;
            uint32_t red = half, green = half, blue = half;
            for (uint32_t i = 0; i < from.count; ++i, bytes += 3) {
                const uint32_t weight = (uint32_t)from.weights[i];
                red += weight * bytes[0];
                green += weight * bytes[1];
                blue += weight * bytes[2];
            }
            uint8_t *to = out[row] + (size_t)x * 3;
            to[0] = rounded(red);
            to[1] = rounded(green);
            to[2] = rounded(blue);
        }
    }
}

static void across(const uint8_t *const *rows, taps row, size_t size, uint8_t *out) {
    enum { BLOCK = 64 };
    for (size_t start = 0; start < size; start += BLOCK) {
        const size_t length = size - start < BLOCK ? size - start : BLOCK;
        uint32_t sums[BLOCK];
        for (size_t i = 0; i < length; ++i) sums[i] = half;
        for (uint32_t k = 0; k < row.count; ++k) {
            const uint32_t weight = (uint32_t)row.weights[k];
            const uint8_t *bytes = rows[k] + start;
            for (size_t i = 0; i < length; ++i) sums[i] += weight * bytes[i];
        }
        for (size_t i = 0; i < length; ++i) out[start + i] = rounded(sums[i]);
    }
}

const row_sums plain_row_sums = {NULL, along, across};

#if !defined(__x86_64__)
row_sums fastest_row_sums(void) { return plain_row_sums; }
#endif
