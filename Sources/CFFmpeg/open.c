#include "source.h"

#ifdef HAS_FFMPEG

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { IO_BUFFER = 32768 };

static int read_bytes(void *opaque, uint8_t *buffer, int count) {
    const cff_source *source = opaque;
    const int64_t taken = source->bytes.read(source->bytes.context, buffer, count);
    return taken > 0 ? (int)taken : taken < 0 ? AVERROR(EIO) : AVERROR_EOF;
}

static int64_t seek_bytes(void *opaque, int64_t offset, int whence) {
    const cff_source *source = opaque;
    if (whence & AVSEEK_SIZE) return source->size;
    const int64_t place = source->bytes.seek(source->bytes.context, offset, whence & ~AVSEEK_FORCE);
    return place < 0 ? AVERROR(EINVAL) : place;
}

/// A playlist, or a reference to another file, names what is not this recording.
static int refuse_other_file(AVFormatContext *format, AVIOContext **io, const char *url, int flags, AVDictionary **options) {
    (void)format, (void)io, (void)url, (void)flags, (void)options;
    return AVERROR(EPERM);
}

static int open_container(cff_source *source, char *message) {
    source->size = source->bytes.seek(source->bytes.context, 0, SEEK_END);
    if (source->size < 0 || source->bytes.seek(source->bytes.context, 0, SEEK_SET) != 0) return refuse(message, "cannot be read");
    uint8_t *buffer = ffmpeg.av_malloc(IO_BUFFER);
    source->io = buffer ? ffmpeg.avio_alloc_context(buffer, IO_BUFFER, 0, source, read_bytes, NULL, seek_bytes) : NULL;
    if (buffer && !source->io) ffmpeg.av_free(buffer);
    source->format = source->io ? ffmpeg.avformat_alloc_context() : NULL;
    if (!source->format) return refuse(message, "cannot be read: out of memory");
    source->format->pb = source->io;
    source->format->flags |= AVFMT_FLAG_CUSTOM_IO;
    source->format->error_recognition = source->format->error_recognition | AV_EF_CRCCHECK | AV_EF_BUFFER | AV_EF_EXPLODE;
    source->format->io_open = refuse_other_file;
    // For containers that open what they name on their own.
    source->format->protocol_whitelist = ffmpeg.av_strdup("");
    const int error = ffmpeg.avformat_open_input(&source->format, "", NULL, NULL);
    return error < 0 ? refuse(message, "is not a recording that can be read: %s", reason(error)) : 0;
}

static int refuse_silence(const AVFormatContext *format, char *message) {
    if (!format->nb_streams) return refuse(message, "has no sound: it holds nothing");
    for (unsigned index = 0; index < format->nb_streams; index++)
        if (format->streams[index]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO)
            return refuse(message, "is damaged: its sound has no rate or no channels");
    const char *kind = ffmpeg.av_get_media_type_string(format->streams[0]->codecpar->codec_type);
    const char *noun = format->nb_streams > 1 ? "streams" : "stream";
    return refuse(message, "has no sound: it holds %u %s (%s), and no audio", format->nb_streams, noun, kind ? kind : "unknown");
}

int open_decoder(cff_source *source, char message[CFF_MESSAGE_SIZE]) {
    const AVStream *stream = source->format->streams[source->stream];
    const AVCodec *codec = ffmpeg.avcodec_find_decoder(stream->codecpar->codec_id);
    if (!codec)
        return refuse(message, "has sound that FFmpeg's libraries cannot decode (%s)", ffmpeg.avcodec_get_name(stream->codecpar->codec_id));
    ffmpeg.avcodec_free_context(&source->decoder);
    source->decoder = ffmpeg.avcodec_alloc_context3(codec);
    if (!source->decoder) return refuse(message, "cannot be read: out of memory");
    int error = ffmpeg.avcodec_parameters_to_context(source->decoder, stream->codecpar);
    source->decoder->pkt_timebase = stream->time_base;
    // One thread, so that what it complains of is heard here.
    source->decoder->thread_count = 1;
    source->decoder->err_recognition = source->decoder->err_recognition | AV_EF_CRCCHECK | AV_EF_BUFFER | AV_EF_EXPLODE;
    if (error >= 0) error = ffmpeg.avcodec_open2(source->decoder, codec, NULL);
    source->is_read_out = false;
    return error < 0 ? refuse(message, "is damaged: %s", reason(error)) : 0;
}

/// Chooses the stream, and has the demuxer pass over the others.
static int choose_stream(cff_source *source, char *message) {
    AVFormatContext *format = source->format;
    source->said = said_durations(format);
    for (unsigned index = 0; index < format->nb_streams; index++)
        if (format->streams[index]->codecpar->codec_type != AVMEDIA_TYPE_AUDIO) format->streams[index]->discard = AVDISCARD_ALL;
    forget_complaints();
    const int error = ffmpeg.avformat_find_stream_info(format, NULL);
    // It reads ahead, and what is damaged there is not complained of again.
    if (error >= 0 && first_complaint()[0]) return refuse(message, "is damaged: %s", first_complaint());
    if (error < 0) return refuse(message, "is not a recording that can be read: %s", reason(error));
    source->stream = ffmpeg.av_find_best_stream(format, AVMEDIA_TYPE_AUDIO, -1, -1, NULL, 0);
    if (source->stream < 0) return refuse_silence(format, message);
    for (unsigned index = 0; index < format->nb_streams; index++)
        if ((int)index != source->stream) format->streams[index]->discard = AVDISCARD_ALL;
    return open_decoder(source, message);
}

int open_stream(cff_source *source, char message[CFF_MESSAGE_SIZE]) {
    forget_complaints();
    source->position = 0;
    source->used = 0;
    source->rate = source->channels = 0;
    source->first_time = AV_NOPTS_VALUE;
    source->packet = ffmpeg.av_packet_alloc();
    source->frame = ffmpeg.av_frame_alloc();
    if (!source->packet || !source->frame) return refuse(message, "cannot be read: out of memory");
    if (open_container(source, message) || choose_stream(source, message)) return 1;
    const char *name = source->format->iformat->name;
    source->is_packed = !strcmp(name, "aac") || !strcmp(name, "amr") || !strcmp(name, "ac3") || !strcmp(name, "eac3");
    source->packed_end = source->is_packed ? packed_start(source) : -1;
    // The decoder knows its rate and channels only once it has decoded something.
    const int status = next_frame(source);
    if (status < 0) return refuse(message, "%s", source->damage);
    if (status == 0) return refuse(message, "holds no audio: it has no frames");
    source->first_time = source->frame->pts;
    source->first_count = source->frame->nb_samples;
    note_length(source);
    return 0;
}

void close_stream(cff_source *source) {
    ffmpeg.avcodec_free_context(&source->decoder);
    ffmpeg.avformat_close_input(&source->format);
    if (source->io) ffmpeg.av_free(source->io->buffer);
    ffmpeg.avio_context_free(&source->io);
    ffmpeg.av_packet_free(&source->packet);
    ffmpeg.av_frame_free(&source->frame);
}

#endif
