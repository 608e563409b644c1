#include "library.h"

#include <stdlib.h>
#include <string.h>

void cff_free_pixels(uint8_t *pixels) { free(pixels); }

#ifdef HAS_FFMPEG

/// The masks of pixels, and the formats in which the decoder gives them. It copies them as they lie in the file.
typedef struct {
    uint32_t bits, masks[3];
    int format, alpha_format;
} layout;

/// Of each number of bits the first is for files without masks. What has 8 or fewer bits has a palette of 32 bits.
static const layout layouts[] = {
    {8, {0xFF0000, 0xFF00, 0xFF}, AV_PIX_FMT_PAL8, AV_PIX_FMT_NONE},
    {16, {0x7C00, 0x3E0, 0x1F}, AV_PIX_FMT_RGB555LE, AV_PIX_FMT_NONE},
    {16, {0xF800, 0x7E0, 0x1F}, AV_PIX_FMT_RGB565LE, AV_PIX_FMT_NONE},
    {24, {0xFF0000, 0xFF00, 0xFF}, AV_PIX_FMT_BGR24, AV_PIX_FMT_NONE},
    {32, {0xFF0000, 0xFF00, 0xFF}, AV_PIX_FMT_BGR0, AV_PIX_FMT_BGRA},
    {32, {0xFF, 0xFF00, 0xFF0000}, AV_PIX_FMT_RGB0, AV_PIX_FMT_RGBA},
    {32, {0xFF000000, 0xFF0000, 0xFF00}, AV_PIX_FMT_0BGR, AV_PIX_FMT_ABGR},
};

enum { UNCOMPRESSED, RLE8, RLE4, BIT_FIELDS, CORE_HEADER = 12, INFO_HEADER = 40, OS2_HEADER = 64 };

typedef struct {
    uint32_t start, header, width, height, bits, compression;
    uint32_t masks[4];  // of red, green, blue and alpha
    const layout *layout;
    size_t end;  // of what the decoder is to have
} bitmap;

static uint32_t read16(const uint8_t *at) { return (uint32_t)(at[0] | at[1] << 8); }
static uint32_t read32(const uint8_t *at) { return read16(at) | read16(at + 2) << 16; }

#define NOT_READ(why, ...) (refuse(message, "is a kind of BMP that is not read: " why "; convert it" __VA_OPT__(, ) __VA_ARGS__), CFF_UNSUPPORTED)

/// Finds the layout. The fourth byte of 32 bits is alpha where a mask says so; elsewhere it is anything.
static int read_masks(const uint8_t *data, bitmap *picture, char *message) {
    const bool has_masks = picture->compression == BIT_FIELDS;
    uint32_t *masks = picture->masks;
    for (size_t index = 0; has_masks && index < (picture->header > INFO_HEADER ? 4 : 3); index++) masks[index] = read32(data + 54 + 4 * index);
    // The decoder passes over an alpha that is not a byte of its own.
    const bool is_whole = !masks[3] || (picture->bits == 32 && masks[3] == ~(masks[0] | masks[1] | masks[2]));
    for (size_t index = 0; is_whole && index < sizeof layouts / sizeof *layouts; index++) {
        const layout *known = &layouts[index];
        if (known->bits != (picture->bits > 8 ? picture->bits : 8) || (has_masks && memcmp(known->masks, masks, sizeof known->masks))) continue;
        memcpy(masks, known->masks, sizeof known->masks);
        picture->layout = known;
        return 0;
    }
    return NOT_READ("it has the masks %X, %X, %X and %X in %u bits", masks[0], masks[1], masks[2], masks[3], picture->bits);
}

/// The decoder would take a palette that is too short for one of three bytes a colour, and one of OS/2 with room behind it for one of four.
static int check_palette(const uint8_t *data, const bitmap *picture, char *message) {
    const bool is_core = picture->header == CORE_HEADER;
    const uint32_t most = 1U << picture->bits, said = is_core ? 0 : read32(data + 46);
    const uint32_t size = (is_core ? 3 : 4) * (said && said < most ? said : most), room = picture->start - 14 - picture->header;
    if (room < size) return refuse(message, "is damaged: its palette does not fit before its pixels");
    return is_core && room >= 1024 ? NOT_READ("its palette is that of OS/2 1, with a gap behind it") : 0;
}

/// Whether all rows are there. The decoder leaves out a run that does not fit, and makes nothing of missing ones.
static int check_runs(const uint8_t *data, size_t size, bitmap *picture, char *message) {
    const uint8_t *at = data + picture->start, *const end = data + size;
    uint64_t x = 0, y = 0;
    while (end - at >= 2) {
        const int count = at[0], code = count ? -1 : at[1];
        const int bytes = code <= 2 ? 2 * (code == 2) : picture->compression == RLE4 ? (code + 3) / 4 * 2 : (code + 1) / 2 * 2;
        at += 2;
        if (code == 1) {
            if (y + (x == picture->width) < picture->height) break;
            // Behind the end of the last row, the decoder of RLE4 complains of the end of the picture, which that of RLE8 wants.
            picture->end = (size_t)(at - data) - (y == picture->height && picture->compression == RLE4 ? 2 : 0);
            return 0;
        }
        if (end - at < bytes) break;
        x = code == 0 ? 0 : x + (uint64_t)(code > 2 ? code : code == 2 ? at[0] : count);
        y += code == 0 ? 1 : code == 2 ? at[1] : 0;
        at += bytes;
        if (x > picture->width || y > picture->height || (y == picture->height && x))
            return refuse(message, "is damaged: its run lengths leave the picture");
    }
    return refuse(message, "is cut short or damaged: its rows are not all there");
}

/// What the decoder tells too late, after allocation, or not at all.
static int read_header(const uint8_t *data, size_t size, uint64_t max_pixels, bitmap *picture, char *message) {
    if (size < 2 || memcmp(data, "BM", 2)) return refuse(message, "is not a BMP file");
    const uint32_t header = size < 26 ? 0 : read32(data + 14);
    if (header < CORE_HEADER || header > size - 14) return refuse(message, "is cut short or damaged: its header is not whole");
    if (header != CORE_HEADER && header != INFO_HEADER && header != 56 && header != OS2_HEADER && header != 108 && header != 124)
        return NOT_READ("its header has %u bytes", header);
    const bool is_core = header == CORE_HEADER;
    const int64_t width = is_core ? (int64_t)read16(data + 18) : (int32_t)read32(data + 18);
    const int64_t height = is_core ? (int64_t)read16(data + 20) : (int32_t)read32(data + 22);
    const uint32_t bits = read16(data + (is_core ? 24 : 28)), compression = is_core ? UNCOMPRESSED : read32(data + 30);
    if (width <= 0 || !height) return refuse(message, "is damaged: it has no size");
    *picture = (bitmap){read32(data + 10), header, (uint32_t)width, (uint32_t)(height < 0 ? -height : height), bits, compression, {0}, NULL, 0};
    if ((uint64_t)picture->width * picture->height > max_pixels) return refuse(message, "has too many pixels");
    if (bits != 1 && bits != 4 && bits != 8 && bits != 16 && bits != 24 && bits != 32) return NOT_READ("it has %u bits a pixel", bits);
    const bool is_packed = (compression == RLE8 && bits == 8) || (compression == RLE4 && bits == 4);
    const bool has_masks = compression == BIT_FIELDS && bits >= 16 && header != OS2_HEADER;
    if (compression != UNCOMPRESSED && !is_packed && !has_masks) return NOT_READ("its compression is %u, of %u bits", compression, bits);
    if (picture->start < 14 + header + (has_masks && header == INFO_HEADER ? 12 : 0))
        return refuse(message, "is damaged: its pixels begin in its header");
    const uint64_t row = ((uint64_t)picture->width * bits + 31) / 32 * 4;
    if (picture->start > size || (!is_packed && row * picture->height > size - picture->start))
        return refuse(message, "is cut short or damaged: its rows are not all there");
    picture->end = picture->start + row * picture->height;
    int status = read_masks(data, picture, message);
    if (!status && bits <= 8) status = check_palette(data, picture, message);
    return status || !is_packed ? status : check_runs(data, size, picture, message);
}

static int decode(const uint8_t *data, const bitmap *picture, AVCodecContext *decoder, AVPacket *packet, AVFrame *frame, char *message) {
    forget_complaints();
    const size_t size = picture->end;
    int error = size <= MAX_ALLOCATION ? ffmpeg.av_new_packet(packet, (int)size) : AVERROR(ENOMEM);
    if (error >= 0) {
        memcpy(packet->data, data, size);
        // Both may be wrong in a whole file.
        const uint32_t most = 1U << picture->bits % 32, colours = picture->header == CORE_HEADER ? 0 : read32(data + 46);
        for (int index = 0; index < 4; index++) packet->data[2 + index] = (uint8_t)(size >> 8 * index);
        if (picture->bits <= 8 && colours > most && colours <= 256) memset(packet->data + 46, 0, 4);
        error = ffmpeg.avcodec_send_packet(decoder, packet);
    }
    if (error >= 0) error = ffmpeg.avcodec_receive_frame(decoder, frame);
    if (error == AVERROR(ENOMEM)) return NOT_READ("it needs more than %d MiB at a time", MAX_ALLOCATION >> 20);
    if (error < 0 || first_complaint()[0]) return refuse(message, "is damaged: %s", reason(error));
    const bool is_expected = frame->width == (int)picture->width && frame->height == (int)picture->height &&
                             (frame->format == picture->layout->format || frame->format == picture->layout->alpha_format);
    return is_expected ? 0 : NOT_READ("FFmpeg's libraries give it in another format");
}

/// Spreads the samples of 4 to 8 bits over 0 to 255, rounded down as Pillow does.
static void convert(const AVFrame *frame, const bitmap *picture, uint32_t channels, uint8_t *pixels) {
    const uint32_t *masks = picture->masks, bits = picture->bits;
    uint32_t shifts[4] = {0};
    uint8_t values[4][256] = {{0}};
    for (uint32_t channel = 0; channel < channels; channel++) {
        shifts[channel] = (uint32_t)__builtin_ctz(masks[channel]);
        const uint32_t top = masks[channel] >> shifts[channel];
        for (uint32_t value = 0; value <= top; value++) values[channel][value] = (uint8_t)(value * 255 / top);
    }
    const uint32_t *palette = bits <= 8 ? (const uint32_t *)(const void *)frame->data[1] : NULL, bytes = bits <= 8 ? 1 : bits / 8;
    for (size_t y = 0; y < picture->height; y++) {
        const uint8_t *at = frame->data[0] + (ptrdiff_t)y * frame->linesize[0];
        for (size_t x = 0; x < picture->width; x++, at += bytes) {
            uint32_t pixel = 0;
            for (uint32_t byte = 0; byte < bytes; byte++) pixel |= (uint32_t)at[byte] << 8 * byte;
            if (palette) pixel = palette[pixel];
            for (uint32_t channel = 0; channel < channels; channel++) *pixels++ = values[channel][(pixel & masks[channel]) >> shifts[channel]];
        }
    }
}

int cff_decode_bmp(
    const uint8_t *data, size_t size, uint64_t max_pixels, uint8_t **pixels, uint32_t *width, uint32_t *height, uint32_t *channels,
    char message[CFF_MESSAGE_SIZE]) {
    *pixels = NULL;
    bitmap picture;
    int status = load_ffmpeg(message);
    if (!status) status = read_header(data, size, max_pixels, &picture, message);
    if (status) return status;
    const AVCodec *codec = ffmpeg.avcodec_find_decoder(AV_CODEC_ID_BMP);
    if (!codec) return refuse(message, "cannot be read: FFmpeg's libraries have no decoder for BMP"), CFF_UNAVAILABLE;
    AVCodecContext *decoder = ffmpeg.avcodec_alloc_context3(codec);
    AVPacket *packet = ffmpeg.av_packet_alloc();
    AVFrame *frame = ffmpeg.av_frame_alloc();
    // One thread, so that what it complains of is heard here.
    if (decoder) decoder->thread_count = 1;
    if (!decoder || !packet || !frame || ffmpeg.avcodec_open2(decoder, codec, NULL) < 0) status = refuse(message, "cannot be read: out of memory");
    if (!status) status = decode(data, &picture, decoder, packet, frame, message);
    *width = picture.width;
    *height = picture.height;
    *channels = picture.masks[3] ? 4 : 3;
    if (!status && !(*pixels = malloc((size_t)*width * *height * *channels))) status = refuse(message, "cannot be read: out of memory");
    if (!status) convert(frame, &picture, *channels, *pixels);
    ffmpeg.av_frame_free(&frame);
    ffmpeg.av_packet_free(&packet);
    ffmpeg.avcodec_free_context(&decoder);
    return status;
}

#else

int cff_decode_bmp(
    const uint8_t *data, size_t size, uint64_t max_pixels, uint8_t **pixels, uint32_t *width, uint32_t *height, uint32_t *channels,
    char message[CFF_MESSAGE_SIZE]) {
    (void)data, (void)size, (void)max_pixels, (void)width, (void)height, (void)channels;
    *pixels = NULL;
    return refuse(message, "cannot be read: this Braid was built without FFmpeg's headers (libavformat-dev)"), CFF_UNAVAILABLE;
}

#endif
