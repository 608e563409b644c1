#include "source.h"

#include <stddef.h>

#ifdef HAS_FFMPEG

#include <stdlib.h>
#include <string.h>

int cff_open(const cff_bytes *bytes, cff_source **source, char message[CFF_MESSAGE_SIZE]) {
    *source = NULL;
    const int status = load_ffmpeg(message);
    if (status) return status;
    cff_source *opened = calloc(1, sizeof *opened);
    if (!opened) return refuse(message, "cannot be read: out of memory");
    opened->bytes = *bytes;
    if (open_stream(opened, message)) return cff_close(opened), 1;
    *source = opened;
    return 0;
}

void cff_close(cff_source *source) {
    if (!source) return;
    close_stream(source);
    free(source);
}

int cff_rate(const cff_source *source) { return source->rate; }
int cff_channels(const cff_source *source) { return source->channels; }
int64_t cff_declared(const cff_source *source) { return source->declared; }
int64_t cff_tolerance(const cff_source *source) { return source->tolerance; }

/// Begins again, in the same rate and channels.
static int restart(cff_source *source) {
    close_stream(source);
    char message[CFF_MESSAGE_SIZE];
    if (!open_stream(source, message)) return 0;
    if (!source->damage[0]) refuse(source->damage, "%s", message);
    return 1;
}

/// How many frames of the recording every frame of the codec gives, so that a place can be told from its time; 0 where they differ.
static int equal_frames(const cff_source *source) {
    const int codec = source->decoder->codec_id;
    if (codec >= AV_CODEC_ID_FIRST_AUDIO && codec < AV_CODEC_ID_ADPCM_IMA_QT) return 1;
    const int equal[] = {AV_CODEC_ID_AAC, AV_CODEC_ID_OPUS, AV_CODEC_ID_FLAC, AV_CODEC_ID_ALAC, AV_CODEC_ID_MP3, AV_CODEC_ID_AC3, AV_CODEC_ID_EAC3};
    for (size_t index = 0; index < sizeof equal / sizeof *equal; index++)
        if (codec == equal[index]) return source->frame->nb_samples;
    return 0;
}

/// The frame of the recording that `source->frame` begins with; -1 where its time does not tell.
static int64_t place_of_frame(const cff_source *source) {
    const AVRational base = source->format->streams[source->stream]->time_base;
    const int64_t step = equal_frames(source), tick = 2 * clock_error(source);
    if (step == 0 || (tick > 0 && step < 4 * tick) || source->frame->pts == AV_NOPTS_VALUE) return -1;
    int64_t ticks;
    if (__builtin_sub_overflow(source->frame->pts, source->first_time, &ticks) || ticks < 0) return -1;
    const int64_t time = ffmpeg.av_rescale_q(ticks, base, (AVRational){1, source->rate});
    if (time < 0 || time > INT64_MAX / 2) return -1;
    const int64_t behind = time - source->first_count, steps = (behind + (behind < 0 ? -step : step) / 2) / step;
    // Where the container's clock is coarse, or its times drift, only the codec's own steps are exact.
    return llabs(behind - steps * step) > tick ? -1 : source->first_count + steps * step;
}

/// Goes to a place shortly before a frame. 0, or 1 where that cannot be done.
static int jump(cff_source *source, int64_t frame) {
    const AVStream *stream = source->format->streams[source->stream];
    if (source->first_time == AV_NOPTS_VALUE) return 1;
    int64_t time = ffmpeg.av_rescale_q(frame - source->rate, (AVRational){1, source->rate}, stream->time_base);
    if (__builtin_add_overflow(time, source->first_time, &time)) return 1;
    if (ffmpeg.av_seek_frame(source->format, source->stream, time, AVSEEK_FLAG_BACKWARD) < 0) return 1;
    char message[CFF_MESSAGE_SIZE];
    source->packed_end = -1;
    // A new decoder trims the first frame, wherever that is; the second is whole.
    if (open_decoder(source, message) || next_frame(source) <= 0 || next_frame(source) <= 0) return 1;
    source->position = place_of_frame(source);
    return source->position < 0 || source->position > frame;
}

int cff_seek(cff_source *source, int64_t frame, char message[CFF_MESSAGE_SIZE]) {
    const int64_t start = source->position - source->used, exact = (int64_t)CFF_EXACT_SECONDS * source->rate;
    if (frame < 0) return 1;
    if (!source->damage[0] && frame >= start && frame < start + exact) {
        // On from here: the frame that was decoded last has not gone.
        source->position = start;
        source->used = 0;
    } else {
        const bool is_far = frame >= exact && !source->damage[0];
        source->damage[0] = 0;
        if (!is_far || jump(source, frame)) {
            source->damage[0] = 0;
            restart(source);
        }
    }
    while (!source->damage[0] && source->position < frame) {
        const int64_t left = source->frame->nb_samples - source->used, count = left < frame - source->position ? left : frame - source->position;
        source->used += (int)count;
        source->position += count;
        if (count == 0 && next_frame(source) == 0) return 1;
    }
    if (!source->damage[0]) return 0;
    refuse(message, "%s", source->damage);
    return -1;
}

#else

int cff_open(const cff_bytes *bytes, cff_source **source, char message[CFF_MESSAGE_SIZE]) {
    (void)bytes;
    *source = NULL;
    return refuse(message, "cannot be read: this Braid was built without FFmpeg's headers (libavformat-dev)"), CFF_UNAVAILABLE;
}

void cff_close(cff_source *source) { (void)source; }
int cff_rate(const cff_source *source) { return (void)source, 0; }
int cff_channels(const cff_source *source) { return (void)source, 0; }
int64_t cff_declared(const cff_source *source) { return (void)source, -1; }
int64_t cff_tolerance(const cff_source *source) { return (void)source, 0; }

int64_t cff_read(cff_source *source, float *samples, int64_t frames, char message[CFF_MESSAGE_SIZE]) {
    (void)source, (void)samples, (void)frames;
    return refuse(message, "cannot be read"), -1;
}

int cff_seek(cff_source *source, int64_t frame, char message[CFF_MESSAGE_SIZE]) {
    (void)source, (void)frame;
    return refuse(message, "cannot be read"), -1;
}

#endif
