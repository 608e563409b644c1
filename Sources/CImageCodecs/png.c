#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "cimagecodecs.h"
#include "exif.h"

typedef struct {
    const uint8_t *data;
    size_t size, position;
} source;

static void read_bytes(png_structp png, png_bytep out, size_t count) {
    source *from = png_get_io_ptr(png);
    if (count > from->size - from->position) png_error(png, "the file ends early");
    memcpy(out, from->data + from->position, count);
    from->position += count;
}

static void on_error(png_structp png, png_const_charp text) {
    char *message = png_get_error_ptr(png);
    strncpy(message, text, CIC_MESSAGE_SIZE - 1);
    message[CIC_MESSAGE_SIZE - 1] = 0;
    png_longjmp(png, 1);
}

// libpng warns of chunks it repairs or skips; the picture is whole.
static void on_warning(png_structp png, png_const_charp text) { (void)png, (void)text; }

/// Reads the header and asks for 8-bit RGB or RGBA, whatever the file holds.
static void prepare(png_structp png, png_infop info, uint64_t max_pixels, cic_image *image) {
    png_read_info(png, info);
    image->width = png_get_image_width(png, info);
    image->height = png_get_image_height(png, info);
    if ((uint64_t)image->width * image->height > max_pixels) png_error(png, "the picture has too many pixels");
    png_set_expand(png);     // palette and low depths to 8 bits, tRNS to alpha
    png_set_strip_16(png);   // the high byte, as Pillow takes it
    png_set_gray_to_rgb(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    image->channels = png_get_channels(png, info);
}

int cic_decode_png(
    const uint8_t *data, size_t size, uint64_t max_pixels, cic_image *image, char message[CIC_MESSAGE_SIZE]) {
    memset(image, 0, sizeof *image);
    image->orientation = 1;
    source from = {data, size, 0};
    png_bytep *volatile rows = NULL;
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, message, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        png_destroy_read_struct(&png, NULL, NULL);
        strcpy(message, "out of memory");
        return 1;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        free((void *)rows);
        cic_free(image);
        return 1;
    }
    png_set_read_fn(png, &from, read_bytes);
    prepare(png, info, max_pixels, image);
    const size_t stride = png_get_rowbytes(png, info);
    image->pixels = malloc(stride * image->height);
    rows = malloc(sizeof(png_bytep) * image->height);
    if (!image->pixels || !rows) png_error(png, "out of memory");
    for (size_t y = 0; y < image->height; ++y) rows[y] = image->pixels + y * stride;
    png_read_image(png, (png_bytepp)rows);
    png_read_end(png, info);
    png_bytep exif = NULL;
    png_uint_32 exif_size = 0;
    if (png_get_eXIf_1(png, info, &exif_size, &exif)) image->orientation = exif_orientation(exif, exif_size);
    png_destroy_read_struct(&png, &info, NULL);
    free((void *)rows);
    return 0;
}

void cic_free(cic_image *image) {
    free(image->pixels);
    image->pixels = NULL;
}
