#ifndef LIBRARY_H
#define LIBRARY_H

#include <stdbool.h>

#include "cffmpeg.h"

/// Puts what is wrong into `message`; gives 1.
int refuse(char message[CFF_MESSAGE_SIZE], const char *format, ...) __attribute__((format(printf, 2, 3)));

#if __has_include(<libavformat/avformat.h>) && __has_include(<libavcodec/avcodec.h>) && __has_include(<libavutil/avutil.h>)
#define HAS_FFMPEG 1

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

/// The functions of FFmpeg's libraries that are used, under the types that the headers give them.
#define EACH_UTIL(X) \
    X(avutil_version) X(av_log_set_callback) X(av_max_alloc) X(av_malloc) X(av_free) X(av_strdup) X(av_strerror) X(av_frame_alloc) \
    X(av_frame_free) X(av_rescale_q) X(av_dict_get) X(av_get_media_type_string)
#define EACH_CODEC(X) \
    X(avcodec_version) X(avcodec_find_decoder) X(avcodec_get_name) X(avcodec_alloc_context3) X(avcodec_free_context) \
    X(avcodec_parameters_to_context) X(avcodec_open2) X(avcodec_send_packet) X(avcodec_receive_frame) X(av_packet_alloc) \
    X(av_packet_free) X(av_packet_unref) X(av_new_packet)
#define EACH_FORMAT(X) \
    X(avformat_version) X(avformat_alloc_context) X(avformat_open_input) X(avformat_find_stream_info) X(avformat_close_input) \
    X(av_find_best_stream) X(av_read_frame) X(av_seek_frame) X(avio_alloc_context) X(avio_context_free)

#define DECLARE(name) __typeof__(name) *name;
typedef struct {
    EACH_UTIL(DECLARE)
    EACH_CODEC(DECLARE)
    EACH_FORMAT(DECLARE)
} ffmpeg_functions;
#undef DECLARE

extern ffmpeg_functions ffmpeg;

/// What FFmpeg may allocate at a time. No table of a file of many hours needs more; what a damaged one asks for does.
enum { MAX_ALLOCATION = 1 << 28 };

/// Loads the libraries, once. Gives 0, or CFF_UNAVAILABLE and a message.
int load_ffmpeg(char message[CFF_MESSAGE_SIZE]);

/// Forgets what FFmpeg has complained of on this thread.
void forget_complaints(void);
/// The first thing that it has complained of since, empty where it did not.
const char *first_complaint(void);
/// That, or else what an error number stands for.
const char *reason(int error);

#endif
#endif
