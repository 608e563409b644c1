// The passes of int8_rows.h, in AVX-512. Called only where the processor has it (ct_has_int8).
#include "int8_rows.h"

#if defined(__x86_64__)
#include "int8_vector.h"

/// What the range of a row's values so far is.
typedef struct {
    __m512 least, most;
} range;

INT8_TARGET static inline range no_range(void) { return (range){_mm512_set1_ps(INFINITY), _mm512_set1_ps(-INFINITY)}; }

INT8_TARGET static inline void extend(range *seen, __mmask16 lanes, __m512 x) {
    seen->least = _mm512_mask_min_ps(seen->least, lanes, seen->least, x);
    seen->most = _mm512_mask_max_ps(seen->most, lanes, seen->most, x);
}

/// Rounds a row whose values lie in `seen`, times `inverse` where that is given: its least value becomes -128, its greatest 127.
INT8_TARGET static void store_row(
    const float *x, const float *inverse, size_t width, range seen, int8_t *values, int8_row *row) {
    const float least = _mm512_reduce_min_ps(seen.least), width_of_range = _mm512_reduce_max_ps(seen.most) - least;
    // A constant row is its offset alone.
    const bool is_constant = width_of_range < 1e-30f;
    row->scale = is_constant ? 0 : width_of_range / 255;
    row->offset = least + 128 * row->scale;
    const __m512 low = _mm512_set1_ps(least), steps = _mm512_set1_ps(is_constant ? 0 : 255 / width_of_range);
    const __m512i middle = _mm512_set1_epi32(128);
    for (size_t j = 0; j < width; j += 16) {
        const __mmask16 lanes = lanes_of(width - j);
        __m512 value = _mm512_maskz_loadu_ps(lanes, x + j);
        if (inverse) value = _mm512_mul_ps(value, _mm512_maskz_loadu_ps(lanes, inverse + j));
        const __m512i step = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_sub_ps(value, low), steps));
        _mm512_mask_cvtsepi32_storeu_epi8(values + j, lanes, _mm512_sub_epi32(step, middle));
    }
}

INT8_TARGET void int8_quantize(const float *x, size_t count, size_t width, const float *inverse, int8_target target) {
    for (size_t i = 0; i < count; ++i, x += width) {
        range seen = no_range();
        for (size_t j = 0; j < width; j += 16) {
            const __mmask16 lanes = lanes_of(width - j);
            __m512 value = _mm512_maskz_loadu_ps(lanes, x + j);
            if (inverse) value = _mm512_mul_ps(value, _mm512_maskz_loadu_ps(lanes, inverse + j));
            extend(&seen, lanes, value);
        }
        store_row(x, inverse, width, seen, target.values + i * width, target.rows + i);
    }
}

INT8_TARGET void int8_norm(
    const int8_product *product, const float *residual, const float *weight, const float *bias, float epsilon,
    const float *inverse, float *normalized, int8_target target) {
    const size_t width = product->width;
    for (size_t i = 0; i < product->count; ++i) {
        const product_row row = row_of(product, i);
        const float *rest = residual + i * width;
        float *x = normalized + i * width;
        __m512 sum = _mm512_setzero_ps(), squares = _mm512_setzero_ps();
        for (size_t j = 0; j < width; j += 16) {
            const __mmask16 lanes = lanes_of(width - j);
            const __m512 value = _mm512_add_ps(value_of(&row, j, lanes), _mm512_maskz_loadu_ps(lanes, rest + j));
            _mm512_mask_storeu_ps(x + j, lanes, value);
            sum = _mm512_mask_add_ps(sum, lanes, sum, value);
        }
        const __m512 mean = _mm512_set1_ps(_mm512_reduce_add_ps(sum) / width);
        for (size_t j = 0; j < width; j += 16) {
            const __mmask16 lanes = lanes_of(width - j);
            const __m512 apart = _mm512_maskz_sub_ps(lanes, _mm512_maskz_loadu_ps(lanes, x + j), mean);
            squares = _mm512_fmadd_ps(apart, apart, squares);
        }
        const __m512 factor = _mm512_set1_ps(1 / sqrtf(_mm512_reduce_add_ps(squares) / width + epsilon));
        range seen = no_range();
        for (size_t j = 0; j < width; j += 16) {
            const __mmask16 lanes = lanes_of(width - j);
            const __m512 apart = _mm512_mul_ps(_mm512_sub_ps(_mm512_maskz_loadu_ps(lanes, x + j), mean), factor);
            const __m512 value =
                _mm512_fmadd_ps(apart, _mm512_maskz_loadu_ps(lanes, weight + j), _mm512_maskz_loadu_ps(lanes, bias + j));
            _mm512_mask_storeu_ps(x + j, lanes, value);
            if (inverse) extend(&seen, lanes, _mm512_mul_ps(value, _mm512_maskz_loadu_ps(lanes, inverse + j)));
        }
        if (inverse) store_row(x, inverse, width, seen, target.values + i * width, target.rows + i);
    }
}

INT8_TARGET static inline __m512 activated(__m512 x, int8_activation activation) {
    switch (activation) {
        case INT8_IDENTITY: return x;
        case INT8_RELU: return _mm512_max_ps(x, _mm512_setzero_ps());
        case INT8_GELU: return gelu(x);
        case INT8_GELU_TANH: return gelu_tanh(x);
        case INT8_SILU: return times_sigmoid(x, x);
    }
    return x;
}

/// Inlined with each activation, so that its loop knows which one it is.
INT8_TARGET static inline __attribute__((always_inline)) void activate_rows(
    const int8_product *product, int8_activation activation, float *kept, int8_target target) {
    const size_t width = product->width;
    for (size_t i = 0; i < product->count; ++i) {
        const product_row row = row_of(product, i);
        range seen = no_range();
        for (size_t j = 0; j < width; j += 16) {
            const __mmask16 lanes = lanes_of(width - j);
            const __m512 value = activated(value_of(&row, j, lanes), activation);
            _mm512_mask_storeu_ps(kept + j, lanes, value);
            extend(&seen, lanes, value);
        }
        store_row(kept, NULL, width, seen, target.values + i * width, target.rows + i);
    }
}

INT8_TARGET bool int8_activate(const int8_product *product, int8_activation activation, int8_target target) {
    float *kept = malloc((product->width + 16) * sizeof *kept);
    if (!kept) return false;
    switch (activation) {
        case INT8_IDENTITY: activate_rows(product, INT8_IDENTITY, kept, target); break;
        case INT8_RELU: activate_rows(product, INT8_RELU, kept, target); break;
        case INT8_GELU: activate_rows(product, INT8_GELU, kept, target); break;
        case INT8_GELU_TANH: activate_rows(product, INT8_GELU_TANH, kept, target); break;
        case INT8_SILU: activate_rows(product, INT8_SILU, kept, target); break;
    }
    free(kept);
    return true;
}
#endif
