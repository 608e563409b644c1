// AVX-512 pieces that the int8 passes share.
#pragma once
#include <immintrin.h>
#include <math.h>
#include <stdlib.h>

#include "int8_rows.h"

#define INT8_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma")))

/// The first 16 lanes that `left` elements fill.
INT8_TARGET static inline __mmask16 lanes_of(size_t left) { return left >= 16 ? 0xffff : (__mmask16)((1u << left) - 1); }

/// One row of a product, ready to be read.
typedef struct {
    const float *raw, *sums, *bias;
    __m512 scale, offset;
} product_row;

INT8_TARGET static inline product_row row_of(const int8_product *product, size_t i) {
    return (product_row){
        product->raw + i * product->width, product->sums, product->bias, _mm512_set1_ps(product->rows[i].scale),
        _mm512_set1_ps(product->rows[i].offset)};
}

/// What columns j ... j + 15 stand for.
INT8_TARGET static inline __m512 value_of(const product_row *row, size_t j, __mmask16 lanes) {
    const __m512 shift = _mm512_fmadd_ps(
        _mm512_maskz_loadu_ps(lanes, row->sums + j), row->offset, _mm512_maskz_loadu_ps(lanes, row->bias + j));
    return _mm512_fmadd_ps(_mm512_maskz_loadu_ps(lanes, row->raw + j), row->scale, shift);
}

/// e to the x, to 2 units in the last place: 2^n times a polynomial (Cephes' expf).
INT8_TARGET static inline __m512 exponential(__m512 x) {
    x = _mm512_max_ps(_mm512_min_ps(x, _mm512_set1_ps(88.3f)), _mm512_set1_ps(-88.3f));
    const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504f)), 0);
    __m512 f = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), x);
    f = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.12194440e-4f), f);
    __m512 p = _mm512_set1_ps(1.9875691500e-4f);
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(1.3981999507e-3f));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(8.3334519073e-3f));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(4.1665795894e-2f));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(1.6666665459e-1f));
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(5.0000001201e-1f));
    p = _mm512_fmadd_ps(p, _mm512_mul_ps(f, f), _mm512_add_ps(f, _mm512_set1_ps(1)));
    return _mm512_scalef_ps(p, n);
}

/// 1 / x to 14 bits and a step of Newton's: 2 units in the last place.
INT8_TARGET static inline __m512 reciprocal(__m512 x) {
    const __m512 r = _mm512_rcp14_ps(x);
    return _mm512_mul_ps(r, _mm512_fnmadd_ps(x, r, _mm512_set1_ps(2)));
}

/// x * sigmoid(y).
INT8_TARGET static inline __m512 times_sigmoid(__m512 x, __m512 y) {
    const __m512 one = _mm512_set1_ps(1);
    return _mm512_mul_ps(x, reciprocal(_mm512_add_ps(one, exponential(_mm512_sub_ps(_mm512_setzero_ps(), y)))));
}

/// x * (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2, which is x times a sigmoid.
INT8_TARGET static inline __m512 gelu_tanh(__m512 x) {
    const __m512 cube = _mm512_mul_ps(_mm512_mul_ps(x, x), x);
    const __m512 inner = _mm512_fmadd_ps(cube, _mm512_set1_ps(0.044715f), x);
    return times_sigmoid(x, _mm512_mul_ps(inner, _mm512_set1_ps(1.5957691216f)));
}

/// x * (1 + erf(x / √2)) / 2, to 6e-5: an odd polynomial for the half error function within ±4.5, where it is 0.5 but for 3e-6.
/// Where the result is rounded to 255 steps of about 0.01, more digits are of no use.
INT8_TARGET static inline __m512 gelu(__m512 x) {
    static const float terms[] = {
        3.987125441e-01f, -6.598455738e-02f, 9.585149083e-03f, -1.037576973e-03f, 8.142305469e-05f,
        -4.451547870e-06f, 1.590906475e-07f, -3.314417712e-09f, 3.036148665e-11f};
    const __m512 near = _mm512_max_ps(_mm512_min_ps(x, _mm512_set1_ps(4.5f)), _mm512_set1_ps(-4.5f));
    const __m512 square = _mm512_mul_ps(near, near);
    __m512 p = _mm512_set1_ps(terms[8]);
    for (int i = 7; i >= 0; --i) p = _mm512_fmadd_ps(p, square, _mm512_set1_ps(terms[i]));
    return _mm512_mul_ps(x, _mm512_fmadd_ps(near, p, _mm512_set1_ps(0.5f)));
}

/// Turns 16 vectors of 16: rows become columns.
INT8_TARGET static inline void turn(__m512 rows[16]) {
    __m512 pairs[16];
    for (int i = 0; i < 16; i += 2) {
        pairs[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        rows[i] = _mm512_shuffle_ps(pairs[i], pairs[i + 2], 0x44);
        rows[i + 1] = _mm512_shuffle_ps(pairs[i], pairs[i + 2], 0xee);
        rows[i + 2] = _mm512_shuffle_ps(pairs[i + 1], pairs[i + 3], 0x44);
        rows[i + 3] = _mm512_shuffle_ps(pairs[i + 1], pairs[i + 3], 0xee);
    }
    // rows[4 a + b], quarter c: column 4 c + b of rows 4 a ... 4 a + 3.
    for (int b = 0; b < 4; ++b) {
        const __m512 low = _mm512_shuffle_f32x4(rows[b], rows[4 + b], 0x88), lower = _mm512_shuffle_f32x4(rows[b], rows[4 + b], 0xdd);
        const __m512 high = _mm512_shuffle_f32x4(rows[8 + b], rows[12 + b], 0x88);
        const __m512 higher = _mm512_shuffle_f32x4(rows[8 + b], rows[12 + b], 0xdd);
        pairs[b] = _mm512_shuffle_f32x4(low, high, 0x88);
        pairs[8 + b] = _mm512_shuffle_f32x4(low, high, 0xdd);
        pairs[4 + b] = _mm512_shuffle_f32x4(lower, higher, 0x88);
        pairs[12 + b] = _mm512_shuffle_f32x4(lower, higher, 0xdd);
    }
    for (int i = 0; i < 16; ++i) rows[i] = pairs[i];
}
