// PNG through libpng, JPEG through libjpeg, WebP through libwebp and GIF through giflib, behind functions that report errors instead of jumping
// or exiting.
#ifndef CIMAGECODECS_H
#define CIMAGECODECS_H

#include <stddef.h>
#include <stdint.h>

/// A decoded picture: 8 bits a channel, rows from the top, no padding. `pixels` is to be given back with cic_free().
typedef struct {
    uint8_t *pixels;
    uint32_t width;
    uint32_t height;
    /// 3 (RGB) or 4 (RGBA, not premultiplied).
    uint32_t channels;
    /// EXIF orientation, 1 to 8; 1 where the file says nothing. Not applied to `pixels`.
    uint32_t orientation;
} cic_image;

enum { CIC_MESSAGE_SIZE = 256 };

/// The status where a library is not there; `message` says which.
enum { CIC_UNAVAILABLE = 2 };

/// Both return 0, or 1 with the reason in `message`. Pictures of more than `max_pixels` are refused before allocation.
int cic_decode_png(
    const uint8_t *data, size_t size, uint64_t max_pixels, cic_image *image, char message[CIC_MESSAGE_SIZE]);
/// At 1/`denominator` of the size (1, 2, 4 or 8), rounded up, by leaving out frequencies.
int cic_decode_jpeg(
    const uint8_t *data, size_t size, uint32_t denominator, uint64_t max_pixels, cic_image *image,
    char message[CIC_MESSAGE_SIZE]);
/// Everything of a JPEG but its pixels.
int cic_describe_jpeg(const uint8_t *data, size_t size, cic_image *image, char message[CIC_MESSAGE_SIZE]);
/// Of an animation the first frame, which lies on the whole canvas. The libraries are loaded at the first such picture: CIC_UNAVAILABLE where
/// that fails.
int cic_decode_webp(
    const uint8_t *data, size_t size, uint64_t max_pixels, cic_image *image, char message[CIC_MESSAGE_SIZE]);
int cic_decode_gif(
    const uint8_t *data, size_t size, uint64_t max_pixels, cic_image *image, char message[CIC_MESSAGE_SIZE]);
void cic_free(cic_image *image);

#endif
