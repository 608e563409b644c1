#ifndef RESIZE_H
#define RESIZE_H

#include <stddef.h>
#include <stdint.h>

/// Weights are whole numbers in units of 2 to the power of -22, as Pillow's are.
enum { WEIGHT_BITS = 22 };

/// What an output is summed from: `count` inputs from `first` on. Weights end in zeros up to a multiple of 4.
typedef struct {
    uint32_t first, count;
    const int32_t *weights;
} taps;

enum { ROWS_AT_ONCE = 4, READ_PAST = 16 };

/// How rows are summed. All implementations give the same bytes: sums are of whole numbers, which may overflow on the way but come to what
/// fits.
typedef struct {
    /// Rewrites four weights as the sums want them; NULL where that is as they are.
    void (*encode)(int32_t four[4]);
    /// Resizes ROWS_AT_ONCE rows to `width` pixels. May read READ_PAST bytes past each.
    void (*along)(const uint8_t *const *rows, const taps *pixels, uint32_t width, uint8_t *const *out);
    /// Sums `row.count` rows of `size` bytes, the first of which is rows[0].
    void (*across)(const uint8_t *const *rows, taps row, size_t size, uint8_t *out);
} row_sums;

/// For any processor.
extern const row_sums plain_row_sums;

/// The fastest for this processor.
row_sums fastest_row_sums(void);

#endif
