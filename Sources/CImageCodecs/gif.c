#include "library.h"

#if __has_include(<gif_lib.h>)

#include <gif_lib.h>
#include <pthread.h>
#include <stdlib.h>

static struct {
    FUNCTION(DGifOpen);
    FUNCTION(DGifCloseFile);
    FUNCTION(DGifGetRecordType);
    FUNCTION(DGifGetImageDesc);
    FUNCTION(DGifGetLine);
    FUNCTION(DGifGetExtension);
    FUNCTION(DGifGetExtensionNext);
    FUNCTION(DGifExtensionToGCB);
    FUNCTION(GifErrorString);
} giflib;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_loaded;
static char failure[CIC_MESSAGE_SIZE];

static void load(void) {
    void *library = load_library("libgif.so.7", "libgif7", failure);
    is_loaded = library && FIND(giflib, library, DGifOpen) && FIND(giflib, library, DGifCloseFile) &&
                FIND(giflib, library, DGifGetRecordType) && FIND(giflib, library, DGifGetImageDesc) &&
                FIND(giflib, library, DGifGetLine) && FIND(giflib, library, DGifGetExtension) &&
                FIND(giflib, library, DGifGetExtensionNext) && FIND(giflib, library, DGifExtensionToGCB) &&
                FIND(giflib, library, GifErrorString);
    if (library && !is_loaded) refuse(failure, "libgif.so.7 lacks a function that is needed");
}

typedef struct {
    const uint8_t *data;
    size_t size, position;
} source;

static int read_bytes(GifFileType *gif, GifByteType *out, int count) {
    source *from = gif->UserData;
    const size_t left = from->size - from->position, taken = (size_t)count < left ? (size_t)count : left;
    memcpy(out, from->data + from->position, taken);
    from->position += taken;
    return (int)taken;
}

static int damaged(GifFileType *gif, char *message) {
    const char *text = giflib.GifErrorString(gif->Error);
    return refuse(message, text ? text : "the file ends early");
}

/// Reads what stands between pictures; keeps which colour is transparent, -1 where none is.
static int read_extension(GifFileType *gif, int *transparent, char *message) {
    int code;
    GifByteType *block;
    if (giflib.DGifGetExtension(gif, &code, &block) == GIF_ERROR) return damaged(gif, message);
    while (block) {
        GraphicsControlBlock control;
        if (code == GRAPHICS_EXT_FUNC_CODE && giflib.DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK)
            *transparent = control.TransparentColor;
        if (giflib.DGifGetExtensionNext(gif, &block) == GIF_ERROR) return damaged(gif, message);
    }
    return 0;
}

/// Lays the picture that comes next on the canvas.
static int read_picture(GifFileType *gif, int transparent, uint64_t max_pixels, cic_image *image, char *message) {
    if (giflib.DGifGetImageDesc(gif) == GIF_ERROR) return damaged(gif, message);
    const GifImageDesc *frame = &gif->Image;
    const ColorMapObject *colours = frame->ColorMap ? frame->ColorMap : gif->SColorMap;
    if (!colours || frame->Width <= 0 || frame->Height <= 0) return refuse(message, "its first picture has no colours or no size");
    if ((uint64_t)frame->Width * frame->Height > max_pixels) return refuse(message, "the picture has too many pixels");
    GifPixelType *line = malloc((size_t)frame->Width);
    if (!line) return refuse(message, "out of memory");
    static const int starts[] = {0, 4, 2, 1}, steps[] = {8, 8, 4, 2};
    int status = 0;
    for (int pass = 0; pass < (frame->Interlace ? 4 : 1) && !status; ++pass) {
        const int first = frame->Interlace ? starts[pass] : 0, step = frame->Interlace ? steps[pass] : 1;
        for (int y = first; y < frame->Height && !status; y += step) {
            if (giflib.DGifGetLine(gif, line, frame->Width) == GIF_ERROR) status = damaged(gif, message);
            const int64_t row = (int64_t)frame->Top + y;
            for (int x = 0; !status && x < frame->Width; ++x) {
                const int64_t column = (int64_t)frame->Left + x;
                if (row < 0 || column < 0 || row >= image->height || column >= image->width) continue;
                if (line[x] == transparent || line[x] >= colours->ColorCount) continue;
                const GifColorType colour = colours->Colors[line[x]];
                uint8_t *pixel = image->pixels + ((size_t)row * image->width + (size_t)column) * 4;
                pixel[0] = colour.Red, pixel[1] = colour.Green, pixel[2] = colour.Blue, pixel[3] = 255;
            }
        }
    }
    free(line);
    return status;
}

static int read_first(GifFileType *gif, uint64_t max_pixels, cic_image *image, char *message) {
    image->width = (uint32_t)gif->SWidth;
    image->height = (uint32_t)gif->SHeight;
    image->channels = 4;
    image->orientation = 1;
    if (gif->SWidth <= 0 || gif->SHeight <= 0) return refuse(message, "it has no size");
    if ((uint64_t)image->width * image->height > max_pixels) return refuse(message, "the picture has too many pixels");
    image->pixels = calloc((size_t)image->width * image->height, 4);
    if (!image->pixels) return refuse(message, "out of memory");
    int transparent = -1;
    for (;;) {
        GifRecordType type;
        if (giflib.DGifGetRecordType(gif, &type) == GIF_ERROR) return damaged(gif, message);
        if (type == IMAGE_DESC_RECORD_TYPE) return read_picture(gif, transparent, max_pixels, image, message);
        if (type == TERMINATE_RECORD_TYPE) return refuse(message, "it holds no picture");
        if (type == EXTENSION_RECORD_TYPE && read_extension(gif, &transparent, message)) return 1;
    }
}

int cic_decode_gif(
    const uint8_t *data, size_t size, uint64_t max_pixels, cic_image *image, char message[CIC_MESSAGE_SIZE]) {
    memset(image, 0, sizeof *image);
    pthread_once(&once, load);
    if (!is_loaded) return refuse(message, failure), CIC_UNAVAILABLE;
    source from = {data, size, 0};
    int error = 0;
    GifFileType *gif = giflib.DGifOpen(&from, read_bytes, &error);
    if (!gif) return refuse(message, "the header is damaged or the file ends early");
    const int status = read_first(gif, max_pixels, image, message);
    giflib.DGifCloseFile(gif, &error);
    if (status) cic_free(image);
    return status;
}

#else

int cic_decode_gif(
    const uint8_t *data, size_t size, uint64_t max_pixels, cic_image *image, char message[CIC_MESSAGE_SIZE]) {
    (void)data, (void)size, (void)max_pixels, (void)image;
    return refuse(message, "this Braid was built without giflib's headers (libgif-dev)"), CIC_UNAVAILABLE;
}

#endif
