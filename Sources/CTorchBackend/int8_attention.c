// Self-attention between two products in int8: a sequence and a head at a time, in float32, all of it in the cache.
#include "int8_rows.h"

#if defined(__x86_64__)
#include "int8_vector.h"

/// One head of one sequence.
typedef struct {
    size_t length, padded_length;
    size_t size, padded_size;
    /// `[padded_length, size]`, `[size, padded_length]`, `[padded_length, padded_size]`.
    float *queries, *keys, *values;
    /// `[4, padded_length]`: exponentials of scores.
    float *weights;
} head_buffers;

static size_t padded(size_t count) { return (count + 15) / 16 * 16; }

/// Reads queries, keys and values of `head` from the rows from `first` on. Keys are turned, so that scores of 16 keys are one vector;
/// those behind the last one are zeros.
INT8_TARGET static void load(const int8_product *product, size_t first, size_t head, head_buffers *to) {
    const size_t dimension = product->width / 3, start = head * to->size;
    const __m512 root = _mm512_set1_ps(1 / sqrtf((float)to->size));
    for (size_t i = 0; i < to->padded_length; i += 16) {
        const size_t count = to->length - i < 16 ? to->length - i : 16;
        for (size_t j = 0; j < to->size; j += 16) {
            const __mmask16 lanes = lanes_of(to->size - j);
            __m512 keys[16];
            for (size_t k = 0; k < count; ++k) {
                const product_row row = row_of(product, first + i + k);
                const __m512 query = value_of(&row, start + j, lanes);
                _mm512_mask_storeu_ps(to->queries + (i + k) * to->size + j, lanes, _mm512_mul_ps(query, root));
                _mm512_storeu_ps(
                    to->values + (i + k) * to->padded_size + j, value_of(&row, 2 * dimension + start + j, lanes));
                keys[k] = value_of(&row, dimension + start + j, lanes);
            }
            for (size_t k = count; k < 16; ++k) keys[k] = _mm512_setzero_ps();
            turn(keys);
            const size_t columns = to->size - j < 16 ? to->size - j : 16;
            for (size_t k = 0; k < columns; ++k) _mm512_storeu_ps(to->keys + (j + k) * to->padded_length + i, keys[k]);
        }
    }
}

/// Scores of four queries from `query` on, exponentiated; gives the reciprocals of their sums.
INT8_TARGET static void score(const head_buffers *head, size_t query, const float *bias, size_t bias_size, float *inverse) {
    const float *queries = head->queries + query * head->size;
    for (size_t j = 0; j < head->padded_length; j += 32) {
        const bool both = j + 16 < head->padded_length;
        __m512 sums[4][2];
        for (int i = 0; i < 4; ++i) sums[i][0] = sums[i][1] = _mm512_setzero_ps();
        for (size_t k = 0; k < head->size; ++k) {
            const float *keys = head->keys + k * head->padded_length + j;
            const __m512 first = _mm512_loadu_ps(keys), second = both ? _mm512_loadu_ps(keys + 16) : _mm512_setzero_ps();
            for (int i = 0; i < 4; ++i) {
                const __m512 q = _mm512_set1_ps(queries[i * head->size + k]);
                sums[i][0] = _mm512_fmadd_ps(q, first, sums[i][0]);
                sums[i][1] = _mm512_fmadd_ps(q, second, sums[i][1]);
            }
        }
        for (int i = 0; i < 4; ++i) {
            _mm512_storeu_ps(head->weights + i * head->padded_length + j, sums[i][0]);
            if (both) _mm512_storeu_ps(head->weights + i * head->padded_length + j + 16, sums[i][1]);
        }
    }
    for (size_t i = 0; i < 4; ++i) {
        float *scores = head->weights + i * head->padded_length;
        const bool is_biased = bias && query + i < head->length;
        __m512 most = _mm512_set1_ps(-INFINITY), sum = _mm512_setzero_ps();
        for (size_t j = 0; j < head->length; j += 16) {
            const __mmask16 lanes = lanes_of(head->length - j);
            __m512 value = _mm512_loadu_ps(scores + j);
            if (is_biased) value = _mm512_add_ps(value, _mm512_maskz_loadu_ps(lanes, bias + (query + i) * bias_size + j));
            _mm512_storeu_ps(scores + j, value);
            most = _mm512_mask_max_ps(most, lanes, most, value);
        }
        const __m512 top = _mm512_set1_ps(_mm512_reduce_max_ps(most));
        for (size_t j = 0; j < head->length; j += 16) {
            const __mmask16 lanes = lanes_of(head->length - j);
            const __m512 value = _mm512_maskz_mov_ps(lanes, exponential(_mm512_sub_ps(_mm512_loadu_ps(scores + j), top)));
            _mm512_storeu_ps(scores + j, value);
            sum = _mm512_add_ps(sum, value);
        }
        inverse[i] = 1 / _mm512_reduce_add_ps(sum);
    }
}

/// What four queries gather, to rows of `width` from `target` on; those behind the sequence are left out.
INT8_TARGET static void gather(const head_buffers *head, size_t query, const float *inverse, float *target, size_t width) {
    for (size_t d = 0; d < head->size; d += 32) {
        const bool both = d + 16 < head->size;
        __m512 sums[4][2];
        for (int i = 0; i < 4; ++i) sums[i][0] = sums[i][1] = _mm512_setzero_ps();
        for (size_t j = 0; j < head->length; ++j) {
            const float *values = head->values + j * head->padded_size + d;
            const __m512 first = _mm512_loadu_ps(values), second = both ? _mm512_loadu_ps(values + 16) : _mm512_setzero_ps();
            for (int i = 0; i < 4; ++i) {
                const __m512 weight = _mm512_set1_ps(head->weights[i * head->padded_length + j]);
                sums[i][0] = _mm512_fmadd_ps(weight, first, sums[i][0]);
                sums[i][1] = _mm512_fmadd_ps(weight, second, sums[i][1]);
            }
        }
        for (size_t i = 0; i < 4 && query + i < head->length; ++i) {
            const __m512 scale = _mm512_set1_ps(inverse[i]);
            float *row = target + (query + i) * width + d;
            _mm512_mask_storeu_ps(row, lanes_of(head->size - d), _mm512_mul_ps(sums[i][0], scale));
            if (both) _mm512_mask_storeu_ps(row + 16, lanes_of(head->size - d - 16), _mm512_mul_ps(sums[i][1], scale));
        }
    }
}

INT8_TARGET bool int8_attend(const int8_product *product, const int8_sequences *sequences, int8_target target) {
    const size_t dimension = product->width / 3, size = dimension / sequences->heads;
    size_t longest = 0;
    for (size_t i = 0; i < sequences->count; ++i) {
        if ((size_t)sequences->lengths[i] > longest) longest = sequences->lengths[i];
    }
    const size_t rows = padded(longest), columns = padded(size);
    // Zeros: queries behind a sequence's end are computed with the others of their four, and not read.
    float *memory = calloc(rows * (size + 4) + size * rows + rows * columns + 4 * rows + longest * dimension, sizeof *memory);
    if (!memory) return false;
    head_buffers head = {.size = size, .padded_size = columns};
    head.queries = memory;
    head.keys = head.queries + rows * (size + 4);
    head.values = head.keys + size * rows;
    head.weights = head.values + rows * columns;
    float *gathered = head.weights + 4 * rows;
    size_t first = 0;
    for (size_t i = 0; i < sequences->count; ++i) {
        head.length = sequences->lengths[i];
        head.padded_length = padded(head.length);
        for (size_t h = 0; h < sequences->heads; ++h) {
            load(product, first, h, &head);
            const float *bias = sequences->bias ? sequences->bias + h * sequences->bias_size * sequences->bias_size : NULL;
            for (size_t query = 0; query < head.length; query += 4) {
                float inverse[4];
                score(&head, query, bias, sequences->bias_size, inverse);
                gather(&head, query, inverse, gathered + h * size, dimension);
            }
        }
        int8_quantize(
            gathered, head.length, dimension, NULL,
            (int8_target){target.values + first * dimension, target.rows + first});
        first += head.length;
    }
    free(memory);
    return true;
}
#endif
