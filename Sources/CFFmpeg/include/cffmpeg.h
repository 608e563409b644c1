// The sound of M4A, AAC, MP4, MOV, WebM, Matroska, WMA, AMR and whatever else libavformat knows, piece by piece, and the picture of a BMP file,
// through FFmpeg's libraries. They are loaded at the first such file, and never write to stderr, end the process, open another file or use a
// network.
#ifndef CFFMPEG_H
#define CFFMPEG_H

#include <stddef.h>
#include <stdint.h>

enum { CFF_MESSAGE_SIZE = 256 };

/// The status where FFmpeg's libraries are not there; `message` says which, and the Debian packages that have them.
enum { CFF_UNAVAILABLE = 2 };

/// The status where a picture may be whole, but is of a kind that is not read.
enum { CFF_UNSUPPORTED = 3 };

/// The bytes of a recording. `read` gives how many there were, 0 at the end and less than 0 where it failed; `seek` takes SEEK_SET, SEEK_CUR and
/// SEEK_END and gives the new place, or less than 0. `context` must live until cff_close().
typedef struct {
    void *context;
    int64_t (*read)(void *context, uint8_t *buffer, int64_t count);
    int64_t (*seek)(void *context, int64_t offset, int whence);
} cff_bytes;

/// A recording that is being read, from one thread at a time.
typedef struct cff_source cff_source;

/// Opens the first, or best, sound stream. Returns 0, or 1 where there is none that can be read, or CFF_UNAVAILABLE. All messages begin with a verb:
/// "is damaged: …", "has no sound: …". `*source` is a new one, to be given back with cff_close(), and NULL unless 0 is returned.
int cff_open(const cff_bytes *bytes, cff_source **source, char message[CFF_MESSAGE_SIZE]);
void cff_close(cff_source *source);

/// Samples a second of each channel.
int cff_rate(const cff_source *source);
int cff_channels(const cff_source *source);
/// The frames that the file says it has; -1 where it says nothing that can be relied on.
int64_t cff_declared(const cff_source *source);
/// How many of these may be missing in a whole file: a frame of the codec, its delay, and what the container rounds.
int64_t cff_tolerance(const cff_source *source);

/// Reads up to `frames` frames, channels interleaved, without the silence that the encoder says it put in front and behind. Returns how many there
/// were, fewer than asked for only at the end; 0 there; -1 and a message where the file is damaged, then and ever after.
int64_t cff_read(cff_source *source, float *samples, int64_t frames, char message[CFF_MESSAGE_SIZE]);

/// Goes to a frame. Returns 0; 1 where the recording ends before it; -1 and a message where it is damaged on the way there.
///
/// Up to CFF_EXACT_SECONDS, and in codings whose frames differ in length, all that lies before is decoded, so that the samples are those of reading
/// on. Beyond that, decoding begins a second earlier: the frames are the same, but the noise that AAC makes up is another.
int cff_seek(cff_source *source, int64_t frame, char message[CFF_MESSAGE_SIZE]);

enum { CFF_EXACT_SECONDS = 30 };

/// Decodes a BMP file into 8 bits a channel, interleaved, rows from the top, no padding: `*channels` is 3 (RGB) or 4 (RGBA, not premultiplied), the
/// latter where the header of 32 bits has a mask for alpha, as Pillow has it. Returns 0, or 1, CFF_UNAVAILABLE or CFF_UNSUPPORTED and a message.
/// Pictures of more than `max_pixels` are refused before allocation, and so is what is cut short. `*pixels` is new, to be given back with
/// cff_free_pixels(), and NULL unless 0 is returned.
int cff_decode_bmp(
    const uint8_t *data, size_t size, uint64_t max_pixels, uint8_t **pixels, uint32_t *width, uint32_t *height, uint32_t *channels,
    char message[CFF_MESSAGE_SIZE]);
void cff_free_pixels(uint8_t *pixels);

#endif
