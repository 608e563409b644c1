#include "source.h"

#ifdef HAS_FFMPEG

#include <stdio.h>
#include <string.h>

enum { UNKNOWN_FRAME = 4096 };

/// The frames in a duration; -1 where there is none.
static int64_t frames_in(int64_t duration, AVRational base, int rate) {
    if (duration <= 0) return -1;
    return ffmpeg.av_rescale_q(duration, base, (AVRational){1, rate});
}

/// Matroska's duration of one stream, which muxers write as a tag, "00:01:02.500000000"; -1 where there is none.
static int64_t tagged_frames(const AVStream *stream, int rate) {
    const AVDictionaryEntry *entry = ffmpeg.av_dict_get(stream->metadata, "DURATION", NULL, 0);
    double hours, minutes, seconds;
    if (!entry || sscanf(entry->value, "%lf:%lf:%lf", &hours, &minutes, &seconds) != 3) return -1;
    const double frames = (hours * 3600 + minutes * 60 + seconds) * rate;
    return frames > 0 && frames < 1e15 ? (int64_t)frames : -1;
}

static int64_t little(const uint8_t *bytes, int count) {
    uint64_t value = 0;
    for (int index = count - 1; index >= 0; index--) value = value << 8 | bytes[index];
    return (int64_t)value;
}

/// The duration in an ASF header (Advanced Systems Format, section 3.2), which FFmpeg does not believe where the file is shorter than it says; -1 in
/// other containers.
static int64_t asf_frames(const cff_source *source) {
    static const uint8_t properties[16] = {0xA1, 0xDC, 0xAB, 0x8C, 0x47, 0xA9, 0xCF, 0x11, 0x8E, 0xE4, 0, 0xC0, 0x0C, 0x20, 0x53, 0x65};
    uint8_t object[92];
    if (strcmp(source->format->iformat->name, "asf")) return -1;
    int64_t offset = 30;
    for (int count = 0; count < 100 && peek(source, offset, object, sizeof object) == sizeof object; count++) {
        const int64_t size = little(object + 16, 8), played = little(object + 64, 8), before = little(object + 80, 8);
        if (size < 24 || size > source->size - offset) return -1;
        if (!memcmp(object, properties, 16)) {
            const int is_broadcast = object[88] & 1;
            if (is_broadcast || played < 0 || before < 0 || before > played / 10000) return -1;
            return frames_in(played - before * 10000, (AVRational){1, 10000000}, source->rate);
        }
        offset += size;
    }
    return -1;
}

durations said_durations(const AVFormatContext *format) {
    durations said = {AV_NOPTS_VALUE, AV_NOPTS_VALUE};
    unsigned heard = 0;
    for (unsigned index = 0; index < format->nb_streams; index++) heard += format->streams[index]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
    // That of the file is that of its longest stream.
    if (format->nb_streams == 1) said.file = format->duration;
    for (unsigned index = 0; heard == 1 && index < format->nb_streams; index++) {
        const AVStream *stream = format->streams[index];
        if (stream->codecpar->codec_type == AVMEDIA_TYPE_AUDIO) said.stream = stream->duration;
    }
    return said;
}

int64_t clock_error(const cff_source *source) {
    const AVRational base = source->format->streams[source->stream]->time_base;
    const int64_t frames = (int64_t)source->rate * base.num;
    return frames > base.den ? frames / base.den : 0;
}

void note_length(cff_source *source) {
    const AVStream *stream = source->format->streams[source->stream];
    const AVCodecParameters *codec = stream->codecpar;
    source->declared = frames_in(source->said.stream, stream->time_base, source->rate);
    if (source->declared < 0) source->declared = tagged_frames(stream, source->rate);
    if (source->declared < 0) source->declared = frames_in(source->said.file, (AVRational){1, AV_TIME_BASE}, source->rate);
    if (source->declared < 0 && source->format->nb_streams == 1) source->declared = asf_frames(source);
    const bool is_pcm = codec->codec_id >= AV_CODEC_ID_FIRST_AUDIO && codec->codec_id < AV_CODEC_ID_ADPCM_IMA_QT;
    const int frame = is_pcm ? 0 : codec->frame_size > 0 ? codec->frame_size : UNKNOWN_FRAME;
    source->tolerance = frame + codec->initial_padding + 2 * clock_error(source);
}

#endif
