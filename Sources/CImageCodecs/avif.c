#include "library.h"

#if __has_include(<avif/avif.h>)
#include <avif/avif.h>
#endif

// The structures are the caller's to read, and change from one library to the next: the one that the headers describe is loaded.
#if defined(AVIF_VERSION) && AVIF_VERSION >= 1000000
#define LIBRARY "libavif.so.16"
#define PACKAGE "libavif16"
#define MIRROR axis
#elif defined(AVIF_VERSION) && AVIF_VERSION >= 110000
#define LIBRARY "libavif.so.15"
#define PACKAGE "libavif15"
#define MIRROR mode
#endif

#ifdef LIBRARY

#include <pthread.h>
#include <stdlib.h>

static struct {
    FUNCTION(avifDecoderCreate);
    FUNCTION(avifDecoderDestroy);
    FUNCTION(avifDecoderSetIOMemory);
    FUNCTION(avifDecoderParse);
    FUNCTION(avifDecoderNextImage);
    FUNCTION(avifRGBImageSetDefaults);
    FUNCTION(avifImageYUVToRGB);
    FUNCTION(avifResultToString);
} avif;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_loaded;
static char failure[CIC_MESSAGE_SIZE];

static void load(void) {
    void *library = load_library(LIBRARY, PACKAGE, failure);
    is_loaded = library && FIND(avif, library, avifDecoderCreate) && FIND(avif, library, avifDecoderDestroy) &&
                FIND(avif, library, avifDecoderSetIOMemory) && FIND(avif, library, avifDecoderParse) &&
                FIND(avif, library, avifDecoderNextImage) && FIND(avif, library, avifRGBImageSetDefaults) &&
                FIND(avif, library, avifImageYUVToRGB) && FIND(avif, library, avifResultToString);
    if (library && !is_loaded) refuse(failure, LIBRARY " lacks a function that is needed");
}

/// Says what libavif says: a codec that it lacks is no damage.
static int failed(avifResult result, char *message) {
    snprintf(message, CIC_MESSAGE_SIZE, "libavif says: %.200s", avif.avifResultToString(result));
    const bool lacks = result == AVIF_RESULT_NO_CODEC_AVAILABLE || result == AVIF_RESULT_NOT_IMPLEMENTED;
    return lacks ? CIC_UNSUPPORTED : 1;
}

/// The file turns by quarters against the clock, then mirrors; EXIF has a number for each of the eight outcomes.
static uint32_t orientation(const avifImage *picture) {
    static const uint8_t numbers[4][3] = {{1, 4, 2}, {8, 5, 7}, {3, 2, 4}, {6, 7, 5}};
    const int turn = picture->transformFlags & AVIF_TRANSFORM_IROT ? picture->irot.angle & 3 : 0;
    const int mirror = picture->transformFlags & AVIF_TRANSFORM_IMIR ? 1 + (picture->imir.MIRROR & 1) : 0;
    return numbers[turn][mirror];
}

static int read_first(avifDecoder *decoder, uint64_t max_pixels, cic_image *image, char *message) {
    avifResult result = avif.avifDecoderParse(decoder);
    if (result != AVIF_RESULT_OK) return failed(result, message);
    const avifImage *picture = decoder->image;
    image->width = picture->width;
    image->height = picture->height;
    image->channels = decoder->alphaPresent ? 4 : 3;
    image->orientation = orientation(picture);
    if ((uint64_t)image->width * image->height > max_pixels) return refuse(message, "the picture has too many pixels");
    result = avif.avifDecoderNextImage(decoder);
    if (result != AVIF_RESULT_OK) return failed(result, message);
    // Decoding goes by the coded pictures' own size.
    if (picture->width != image->width || picture->height != image->height) return refuse(message, "the header is damaged");
    avifRGBImage rgb;
    avif.avifRGBImageSetDefaults(&rgb, picture);
    rgb.format = image->channels == 4 ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
    rgb.depth = 8;
    rgb.rowBytes = image->width * image->channels;
    rgb.pixels = image->pixels = malloc((size_t)rgb.rowBytes * image->height);
    if (!image->pixels) return refuse(message, "out of memory");
    result = avif.avifImageYUVToRGB(picture, &rgb);
    return result == AVIF_RESULT_OK ? 0 : failed(result, message);
}

int cic_decode_avif(
    const uint8_t *data, size_t size, uint64_t max_pixels, cic_image *image, char message[CIC_MESSAGE_SIZE]) {
    memset(image, 0, sizeof *image);
    pthread_once(&once, load);
    if (!is_loaded) return refuse(message, failure), CIC_UNAVAILABLE;
    avifDecoder *decoder = avif.avifDecoderCreate();
    if (!decoder) return refuse(message, "out of memory");
    if (max_pixels < decoder->imageSizeLimit) decoder->imageSizeLimit = (uint32_t)max_pixels;
    // Orientation is the file's own; EXIF beside it is not to be heeded. Many writers leave out what strictness asks for.
    decoder->ignoreExif = decoder->ignoreXMP = AVIF_TRUE;
    decoder->strictFlags = AVIF_STRICT_DISABLED;
    const avifResult result = avif.avifDecoderSetIOMemory(decoder, data, size);
    const int status = result == AVIF_RESULT_OK ? read_first(decoder, max_pixels, image, message) : failed(result, message);
    avif.avifDecoderDestroy(decoder);
    if (status) cic_free(image);
    return status;
}

#else

int cic_decode_avif(
    const uint8_t *data, size_t size, uint64_t max_pixels, cic_image *image, char message[CIC_MESSAGE_SIZE]) {
    (void)data, (void)size, (void)max_pixels, (void)image;
    return refuse(message, "this Braid was built without the headers of libavif 0.11 or later (libavif-dev)"), CIC_UNAVAILABLE;
}

#endif
