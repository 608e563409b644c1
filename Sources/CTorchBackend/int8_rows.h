// What stands between the products of a Transformer layer in int8: each is one pass over rows that the cache holds.
//
// A row x of activations is kept as 8-bit numbers q with two floats of its own: x = scale * q + offset. Of such rows oneDNN computes
// raw = (q Wq) * scales of the columns; what that stands for, with `sums` the columns' sums of the weights, is
//     y = scale * raw + offset * sums + bias.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    float scale, offset;
} int8_row;

/// `count` rows of `width` numbers that a product left.
typedef struct {
    const float *raw;
    const int8_row *rows;
    const float *sums, *bias;
    size_t count, width;
} int8_product;

/// Where quantised rows go.
typedef struct {
    int8_t *values;
    int8_row *rows;
} int8_target;

typedef enum { INT8_IDENTITY, INT8_RELU, INT8_GELU, INT8_GELU_TANH, INT8_SILU } int8_activation;

/// Sequences that lie behind one another: `lengths` of them, which add up to the product's count.
typedef struct {
    const int64_t *lengths;
    size_t count, heads;
    /// `[heads, size, size]`, added to the scores before the softmax; NULL for none.
    const float *bias;
    size_t bias_size;
} int8_sequences;

/// x * inverse of each row, quantised.
void int8_quantize(const float *x, size_t count, size_t width, const float *inverse, int8_target target);
/// The layer norm of y + residual, which goes to `normalized`, and, where `inverse` is given, times it and quantised to `target`.
void int8_norm(
    const int8_product *product, const float *residual, const float *weight, const float *bias, float epsilon,
    const float *inverse, float *normalized, int8_target target);
/// activation(y), quantised. False where memory is short.
bool int8_activate(const int8_product *product, int8_activation activation, int8_target target);
/// Self-attention over y, whose rows hold queries, keys and values side by side; what heads gather, quantised. False where memory
/// is short.
bool int8_attend(const int8_product *product, const int8_sequences *sequences, int8_target target);

#ifdef __cplusplus
}
#endif
