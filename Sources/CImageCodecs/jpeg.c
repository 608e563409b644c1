#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// jpeglib.h needs stdio.h and stddef.h before it.
#include <jerror.h>
#include <jpeglib.h>

#include "cimagecodecs.h"
#include "exif.h"

typedef struct {
    struct jpeg_error_mgr base;
    jmp_buf escape;
    char *message;
} error_manager;

static void on_error(j_common_ptr info) {
    error_manager *manager = (error_manager *)info->err;
    char text[JMSG_LENGTH_MAX];
    manager->base.format_message(info, text);
    snprintf(manager->message, CIC_MESSAGE_SIZE, "%s", text);
    longjmp(manager->escape, 1);
}

// A picture whose data end early decodes to grey: that is an error here, not a warning. Others leave it whole.
static void on_message(j_common_ptr info, int level) {
    const int code = info->err->msg_code;
    if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER)) on_error(info);
}

static uint8_t scaled(unsigned a, unsigned b) {
    const unsigned product = a * b + 128;  // a · b / 255, rounded, as Pillow has it
    return (uint8_t)((product + (product >> 8)) >> 8);
}

/// CMYK to RGB in place: 4 bytes become 3. The inks are taken to be inverted, Adobe's convention, as Pillow takes them.
static void from_cmyk(uint8_t *row, size_t width) {
    for (size_t x = 0; x < width; ++x) {
        const uint8_t c = row[4 * x], m = row[4 * x + 1], y = row[4 * x + 2], k = row[4 * x + 3];
        uint8_t *out = row + 3 * x;
        out[0] = scaled(c, k);
        out[1] = scaled(m, k);
        out[2] = scaled(y, k);
    }
}

static uint32_t orientation(const struct jpeg_decompress_struct *info) {
    for (jpeg_saved_marker_ptr marker = info->marker_list; marker; marker = marker->next) {
        if (marker->marker == JPEG_APP0 + 1 && marker->data_length > 6 && memcmp(marker->data, "Exif\0\0", 6) == 0) {
            return exif_orientation(marker->data + 6, marker->data_length - 6);
        }
    }
    return 1;
}

static void read_rows(struct jpeg_decompress_struct *info, cic_image *image, uint8_t *row) {
    const int cmyk = info->out_color_space == JCS_CMYK;
    const size_t stride = (size_t)image->width * 3;
    while (info->output_scanline < info->output_height) {
        uint8_t *target = image->pixels + info->output_scanline * stride;
        jpeg_read_scanlines(info, &row, 1);
        if (cmyk) from_cmyk(row, image->width);
        memcpy(target, row, stride);
    }
}

static int decode(
    const uint8_t *data, size_t size, uint32_t denominator, bool only_describes, uint64_t max_pixels, cic_image *image,
    char message[CIC_MESSAGE_SIZE]) {
    memset(image, 0, sizeof *image);
    struct jpeg_decompress_struct info;
    memset(&info, 0, sizeof info);
    error_manager manager = {.message = message};
    uint8_t *volatile row = NULL;
    info.err = jpeg_std_error(&manager.base);
    manager.base.error_exit = on_error;
    manager.base.emit_message = on_message;
    if (setjmp(manager.escape)) {
        jpeg_destroy_decompress(&info);
        free(row);
        cic_free(image);
        return 1;
    }
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, data, size);
    jpeg_save_markers(&info, JPEG_APP0 + 1, 0xFFFF);
    jpeg_read_header(&info, TRUE);
    if ((uint64_t)info.image_width * info.image_height > max_pixels) {
        ERREXIT1(&info, JERR_IMAGE_TOO_BIG, (int)JPEG_MAX_DIMENSION);
    }
    image->orientation = orientation(&info);
    if (only_describes) {
        image->width = info.image_width;
        image->height = info.image_height;
        jpeg_destroy_decompress(&info);
        return 0;
    }
    info.scale_num = 1;
    info.scale_denom = denominator;
    const int inks = info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
    info.out_color_space = inks ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(&info);
    image->width = info.output_width;
    image->height = info.output_height;
    image->channels = 3;
    image->pixels = malloc((size_t)image->width * image->height * 3);
    row = malloc((size_t)image->width * 4);
    if (!image->pixels || !row) ERREXIT1(&info, JERR_OUT_OF_MEMORY, 0);
    read_rows(&info, image, row);
    jpeg_finish_decompress(&info);
    jpeg_destroy_decompress(&info);
    free(row);
    return 0;
}

int cic_decode_jpeg(
    const uint8_t *data, size_t size, uint32_t denominator, uint64_t max_pixels, cic_image *image,
    char message[CIC_MESSAGE_SIZE]) {
    return decode(data, size, denominator, false, max_pixels, image, message);
}

int cic_describe_jpeg(const uint8_t *data, size_t size, cic_image *image, char message[CIC_MESSAGE_SIZE]) {
    return decode(data, size, 1, true, UINT64_MAX, image, message);
}
