#ifndef SOURCE_H
#define SOURCE_H

#include "library.h"

#ifdef HAS_FFMPEG

/// What the header says of a length, in the time base of the stream and in microseconds, before FFmpeg makes estimates of its own.
typedef struct {
    int64_t stream;
    int64_t file;
} durations;

struct cff_source {
    cff_bytes bytes;
    int64_t size;
    AVFormatContext *format;
    AVIOContext *io;
    AVCodecContext *decoder;
    AVPacket *packet;
    /// What was decoded last, and how many of its frames were given or passed over.
    AVFrame *frame;
    int used;
    bool is_read_out;
    int stream;
    int rate;
    int channels;
    durations said;
    int64_t declared;
    int64_t tolerance;
    /// The frame of the recording that comes next.
    int64_t position;
    /// When the first frame of the codec was to be heard, in the stream's time base, and how many frames of the recording it gave.
    int64_t first_time;
    int first_count;
    /// Of containers that are nothing but frames, one behind the other: where the last packet ended; -1 of others, and where that is not known.
    int64_t packed_end;
    bool is_packed;
    /// Why nothing more is read; empty where it is.
    char damage[CFF_MESSAGE_SIZE];
};

/// Opens the file from its beginning, or gives 1 and a message. What it has opened is closed with close_stream() in both cases.
int open_stream(cff_source *source, char message[CFF_MESSAGE_SIZE]);
void close_stream(cff_source *source);
/// A new decoder, which knows of nothing before, in place of the one there was.
int open_decoder(cff_source *source, char message[CFF_MESSAGE_SIZE]);

durations said_durations(const AVFormatContext *format);
/// Fills in `declared` and `tolerance`.
void note_length(cff_source *source);
/// The frames in one tick of the stream's clock, where that is too coarse to count them; 0 where it is not.
int64_t clock_error(const cff_source *source);

/// Decodes the next piece into `source->frame`. Gives 1, 0 at the end, -1 and the reason in `source->damage` where the file is damaged.
int next_frame(cff_source *source);

/// Up to `count` bytes at an offset; the place that FFmpeg reads on from stays.
int64_t peek(const cff_source *source, int64_t offset, uint8_t *buffer, int64_t count);
/// 0, or 1 and what is wrong in `source->damage`: whether the packet follows on the one before, in containers that are nothing but frames.
int check_packed(cff_source *source);
/// Whether only tags follow behind the last of them.
int check_packed_end(cff_source *source);
/// Where the first of them is to begin.
int64_t packed_start(const cff_source *source);

#endif
#endif
