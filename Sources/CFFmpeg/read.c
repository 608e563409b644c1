#include "source.h"

#ifdef HAS_FFMPEG

#include <stdlib.h>
#include <string.h>

static int channels_of(const AVFrame *frame) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 24, 100)
    return frame->ch_layout.nb_channels;
#else
    return frame->channels;
#endif
}

static int damaged(cff_source *source, const char *why) {
    refuse(source->damage, "is damaged: %s", why);
    return -1;
}

/// Gives the decoder the next packet of the stream. 1, 0 at the end, -1 where the file is damaged.
static int send_packet(cff_source *source) {
    AVPacket *packet = source->packet;
    do {
        ffmpeg.av_packet_unref(packet);
        const int error = ffmpeg.av_read_frame(source->format, packet);
        // Much of what a demuxer passes over it only complains of.
        if (first_complaint()[0] || (error < 0 && error != AVERROR_EOF)) return damaged(source, reason(error));
        if (error == AVERROR_EOF) {
            if (source->io->error < 0 && source->io->error != AVERROR_EOF) return damaged(source, reason(source->io->error));
            return check_packed_end(source) ? -1 : 0;
        }
    } while (packet->stream_index != source->stream);
    if (packet->flags & AV_PKT_FLAG_CORRUPT) return damaged(source, "a packet is cut short or its checksum is wrong");
    if (check_packed(source)) return -1;
    const int error = ffmpeg.avcodec_send_packet(source->decoder, packet);
    ffmpeg.av_packet_unref(packet);
    return error < 0 ? damaged(source, reason(error)) : 1;
}

/// Whether the frame is whole, and of the format that the ones before it had.
static int check_frame(cff_source *source) {
    const AVFrame *frame = source->frame;
    if (first_complaint()[0]) return damaged(source, first_complaint());
    if (frame->flags & AV_FRAME_FLAG_CORRUPT || frame->decode_error_flags) return damaged(source, "a frame cannot be decoded");
    const int channels = channels_of(frame);
    if (!source->channels) {
        source->rate = frame->sample_rate;
        source->channels = channels;
    }
    if (frame->sample_rate == source->rate && channels == source->channels && source->rate > 0 && channels > 0) return 1;
    refuse(
        source->damage, "changes in its middle from %d Hz, %d channels, to %d Hz, %d channels", source->rate, source->channels,
        frame->sample_rate, channels);
    return -1;
}

int next_frame(cff_source *source) {
    if (source->damage[0]) return -1;
    forget_complaints();
    source->used = 0;
    for (;;) {
        const int error = ffmpeg.avcodec_receive_frame(source->decoder, source->frame);
        if (error == AVERROR_EOF) {
            source->frame->nb_samples = 0;
            return first_complaint()[0] ? damaged(source, first_complaint()) : 0;
        }
        if (error >= 0 && source->frame->nb_samples > 0) return check_frame(source);
        if (error < 0 && error != AVERROR(EAGAIN)) return damaged(source, reason(error));
        if (error >= 0) continue;
        const int status = source->is_read_out ? 0 : send_packet(source);
        if (status < 0) return -1;
        if (status == 0) {
            if (source->is_read_out) return damaged(source, "the decoder waits for more");
            source->is_read_out = true;
            ffmpeg.avcodec_send_packet(source->decoder, NULL);
        }
    }
}

/// Copies frames to floats between -1 and 1, as libswresample scales them. 0, or 1 where the samples are of a kind that is not known.
static int copy_samples(const AVFrame *frame, int from, int count, int channels, float *target) {
    const bool is_planar = frame->format >= AV_SAMPLE_FMT_U8P && frame->format != AV_SAMPLE_FMT_S64;
    const int stride = is_planar ? 1 : channels;
#define COPY(type, value) \
    for (int channel = 0; channel < channels; channel++) { \
        const type *data = (const type *)frame->extended_data[is_planar ? channel : 0] + (is_planar ? 0 : channel) + (int64_t)from * stride; \
        float *out = target + channel; \
        for (int index = 0; index < count; index++, data += stride, out += channels) *out = (float)(value); \
    } \
    return 0
    switch (frame->format) {
    case AV_SAMPLE_FMT_U8:
    case AV_SAMPLE_FMT_U8P: COPY(uint8_t, (*data - 128) / 128.0f);
    case AV_SAMPLE_FMT_S16:
    case AV_SAMPLE_FMT_S16P: COPY(int16_t, *data / 32768.0f);
    case AV_SAMPLE_FMT_S32:
    case AV_SAMPLE_FMT_S32P: COPY(int32_t, *data / 2147483648.0);
    case AV_SAMPLE_FMT_S64:
    case AV_SAMPLE_FMT_S64P: COPY(int64_t, (double)*data / 9223372036854775808.0);
    case AV_SAMPLE_FMT_FLT:
    case AV_SAMPLE_FMT_FLTP: COPY(float, *data);
    case AV_SAMPLE_FMT_DBL:
    case AV_SAMPLE_FMT_DBLP: COPY(double, *data);
    default: return 1;
    }
#undef COPY
}

int64_t cff_read(cff_source *source, float *samples, int64_t frames, char message[CFF_MESSAGE_SIZE]) {
    int64_t taken = 0;
    while (taken < frames && !source->damage[0]) {
        const int64_t left = source->frame->nb_samples - source->used;
        if (left == 0) {
            if (next_frame(source) > 0) continue;
            break;
        }
        const int count = (int)(left < frames - taken ? left : frames - taken);
        if (copy_samples(source->frame, source->used, count, source->channels, samples + taken * source->channels)) {
            damaged(source, "its samples are of an unknown kind");
            break;
        }
        source->used += count;
        source->position += count;
        taken += count;
    }
    if (!source->damage[0]) return taken;
    refuse(message, "%s", source->damage);
    return -1;
}

#endif
