#include "library.h"

#if __has_include(<libheif/heif.h>)
#include <libheif/heif.h>
#endif

// Strict decoding, without which libheif gives back pictures with pieces missing, came after Ubuntu 22.04's 1.12.
#if defined(LIBHEIF_NUMERIC_VERSION) && LIBHEIF_NUMERIC_VERSION >= 0x010F0000

#include <pthread.h>
#include <stdlib.h>

static struct {
    FUNCTION(heif_context_alloc);
    FUNCTION(heif_context_free);
    FUNCTION(heif_context_read_from_memory_without_copy);
    FUNCTION(heif_context_get_primary_image_handle);
    FUNCTION(heif_image_handle_release);
    FUNCTION(heif_image_handle_get_width);
    FUNCTION(heif_image_handle_get_height);
    FUNCTION(heif_image_handle_has_alpha_channel);
    FUNCTION(heif_image_handle_is_premultiplied_alpha);
    FUNCTION(heif_decoding_options_alloc);
    FUNCTION(heif_decoding_options_free);
    FUNCTION(heif_decode_image);
    FUNCTION(heif_image_get_decoding_warnings);
    FUNCTION(heif_image_get_width);
    FUNCTION(heif_image_get_height);
    FUNCTION(heif_image_get_plane_readonly);
    FUNCTION(heif_image_release);
} heif;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_loaded;
static char failure[CIC_MESSAGE_SIZE];

static void load(void) {
    void *library = load_library("libheif.so.1", "libheif1", failure);
    is_loaded = library && FIND(heif, library, heif_context_alloc) && FIND(heif, library, heif_context_free) &&
                FIND(heif, library, heif_context_read_from_memory_without_copy) &&
                FIND(heif, library, heif_context_get_primary_image_handle) &&
                FIND(heif, library, heif_image_handle_release) && FIND(heif, library, heif_image_handle_get_width) &&
                FIND(heif, library, heif_image_handle_get_height) &&
                FIND(heif, library, heif_image_handle_has_alpha_channel) &&
                FIND(heif, library, heif_image_handle_is_premultiplied_alpha) &&
                FIND(heif, library, heif_decoding_options_alloc) && FIND(heif, library, heif_decoding_options_free) &&
                FIND(heif, library, heif_decode_image) && FIND(heif, library, heif_image_get_decoding_warnings) &&
                FIND(heif, library, heif_image_get_width) && FIND(heif, library, heif_image_get_height) &&
                FIND(heif, library, heif_image_get_plane_readonly) && FIND(heif, library, heif_image_release);
    if (library && !is_loaded) refuse(failure, "libheif.so.1 lacks a function that is needed");
}

/// Says what libheif says, of which some has several lines: a codec that it lacks is no damage.
static int failed(struct heif_error error, char *message) {
    const char *text = error.message ? error.message : "(nothing)";
    const size_t line = strcspn(text, "\n");
    snprintf(message, CIC_MESSAGE_SIZE, "libheif says: %.*s", (int)(line < 200 ? line : 200), text);
    const bool lacks = error.code == heif_error_Unsupported_filetype || error.code == heif_error_Unsupported_feature;
    return lacks ? CIC_UNSUPPORTED : 1;
}

static uint8_t unmultiplied(uint32_t value, uint32_t alpha) {
    const uint32_t whole = alpha ? (value * 255 + alpha / 2) / alpha : 0;
    return (uint8_t)(whole < 255 ? whole : 255);
}

static int copy_pixels(struct heif_image *decoded, bool is_premultiplied, uint64_t max_pixels, cic_image *image, char *message) {
    const int width = heif.heif_image_get_width(decoded, heif_channel_interleaved);
    const int height = heif.heif_image_get_height(decoded, heif_channel_interleaved);
    int stride = 0;
    const uint8_t *rows = heif.heif_image_get_plane_readonly(decoded, heif_channel_interleaved, &stride);
    if (!rows || width <= 0 || height <= 0 || heif.heif_image_get_decoding_warnings(decoded, 0, NULL, 0))
        return refuse(message, "the pixels are damaged or the file ends early");
    if ((uint64_t)width * (uint64_t)height > max_pixels) return refuse(message, "the picture has too many pixels");
    image->width = (uint32_t)width;
    image->height = (uint32_t)height;
    const size_t row = (size_t)image->width * image->channels;
    image->pixels = malloc(row * image->height);
    if (!image->pixels) return refuse(message, "out of memory");
    for (size_t y = 0; y < image->height; ++y) {
        uint8_t *out = image->pixels + y * row;
        memcpy(out, rows + y * (size_t)stride, row);
        for (size_t x = 0; is_premultiplied && x < row; x += 4)
            for (size_t c = 0; c < 3; ++c) out[x + c] = unmultiplied(out[x + c], out[x + 3]);
    }
    return 0;
}

static int decode_primary(struct heif_image_handle *handle, uint64_t max_pixels, cic_image *image, char *message) {
    const int width = heif.heif_image_handle_get_width(handle), height = heif.heif_image_handle_get_height(handle);
    if (width <= 0 || height <= 0) return refuse(message, "it has no size");
    if ((uint64_t)width * (uint64_t)height > max_pixels) return refuse(message, "the picture has too many pixels");
    const bool has_alpha = heif.heif_image_handle_has_alpha_channel(handle);
    image->channels = has_alpha ? 4 : 3;
    // libheif has turned and mirrored the picture; EXIF beside it, which says so once more, is not to be heeded.
    image->orientation = 1;
    struct heif_decoding_options *options = heif.heif_decoding_options_alloc();
    if (!options) return refuse(message, "out of memory");
    options->convert_hdr_to_8bit = 1;
    options->strict_decoding = 1;
    struct heif_image *decoded = NULL;
    const struct heif_error error = heif.heif_decode_image(
        handle, &decoded, heif_colorspace_RGB, has_alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB, options);
    heif.heif_decoding_options_free(options);
    if (error.code != heif_error_Ok) return failed(error, message);
    const bool is_premultiplied = has_alpha && heif.heif_image_handle_is_premultiplied_alpha(handle);
    const int status = copy_pixels(decoded, is_premultiplied, max_pixels, image, message);
    heif.heif_image_release(decoded);
    return status;
}

int cic_decode_heif(
    const uint8_t *data, size_t size, uint64_t max_pixels, cic_image *image, char message[CIC_MESSAGE_SIZE]) {
    memset(image, 0, sizeof *image);
    pthread_once(&once, load);
    if (!is_loaded) return refuse(message, failure), CIC_UNAVAILABLE;
    struct heif_context *context = heif.heif_context_alloc();
    if (!context) return refuse(message, "out of memory");
    struct heif_image_handle *handle = NULL;
    struct heif_error error = heif.heif_context_read_from_memory_without_copy(context, data, size, NULL);
    if (error.code == heif_error_Ok) error = heif.heif_context_get_primary_image_handle(context, &handle);
    const int status = handle ? decode_primary(handle, max_pixels, image, message) : failed(error, message);
    if (handle) heif.heif_image_handle_release(handle);
    heif.heif_context_free(context);
    if (status) cic_free(image);
    return status;
}

#else

int cic_decode_heif(
    const uint8_t *data, size_t size, uint64_t max_pixels, cic_image *image, char message[CIC_MESSAGE_SIZE]) {
    (void)data, (void)size, (void)max_pixels, (void)image;
    return refuse(message, "this Braid was built without the headers of libheif 1.15 or later (libheif-dev)"), CIC_UNAVAILABLE;
}

#endif
