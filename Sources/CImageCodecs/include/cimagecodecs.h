// PNG through libpng, JPEG through libjpeg, WebP through libwebp, GIF through giflib, TIFF through libtiff, HEIC through libheif and
// AVIF through libavif, behind functions that report errors instead of jumping or exiting.
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

/// The status where the file may be whole, but holds what is not read: samples of floating point, a codec that the library lacks.
enum { CIC_UNSUPPORTED = 3 };

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
/// The first picture of the file, of 1 to 16 bits a sample: 16 are cut to the high byte, as libpng is asked to, where Pillow clips grey of 16 bits
/// at 255. Colours that are multiplied by alpha are divided by it. Samples of floating point, signed ones and CMYK of 16 bits are
/// CIC_UNSUPPORTED. The libraries of this and the next two are loaded as for WebP.
int cic_decode_tiff(
    const uint8_t *data, size_t size, uint64_t max_pixels, cic_image *image, char message[CIC_MESSAGE_SIZE]);
/// The primary picture of a HEIC file, 10 and 12 bits scaled to 8. Turned and mirrored as the file says: `orientation` is 1. It takes AVIF as well,
/// but repeats halved colour over two pixels, where libavif, and so Pillow, blends it.
int cic_decode_heif(
    const uint8_t *data, size_t size, uint64_t max_pixels, cic_image *image, char message[CIC_MESSAGE_SIZE]);
/// The picture of an AVIF file, or the first of a sequence, 10 and 12 bits scaled to 8. `orientation` is what the file's own turn and mirror come to.
int cic_decode_avif(
    const uint8_t *data, size_t size, uint64_t max_pixels, cic_image *image, char message[CIC_MESSAGE_SIZE]);
void cic_free(cic_image *image);

/// Pillow's filters, by its numbers.
enum { CIC_NEAREST, CIC_LANCZOS, CIC_BILINEAR, CIC_BICUBIC, CIC_BOX, CIC_HAMMING };

/// The longest side that cic_resize() takes or gives.
enum { CIC_MAX_SIDE = 1 << 24 };

/// Resizes RGB `[height, width, 3]` into `out`, `[new_height, new_width, 3]`, which is the caller's and lies apart from `pixels`: the bytes that
/// Image.resize of Pillow 13 gives. Returns 0, or 1 with the reason in `message`.
int cic_resize(
    const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t new_width, uint32_t new_height, int filter, uint8_t *out,
    char message[CIC_MESSAGE_SIZE]);

#endif
