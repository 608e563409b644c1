// No instruction multiplies bytes by 24-bit weights. Weights are cut instead, into two parts of 16 bits (AVX2) or three of 8 (VNNI), which are
// summed on their own and put together behind.
#include "resize.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2")))
#define VNNI __attribute__((target("avx2,avx512vl,avx512vnni")))

AVX2 static __m256i load(const void *from) { return _mm256_loadu_si256(from); }

/// 16 bytes each of two rows.
AVX2 static __m256i load_two(const void *from, const void *other) {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(from)), _mm_loadu_si128(other), 1);
}

AVX2 static __m256i in_all_places(const int32_t *value) { return _mm256_set1_epi32(*value); }

AVX2 static __m256i rounded(__m256i sums) {
    return _mm256_srai_epi32(_mm256_add_epi32(sums, _mm256_set1_epi32(1 << (WEIGHT_BITS - 1))), WEIGHT_BITS);
}

/// Four times eight sums, in the order that unpacking puts bytes in.
AVX2 static void store(uint8_t *out, const __m256i sums[4]) {
    const __m256i left = _mm256_packs_epi32(rounded(sums[0]), rounded(sums[1]));
    const __m256i right = _mm256_packs_epi32(rounded(sums[2]), rounded(sums[3]));
    _mm256_storeu_si256((__m256i *)out, _mm256_packus_epi16(left, right));
}

/// Red, green, blue and one more of rows 0 and 1, and of rows 2 and 3.
AVX2 static void store_pixels(uint8_t *const *out, size_t place, const __m256i sums[2]) {
    const __m256i words = _mm256_packs_epi32(rounded(sums[0]), rounded(sums[1]));
    uint8_t colors[32];
    _mm256_storeu_si256((__m256i *)colors, _mm256_packus_epi16(words, words));
    memcpy(out[0] + place, colors, 3);
    memcpy(out[1] + place, colors + 16, 3);
    memcpy(out[2] + place, colors + 4, 3);
    memcpy(out[3] + place, colors + 20, 3);
}

/// Low parts 0 and 1, high parts 0 and 1, low parts 2 and 3, high parts 2 and 3: weights are high * 65536 + low.
static void encode_words(int32_t four[4]) {
    int16_t words[8];
    for (int i = 0; i < 4; ++i) {
        const int16_t low = (int16_t)four[i];
        words[i / 2 * 4 + i % 2] = low;
        words[i / 2 * 4 + 2 + i % 2] = (int16_t)((four[i] - low) / 65536);
    }
    memcpy(four, words, sizeof words);
}

AVX2 static void add_products(__m256i sums[2], __m256i values, __m256i low, __m256i high) {
    sums[0] = _mm256_add_epi32(sums[0], _mm256_madd_epi16(values, low));
    sums[1] = _mm256_add_epi32(sums[1], _mm256_madd_epi16(values, high));
}

AVX2 static void along_words(const uint8_t *const *rows, const taps *pixels, uint32_t width, uint8_t *const *out) {
    // Of four pixels of two rows the first two, and the last two, as words: both reds, both greens, both blues, nothing.
    const __m256i first = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1));
    const __m256i second = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1));
    for (uint32_t x = 0; x < width; ++x) {
        const taps from = pixels[x];
        __m256i sums[2][2] = {0};
        size_t place = (size_t)from.first * 3;
        for (uint32_t i = 0; i < from.count; i += 4, place += 12) {
            const int32_t *weights = from.weights + i;
            for (int pair = 0; pair < 2; ++pair) {
                const __m256i bytes = load_two(rows[pair * 2] + place, rows[pair * 2 + 1] + place);
                add_products(sums[pair], _mm256_shuffle_epi8(bytes, first), in_all_places(weights), in_all_places(weights + 1));
                add_products(
                    sums[pair], _mm256_shuffle_epi8(bytes, second), in_all_places(weights + 2), in_all_places(weights + 3));
            }
        }
        __m256i whole[2];
        for (int i = 0; i < 2; ++i) whole[i] = _mm256_add_epi32(sums[i][0], _mm256_slli_epi32(sums[i][1], 16));
        store_pixels(out, (size_t)x * 3, whole);
    }
}

AVX2 static void across_words(const uint8_t *const *rows, taps row, size_t size, uint8_t *out) {
    const __m256i zero = _mm256_setzero_si256();
    for (size_t start = 0; start < size; start += 32) {
        // The last block overlaps the one before, which costs less than a shorter one.
        if (size - start < 32) start = size - 32;
        __m256i sums[4][2] = {0};
        for (uint32_t k = 0; k < row.count; k += 2) {
            const __m256i above = load(rows[k] + start), below = load(rows[k + 1] + start);
            const __m256i left = _mm256_unpacklo_epi8(above, below), right = _mm256_unpackhi_epi8(above, below);
            const __m256i low = in_all_places(row.weights + k), high = in_all_places(row.weights + k + 1);
            add_products(sums[0], _mm256_unpacklo_epi8(left, zero), low, high);
            add_products(sums[1], _mm256_unpackhi_epi8(left, zero), low, high);
            add_products(sums[2], _mm256_unpacklo_epi8(right, zero), low, high);
            add_products(sums[3], _mm256_unpackhi_epi8(right, zero), low, high);
        }
        __m256i whole[4];
        for (int i = 0; i < 4; ++i) whole[i] = _mm256_add_epi32(sums[i][0], _mm256_slli_epi32(sums[i][1], 16));
        store(out + start, whole);
    }
}

/// The four lowest bytes, the middle ones, the highest ones, each from -128 to 127.
static void encode_bytes(int32_t four[4]) {
    int8_t bytes[16] = {0};
    for (int i = 0; i < 12; ++i) {
        int32_t *rest = four + i % 4;
        bytes[i] = (int8_t)*rest;
        *rest = (*rest - bytes[i]) / 256;
    }
    memcpy(four, bytes, sizeof bytes);
}

VNNI static void add_fours(__m256i sums[3], __m256i bytes, const int32_t *weights) {
    for (int i = 0; i < 3; ++i) sums[i] = _mm256_dpbusd_epi32(sums[i], bytes, in_all_places(weights + i));
}

VNNI static __m256i whole_of_bytes(const __m256i sums[3]) {
    const __m256i upper = _mm256_add_epi32(sums[1], _mm256_slli_epi32(sums[2], 8));
    return _mm256_add_epi32(sums[0], _mm256_slli_epi32(upper, 8));
}

VNNI static void along_bytes(const uint8_t *const *rows, const taps *pixels, uint32_t width, uint8_t *const *out) {
    // Of four pixels the reds, the greens, the blues, nothing.
    const __m256i channels = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11, -1, -1, -1, -1));
    for (uint32_t x = 0; x < width; ++x) {
        const taps from = pixels[x];
        __m256i sums[2][3] = {0};
        size_t place = (size_t)from.first * 3;
        for (uint32_t i = 0; i < from.count; i += 4, place += 12) {
            const __m256i upper = load_two(rows[0] + place, rows[1] + place), lower = load_two(rows[2] + place, rows[3] + place);
            add_fours(sums[0], _mm256_shuffle_epi8(upper, channels), from.weights + i);
            add_fours(sums[1], _mm256_shuffle_epi8(lower, channels), from.weights + i);
        }
        const __m256i whole[2] = {whole_of_bytes(sums[0]), whole_of_bytes(sums[1])};
        store_pixels(out, (size_t)x * 3, whole);
    }
}

VNNI static void across_bytes(const uint8_t *const *rows, taps row, size_t size, uint8_t *out) {
    for (size_t start = 0; start < size; start += 32) {
        if (size - start < 32) start = size - 32;
        __m256i sums[4][3] = {0};
        for (uint32_t k = 0; k < row.count; k += 4) {
            const __m256i a = load(rows[k] + start), b = load(rows[k + 1] + start);
            const __m256i c = load(rows[k + 2] + start), d = load(rows[k + 3] + start);
            const __m256i left = _mm256_unpacklo_epi8(a, b), next_left = _mm256_unpacklo_epi8(c, d);
            const __m256i right = _mm256_unpackhi_epi8(a, b), next_right = _mm256_unpackhi_epi8(c, d);
            add_fours(sums[0], _mm256_unpacklo_epi16(left, next_left), row.weights + k);
            add_fours(sums[1], _mm256_unpackhi_epi16(left, next_left), row.weights + k);
            add_fours(sums[2], _mm256_unpacklo_epi16(right, next_right), row.weights + k);
            add_fours(sums[3], _mm256_unpackhi_epi16(right, next_right), row.weights + k);
        }
        __m256i whole[4];
        for (int i = 0; i < 4; ++i) whole[i] = whole_of_bytes(sums[i]);
        store(out + start, whole);
    }
}

row_sums fastest_row_sums(void) {
    if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vl")) {
        return (row_sums){encode_bytes, along_bytes, across_bytes};
    }
    if (__builtin_cpu_supports("avx2")) return (row_sums){encode_words, along_words, across_words};
    return plain_row_sums;
}
#endif
