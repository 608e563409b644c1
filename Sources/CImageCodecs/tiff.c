#include "library.h"

#if __has_include(<tiffio.h>)
#include <tiffio.h>
#endif

// libtiff.so.6 begins with 4.5, which is also the first whose messages can be had file by file; older ones speak to the whole process.
#if defined(TIFFLIB_VERSION) && TIFFLIB_VERSION >= 20221213

#include <pthread.h>
#include <stdlib.h>

static struct {
    FUNCTION(TIFFOpenOptionsAlloc);
    FUNCTION(TIFFOpenOptionsFree);
    FUNCTION(TIFFOpenOptionsSetMaxSingleMemAlloc);
    FUNCTION(TIFFOpenOptionsSetErrorHandlerExtR);
    FUNCTION(TIFFOpenOptionsSetWarningHandlerExtR);
    FUNCTION(TIFFClientOpenExt);
    FUNCTION(TIFFClose);
    FUNCTION(TIFFGetField);
    FUNCTION(TIFFGetFieldDefaulted);
    FUNCTION(TIFFRGBAImageOK);
    FUNCTION(TIFFRGBAImageBegin);
    FUNCTION(TIFFRGBAImageGet);
    FUNCTION(TIFFRGBAImageEnd);
} tiff;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_loaded;
static char failure[CIC_MESSAGE_SIZE];

static void load(void) {
    void *library = load_library("libtiff.so.6", "libtiff6", failure);
    is_loaded = library && FIND(tiff, library, TIFFOpenOptionsAlloc) && FIND(tiff, library, TIFFOpenOptionsFree) &&
                FIND(tiff, library, TIFFOpenOptionsSetMaxSingleMemAlloc) &&
                FIND(tiff, library, TIFFOpenOptionsSetErrorHandlerExtR) &&
                FIND(tiff, library, TIFFOpenOptionsSetWarningHandlerExtR) && FIND(tiff, library, TIFFClientOpenExt) &&
                FIND(tiff, library, TIFFClose) && FIND(tiff, library, TIFFGetField) &&
                FIND(tiff, library, TIFFGetFieldDefaulted) && FIND(tiff, library, TIFFRGBAImageOK) &&
                FIND(tiff, library, TIFFRGBAImageBegin) && FIND(tiff, library, TIFFRGBAImageGet) &&
                FIND(tiff, library, TIFFRGBAImageEnd);
    if (library && !is_loaded) refuse(failure, "libtiff.so.6 lacks a function that is needed");
}

typedef struct {
    const uint8_t *data;
    uint64_t size, position;
    bool decodes, is_damaged;
} source;

static tmsize_t read_bytes(thandle_t handle, void *out, tmsize_t count) {
    source *from = handle;
    const uint64_t left = from->position < from->size ? from->size - from->position : 0;
    const uint64_t taken = count <= 0 ? 0 : (uint64_t)count < left ? (uint64_t)count : left;
    if (taken) memcpy(out, from->data + from->position, taken);
    from->position += taken;
    return (tmsize_t)taken;
}

static tmsize_t write_bytes(thandle_t handle, void *in, tmsize_t count) { return (void)handle, (void)in, (void)count, 0; }

static toff_t seek(thandle_t handle, toff_t offset, int whence) {
    source *from = handle;
    const uint64_t start = whence == SEEK_CUR ? from->position : whence == SEEK_END ? from->size : 0;
    return from->position = start + offset;
}

static int close_source(thandle_t handle) { return (void)handle, 0; }

static toff_t length(thandle_t handle) { return ((source *)handle)->size; }

/// Gives the file as mapped memory, which libtiff only reads. Without it 4.5 refuses uncompressed tiles, unless they fill whole KiB.
static int map(thandle_t handle, void **start, toff_t *size) {
    const source *from = handle;
    *start = (void *)from->data;
    *size = from->size;
    return from->size > 0;
}

static void unmap(thandle_t handle, void *start, toff_t size) { (void)handle, (void)start, (void)size; }

/// Both handlers return 1, which keeps the message from the process's own handler and so from stderr.
static int on_error(TIFF *file, void *user, const char *module, const char *format, va_list arguments) {
    (void)file, (void)module, (void)format, (void)arguments;
    ((source *)user)->is_damaged = true;
    return 1;
}

/// While pixels are decoded, codecs only warn of data that end early or make no sense, and leave grey or black there: that is damage here.
/// Warnings of compression that is merely old are not, nor those of the directory but that a value lies behind the end of the file.
static int on_warning(TIFF *file, void *user, const char *module, const char *format, va_list arguments) {
    (void)file, (void)arguments;
    source *from = user;
    const bool is_old = module && (!strncmp(module, "OJPEG", 5) || !strcmp(module, "LZWPreDecode"));
    if ((from->decodes && !is_old) || strstr(format, "IO error")) from->is_damaged = true;
    return 1;
}

typedef enum { NO_ALPHA, STRAIGHT, PREMULTIPLIED } alpha_kind;

/// What the first sample beside the colours is. One of which the file says nothing is alpha, one that it calls unspecified is not: Pillow's rule.
static alpha_kind kind_of_alpha(TIFF *file, uint16_t samples, uint16_t photometric) {
    uint16_t count = 0, *kinds = NULL;
    if (!tiff.TIFFGetField(file, TIFFTAG_EXTRASAMPLES, &count, &kinds) || !count)
        return samples == 4 && photometric == PHOTOMETRIC_RGB ? STRAIGHT : NO_ALPHA;
    return kinds[0] == EXTRASAMPLE_ASSOCALPHA ? PREMULTIPLIED : kinds[0] == EXTRASAMPLE_UNASSALPHA ? STRAIGHT : NO_ALPHA;
}

/// libtiff scales 16 bits of a palette to 8, and here they are cut to the high byte, as Pillow does. Palettes of small values hold 8 bits.
static void cut_palette(TIFF *file, uint16_t bits) {
    uint16_t *planes[3];
    if (bits > 8 || !tiff.TIFFGetField(file, TIFFTAG_COLORMAP, &planes[0], &planes[1], &planes[2])) return;
    const size_t count = (size_t)1 << bits;
    bool has_16_bits = false;
    for (int plane = 0; plane < 3; ++plane)
        for (size_t i = 0; i < count; ++i) has_16_bits |= planes[plane][i] > 255;
    for (int plane = 0; has_16_bits && plane < 3; ++plane)
        for (size_t i = 0; i < count; ++i) planes[plane][i] = (uint16_t)((planes[plane][i] >> 8) * 257);
}

/// Lays grey of 16 bits in the raster. libtiff 4.5's own loses its place in tiles that reach over the edge, and leaves alpha out.
static void put_grey16(
    TIFFRGBAImage *reader, uint32_t *out, uint32_t x, uint32_t y, uint32_t width, uint32_t height, int32_t skip_in,
    int32_t skip_out, unsigned char *bytes) {
    (void)x, (void)y;
    const uint16_t *in = (const void *)bytes;
    const int32_t samples = reader->samplesperpixel;
    for (; height; --height, in += skip_in * samples, out += skip_out) {
        for (uint32_t column = 0; column < width; ++column, in += samples, ++out) {
            const uint32_t grey = reader->photometric == PHOTOMETRIC_MINISWHITE ? 255 - (in[0] >> 8) : in[0] >> 8;
            *out = grey | grey << 8 | grey << 16 | (reader->alpha ? (uint32_t)in[1] >> 8 : 255) << 24;
        }
    }
}

/// Has libtiff's reader keep the rows where they are stored, leave colours unmultiplied, and cut 16 bits to the high byte.
static void adjust(TIFFRGBAImage *reader, bool is_grey) {
    reader->req_orientation = reader->orientation;
    if (is_grey && reader->isContig && reader->bitspersample == 16) reader->put.contig = put_grey16;
    for (size_t i = 0; reader->UaToAa && i < 256 * 256; ++i) reader->UaToAa[i] = (uint8_t)i;
    for (size_t i = 0; reader->Bitdepth16To8 && i < 256 * 256; ++i) reader->Bitdepth16To8[i] = (uint8_t)(i >> 8);
}

static uint8_t unmultiplied(uint32_t value, uint32_t alpha) {
    const uint32_t whole = alpha ? value * 255 / alpha : 0;
    return (uint8_t)(whole < 255 ? whole : 255);
}

/// libtiff's raster to bytes, in place: the bytes of a pixel never lie behind its word.
static void unpack(uint32_t *raster, size_t count, uint32_t channels, alpha_kind kind) {
    uint8_t *out = (uint8_t *)raster;
    for (size_t i = 0; i < count; ++i, out += channels) {
        const uint32_t pixel = raster[i], alpha = TIFFGetA(pixel);
        const uint8_t colours[3] = {(uint8_t)TIFFGetR(pixel), (uint8_t)TIFFGetG(pixel), (uint8_t)TIFFGetB(pixel)};
        for (int c = 0; c < 3; ++c) out[c] = kind == PREMULTIPLIED ? unmultiplied(colours[c], alpha) : colours[c];
        if (channels == 4) out[3] = (uint8_t)alpha;
    }
}

static int read_picture(TIFF *file, source *from, uint64_t max_pixels, cic_image *image, char *message) {
    uint16_t bits = 1, samples = 1, photometric = 0, format = SAMPLEFORMAT_UINT, orientation = 1;
    tiff.TIFFGetField(file, TIFFTAG_IMAGEWIDTH, &image->width);
    tiff.TIFFGetField(file, TIFFTAG_IMAGELENGTH, &image->height);
    tiff.TIFFGetField(file, TIFFTAG_PHOTOMETRIC, &photometric);
    tiff.TIFFGetFieldDefaulted(file, TIFFTAG_BITSPERSAMPLE, &bits);
    tiff.TIFFGetFieldDefaulted(file, TIFFTAG_SAMPLESPERPIXEL, &samples);
    tiff.TIFFGetFieldDefaulted(file, TIFFTAG_SAMPLEFORMAT, &format);
    tiff.TIFFGetFieldDefaulted(file, TIFFTAG_ORIENTATION, &orientation);
    const uint64_t count = (uint64_t)image->width * image->height;
    if (!count) return refuse(message, "it has no size");
    if (count > max_pixels) return refuse(message, "the picture has too many pixels");
    const alpha_kind kind = kind_of_alpha(file, samples, photometric);
    const bool is_grey = photometric == PHOTOMETRIC_MINISBLACK || photometric == PHOTOMETRIC_MINISWHITE;
    // libtiff would take these for unsigned, without a word.
    if (format == SAMPLEFORMAT_INT) return refuse(message, "signed samples are not read; convert it"), CIC_UNSUPPORTED;
    image->channels = kind ? 4 : 3;
    image->orientation = orientation >= 1 && orientation <= 8 ? orientation : 1;
    cut_palette(file, bits);
    char reason[1024];  // the room libtiff asks for
    TIFFRGBAImage reader;
    if (!tiff.TIFFRGBAImageOK(file, reason) || !tiff.TIFFRGBAImageBegin(&reader, file, 1, reason))
        return snprintf(message, CIC_MESSAGE_SIZE, "libtiff says: %.200s", reason), CIC_UNSUPPORTED;
    adjust(&reader, is_grey);
    uint32_t *raster = calloc(count, sizeof *raster);
    from->decodes = true;
    const bool is_read = raster && tiff.TIFFRGBAImageGet(&reader, raster, image->width, image->height) && !from->is_damaged;
    tiff.TIFFRGBAImageEnd(&reader);
    image->pixels = (uint8_t *)raster;
    if (!raster) return refuse(message, "out of memory");
    if (!is_read) return refuse(message, "the pixels are damaged or the file ends early");
    unpack(raster, count, image->channels, kind);
    return 0;
}

static TIFF *open_source(source *from, uint64_t max_pixels) {
    TIFFOpenOptions *options = tiff.TIFFOpenOptionsAlloc();
    if (!options) return NULL;
    // A file may name any number of bytes for a strip or a value; 16 a pixel is more than a whole picture needs.
    if (max_pixels < INT32_MAX) tiff.TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)(max_pixels * 16 + (1 << 20)));
    tiff.TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, from);
    tiff.TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, from);
    TIFF *file = tiff.TIFFClientOpenExt(
        "picture", "r", from, read_bytes, write_bytes, seek, close_source, length, map, unmap, options);
    tiff.TIFFOpenOptionsFree(options);
    return file;
}

int cic_decode_tiff(
    const uint8_t *data, size_t size, uint64_t max_pixels, cic_image *image, char message[CIC_MESSAGE_SIZE]) {
    memset(image, 0, sizeof *image);
    pthread_once(&once, load);
    if (!is_loaded) return refuse(message, failure), CIC_UNAVAILABLE;
    source from = {.data = data, .size = size};
    TIFF *file = open_source(&from, max_pixels);
    if (!file) return refuse(message, "the header is damaged or the file ends early");
    const int status = read_picture(file, &from, max_pixels, image, message);
    tiff.TIFFClose(file);
    if (status) cic_free(image);
    return status;
}

#else

int cic_decode_tiff(
    const uint8_t *data, size_t size, uint64_t max_pixels, cic_image *image, char message[CIC_MESSAGE_SIZE]) {
    (void)data, (void)size, (void)max_pixels, (void)image;
    return refuse(message, "this Braid was built without the headers of libtiff 4.5 or later (libtiff-dev)"), CIC_UNAVAILABLE;
}

#endif
