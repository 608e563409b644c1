#include "library.h"

#if __has_include(<webp/decode.h>) && __has_include(<webp/demux.h>)

#include <pthread.h>
#include <stdlib.h>
#include <webp/decode.h>
#include <webp/demux.h>

#include "exif.h"

static struct {
    FUNCTION(WebPGetFeaturesInternal);
    FUNCTION(WebPDecodeRGBInto);
    FUNCTION(WebPDecodeRGBAInto);
    FUNCTION(WebPAnimDecoderOptionsInitInternal);
    FUNCTION(WebPAnimDecoderNewInternal);
    FUNCTION(WebPAnimDecoderGetNext);
    FUNCTION(WebPAnimDecoderDelete);
} webp;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_loaded;
static char failure[CIC_MESSAGE_SIZE];

static void load(void) {
    void *still = load_library("libwebp.so.7", "libwebp7", failure);
    void *moving = still ? load_library("libwebpdemux.so.2", "libwebpdemux2", failure) : NULL;
    is_loaded = moving && FIND(webp, still, WebPGetFeaturesInternal) && FIND(webp, still, WebPDecodeRGBInto) &&
                FIND(webp, still, WebPDecodeRGBAInto) && FIND(webp, moving, WebPAnimDecoderOptionsInitInternal) &&
                FIND(webp, moving, WebPAnimDecoderNewInternal) && FIND(webp, moving, WebPAnimDecoderGetNext) &&
                FIND(webp, moving, WebPAnimDecoderDelete);
    if (moving && !is_loaded) refuse(failure, "libwebp.so.7 lacks a function that is needed");
}

/// The orientation in the EXIF chunk of the RIFF file; 1 where there is none.
static uint32_t orientation(const uint8_t *data, size_t size) {
    for (size_t place = 12; place + 8 <= size;) {
        const uint8_t *head = data + place;
        const size_t length = head[4] | head[5] << 8 | head[6] << 16 | (size_t)head[7] << 24;
        if (length > size - place - 8) return 1;
        if (!memcmp(head, "EXIF", 4)) {
            // Some writers put JPEG's introduction in front.
            const size_t skip = length > 6 && !memcmp(head + 8, "Exif\0\0", 6) ? 6 : 0;
            return exif_orientation(head + 8 + skip, length - skip);
        }
        place += 8 + length + (length & 1);
    }
    return 1;
}

/// Copies the first frame of an animation, laid on the whole canvas.
static int decode_first_frame(const uint8_t *data, size_t size, cic_image *image, char *message) {
    WebPAnimDecoderOptions options;
    if (!webp.WebPAnimDecoderOptionsInitInternal(&options, WEBP_DEMUX_ABI_VERSION)) return refuse(message, "libwebpdemux is of another version");
    options.color_mode = MODE_RGBA;
    const WebPData file = {data, size};
    WebPAnimDecoder *decoder = webp.WebPAnimDecoderNewInternal(&file, &options, WEBP_DEMUX_ABI_VERSION);
    uint8_t *canvas = NULL;
    int time;
    const bool is_read = decoder && webp.WebPAnimDecoderGetNext(decoder, &canvas, &time);
    if (is_read) memcpy(image->pixels, canvas, (size_t)image->width * image->height * 4);
    if (decoder) webp.WebPAnimDecoderDelete(decoder);
    return is_read ? 0 : refuse(message, "its first frame cannot be read");
}

int cic_decode_webp(
    const uint8_t *data, size_t size, uint64_t max_pixels, cic_image *image, char message[CIC_MESSAGE_SIZE]) {
    memset(image, 0, sizeof *image);
    pthread_once(&once, load);
    if (!is_loaded) return refuse(message, failure), CIC_UNAVAILABLE;
    WebPBitstreamFeatures features;
    if (webp.WebPGetFeaturesInternal(data, size, &features, WEBP_DECODER_ABI_VERSION) != VP8_STATUS_OK)
        return refuse(message, "the header is damaged or the file ends early");
    image->width = (uint32_t)features.width;
    image->height = (uint32_t)features.height;
    image->channels = features.has_alpha || features.has_animation ? 4 : 3;
    image->orientation = orientation(data, size);
    if ((uint64_t)image->width * image->height > max_pixels) return refuse(message, "the picture has too many pixels");
    const size_t stride = (size_t)image->width * image->channels, bytes = stride * image->height;
    image->pixels = malloc(bytes);
    if (!image->pixels) return refuse(message, "out of memory");
    int status = 0;
    if (features.has_animation) {
        status = decode_first_frame(data, size, image, message);
    } else if (!(image->channels == 4 ? webp.WebPDecodeRGBAInto : webp.WebPDecodeRGBInto)(
                   data, size, image->pixels, bytes, (int)stride)) {
        status = refuse(message, "the pixels are damaged or the file ends early");
    }
    if (status) cic_free(image);
    return status;
}

#else

int cic_decode_webp(
    const uint8_t *data, size_t size, uint64_t max_pixels, cic_image *image, char message[CIC_MESSAGE_SIZE]) {
    (void)data, (void)size, (void)max_pixels, (void)image;
    return refuse(message, "this Braid was built without libwebp's headers (libwebp-dev)"), CIC_UNAVAILABLE;
}

#endif
