// Pillow's Image.resize for RGB, to the bit: each side is resized on its own, and what the first gives is rounded to bytes.
#include "resize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cimagecodecs.h"

// A fused product would round otherwise than the reference does.
#pragma STDC FP_CONTRACT OFF

static const double pi = 3.14159265358979323846;

static double box(double x) { return x > -0.5 && x <= 0.5 ? 1 : 0; }

static double triangle(double x) { return fabs(x) < 1 ? 1 - fabs(x) : 0; }

static double hamming(double x) {
    if (x == 0) return 1;
    x = fabs(x) * pi;
    // The reference rounds these two to floats, which moves some weights by a unit.
    return x >= pi ? 0 : sin(x) / x * (0.54F + 0.46F * cos(x));
}

static double cubic(double x) {
    const double a = -0.5;
    x = fabs(x);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static double sinc(double x) { return x == 0 ? 1 : sin(x * pi) / (x * pi); }

static double lanczos(double x) { return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0; }

typedef struct {
    double (*value)(double x);
    double support;
} filter_shape;

static const filter_shape shapes[] = {
    [CIC_LANCZOS] = {lanczos, 3}, [CIC_BILINEAR] = {triangle, 1}, [CIC_BICUBIC] = {cubic, 2},
    [CIC_BOX] = {box, 0.5},       [CIC_HAMMING] = {hamming, 1},
};

/// How one side is resized; `outputs` is NULL where it keeps its length.
typedef struct {
    taps *outputs;
    int32_t *weights;
    /// No output is summed from more inputs.
    uint32_t longest;
} side;

typedef struct {
    const uint8_t *pixels;
    uint32_t width, height, new_width, new_height;
    uint8_t *out;
    side columns, lines;
    row_sums sums;
    /// The rows that one output row is summed from.
    const uint8_t **sources;
    /// Rows between both steps, `kept` of them in turn; and copies of the last rows, behind which READ_PAST bytes can be read.
    uint8_t *between, *copies;
    uint32_t kept;
} job;

static uint32_t rounded_up(uint32_t count) { return (count + 3) / 4 * 4; }

static int32_t fixed_point(double weight) {
    const double scaled = weight * (1 << WEIGHT_BITS);
    return (int32_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

/// Returns 0, or 1 where memory is short.
static int plan(side *side, uint32_t size, uint32_t new_size, filter_shape shape, void (*encode)(int32_t four[4])) {
    const double scale = (double)size / new_size, stretch = scale < 1 ? 1 : scale, support = shape.support * stretch;
    side->longest = rounded_up((uint32_t)ceil(support) * 2 + 1);
    side->outputs = malloc(new_size * sizeof *side->outputs);
    side->weights = calloc((size_t)new_size * side->longest, sizeof *side->weights);
    double *values = malloc(side->longest * sizeof *values);
    const int failed = !side->outputs || !side->weights || !values;
    for (uint32_t i = 0; !failed && i < new_size; ++i) {
        const double center = (i + 0.5) * scale, start = center - support + 0.5, end = center + support + 0.5;
        const uint32_t first = start < 0 ? 0 : (uint32_t)start, past = end > size ? size : (uint32_t)end;
        int32_t *weights = side->weights + (size_t)i * side->longest;
        double sum = 0;
        for (uint32_t k = 0; k < past - first; ++k) sum += values[k] = shape.value((k + first - center + 0.5) * (1 / stretch));
        for (uint32_t k = 0; k < past - first; ++k) weights[k] = fixed_point(sum == 0 ? values[k] : values[k] / sum);
        for (uint32_t k = 0; encode && k < past - first; k += 4) encode(weights + k);
        side->outputs[i] = (taps){first, past - first, weights};
    }
    free(values);
    return failed;
}

/// Row `y` of the picture, behind which READ_PAST bytes can be read.
static const uint8_t *readable_row(const job *job, uint32_t y, int copy) {
    const size_t stride = (size_t)job->width * 3;
    const uint8_t *row = job->pixels + y * stride;
    if ((job->height - y - 1) * stride >= READ_PAST) return row;
    return memcpy(job->copies + copy * (stride + READ_PAST), row, stride);
}

/// Resizes rows of the picture from `y` on into `out`, which keeps `kept` rows in turn.
static void resize_rows(const job *job, uint32_t y, uint8_t *out, uint32_t kept) {
    const uint8_t *from[ROWS_AT_ONCE];
    uint8_t *to[ROWS_AT_ONCE];
    for (int i = 0; i < ROWS_AT_ONCE; ++i, y += y + 1 < job->height) {
        from[i] = readable_row(job, y, i);
        to[i] = out + (size_t)(y % kept) * job->new_width * 3;
    }
    job->sums.along(from, job->columns.outputs, job->new_width, to);
}

/// Sums row `y` of the result from `rows` of `width` pixels, which keep `kept` rows in turn.
static void sum_rows(const job *job, const uint8_t *rows, uint32_t width, uint32_t kept, uint32_t y, uint8_t *out) {
    const taps line = job->lines.outputs[y];
    const size_t stride = (size_t)width * 3;
    for (uint32_t k = 0; k < line.count; ++k) job->sources[k] = rows + (line.first + k) % kept * stride;
    for (uint32_t k = line.count; k % 4 != 0; ++k) job->sources[k] = job->sources[k - 1];
    job->sums.across(job->sources, line, stride, out);
}

static void resize_width_first(const job *job) {
    uint32_t resized = 0;
    for (uint32_t y = 0; y < job->new_height; ++y) {
        const taps line = job->lines.outputs[y];
        for (; resized < line.first + line.count; resized += ROWS_AT_ONCE) resize_rows(job, resized, job->between, job->kept);
        sum_rows(job, job->between, job->new_width, job->kept, y, job->out + (size_t)y * job->new_width * 3);
    }
}

static void resize_height_first(const job *job) {
    const size_t stride = (size_t)job->new_width * 3, full = (size_t)job->width * 3 + READ_PAST;
    for (uint32_t start = 0; start < job->new_height; start += ROWS_AT_ONCE) {
        const uint8_t *from[ROWS_AT_ONCE];
        uint8_t *to[ROWS_AT_ONCE];
        uint32_t y = start;
        for (int i = 0; i < ROWS_AT_ONCE; ++i, y += y + 1 < job->new_height) {
            sum_rows(job, job->pixels, job->width, job->height, y, job->between + i * full);
            from[i] = job->between + i * full;
            to[i] = job->out + y * stride;
        }
        job->sums.along(from, job->columns.outputs, job->new_width, to);
    }
}

/// Where the height loses more than twice what the width does, Pillow has resized it first since version 13.
static int loses_more_height(const job *job) {
    return job->new_height < job->height &&
        (int64_t)job->height - job->new_height > 2 * ((int64_t)job->width - job->new_width);
}

/// Returns 0, or 1 where memory is short.
static int resample(job *job, filter_shape shape) {
    const int along = job->width != job->new_width, across = job->height != job->new_height;
    if (along && plan(&job->columns, job->width, job->new_width, shape, job->sums.encode)) return 1;
    if (across && plan(&job->lines, job->height, job->new_height, shape, job->sums.encode)) return 1;
    const size_t copies = ((size_t)job->width * 3 + READ_PAST) * ROWS_AT_ONCE;
    job->kept = job->lines.longest + ROWS_AT_ONCE;
    job->copies = malloc(copies + (size_t)job->kept * job->new_width * 3);
    job->sources = malloc((job->lines.longest + 1) * sizeof *job->sources);
    if (!job->copies || !job->sources) return 1;
    if (!across) {
        for (uint32_t y = 0; y < job->height; y += ROWS_AT_ONCE) resize_rows(job, y, job->out, job->height);
    } else if (!along) {
        const size_t stride = (size_t)job->width * 3;
        for (uint32_t y = 0; y < job->new_height; ++y) sum_rows(job, job->pixels, job->width, job->height, y, job->out + y * stride);
    } else if (loses_more_height(job)) {
        job->between = job->copies;
        resize_height_first(job);
    } else {
        job->between = job->copies + copies;
        resize_width_first(job);
    }
    return 0;
}

static size_t whole_below(double place, uint32_t size) { return place < size ? (size_t)place : size - 1; }

static int take_nearest(const job *job) {
    size_t *places = malloc(job->new_width * sizeof *places);
    if (!places) return 1;
    const double across = (double)job->width / job->new_width, down = (double)job->height / job->new_height;
    // Steps are added up, as the reference does, which ends elsewhere than a product would.
    double place = across * 0.5;
    for (uint32_t x = 0; x < job->new_width; ++x, place += across) places[x] = whole_below(place, job->width) * 3;
    place = down * 0.5;
    uint8_t *out = job->out;
    for (uint32_t y = 0; y < job->new_height; ++y, place += down) {
        const uint8_t *row = job->pixels + whole_below(place, job->height) * job->width * 3;
        for (uint32_t x = 0; x < job->new_width; ++x, out += 3) memcpy(out, row + places[x], 3);
    }
    free(places);
    return 0;
}

int cic_resize(
    const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t new_width, uint32_t new_height, int filter, uint8_t *out,
    char message[CIC_MESSAGE_SIZE]) {
    const uint32_t sides[] = {width, height, new_width, new_height};
    for (int i = 0; i < 4; ++i) {
        if (sides[i] >= 1 && sides[i] <= CIC_MAX_SIDE) continue;
        strcpy(message, "a side to resize from or to must lie in 1 to 16777216");
        return 1;
    }
    if (filter < CIC_NEAREST || filter > CIC_HAMMING) {
        strcpy(message, "the filter to resize with is not known");
        return 1;
    }
    job job = {.pixels = pixels, .width = width, .height = height, .new_width = new_width, .new_height = new_height, .out = out};
    // Rows of less than 32 bytes are too short for wide registers.
    job.sums = width < 11 || new_width < 11 ? plain_row_sums : fastest_row_sums();
    int failed = 0;
    if (width == new_width && height == new_height) {
        memcpy(out, pixels, (size_t)width * height * 3);
    } else if (filter == CIC_NEAREST) {
        failed = take_nearest(&job);
    } else {
        failed = resample(&job, shapes[filter]);
        free(job.columns.outputs);
        free(job.columns.weights);
        free(job.lines.outputs);
        free(job.lines.weights);
        free(job.sources);
        free(job.copies);
    }
    if (failed) strcpy(message, "out of memory");
    return failed;
}
