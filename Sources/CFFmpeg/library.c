#include "library.h"

#include <stdarg.h>
#include <stdio.h>

int refuse(char message[CFF_MESSAGE_SIZE], const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, CFF_MESSAGE_SIZE, format, arguments);
    va_end(arguments);
    return 1;
}

#ifdef HAS_FFMPEG

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

ffmpeg_functions ffmpeg;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_loaded;
static char failure[CFF_MESSAGE_SIZE];
static _Thread_local char complaint[160];
static _Thread_local char error_text[160];

// Struct layouts differ between major versions, so the libraries must be those of the headers.
#define SONAME(name, major) "lib" #name ".so." AV_STRINGIFY(major)
#define PACKAGE(name, major) "lib" #name AV_STRINGIFY(major)
#define PACKAGES \
    PACKAGE(avformat, LIBAVFORMAT_VERSION_MAJOR) \
    " " PACKAGE(avcodec, LIBAVCODEC_VERSION_MAJOR) " " PACKAGE(avutil, LIBAVUTIL_VERSION_MAJOR)

/// The library, which stays loaded; NULL, and the reason in `failure`, where it is not there.
static void *load_library(const char *file) {
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!library) refuse(failure, "cannot be read: %s is not installed (on Debian: apt-get install ffmpeg, which brings %s)", file, PACKAGES);
    return library;
}

/// A later minor version only adds to the ends of structs; an earlier one lacks what the headers promise.
static bool is_new_enough(const char *file, unsigned version, unsigned wanted) {
    if (version >> 8 >= wanted >> 8) return true;
    refuse(failure, "cannot be read: %s is older than the headers that Braid was built with", file);
    return false;
}

static void keep_complaint(void *object, int level, const char *format, va_list arguments) {
    (void)object;
    if (level > AV_LOG_ERROR || complaint[0]) return;
    while (*format == ' ') format++;
    vsnprintf(complaint, sizeof complaint, format, arguments);
    for (size_t length = strlen(complaint); length && strchr(" \n\r.", complaint[length - 1]); length--) complaint[length - 1] = 0;
}

static void load(void) {
    const char *file = SONAME(avutil, LIBAVUTIL_VERSION_MAJOR);
    const char *codec_file = SONAME(avcodec, LIBAVCODEC_VERSION_MAJOR), *format_file = SONAME(avformat, LIBAVFORMAT_VERSION_MAJOR);
    void *util = load_library(file), *codec = util ? load_library(codec_file) : NULL;
    void *format = codec ? load_library(format_file) : NULL;
    if (!format) return;
    const char *missing = NULL;
#define FIND(library, name) \
    if (!(ffmpeg.name = (__typeof__(ffmpeg.name))dlsym(library, #name))) missing = #name;
#define FIND_UTIL(name) FIND(util, name)
#define FIND_CODEC(name) FIND(codec, name)
#define FIND_FORMAT(name) FIND(format, name)
    EACH_UTIL(FIND_UTIL)
    EACH_CODEC(FIND_CODEC)
    EACH_FORMAT(FIND_FORMAT)
    if (missing) {
        refuse(failure, "cannot be read: FFmpeg's libraries lack %s", missing);
        return;
    }
    if (!is_new_enough(file, ffmpeg.avutil_version(), LIBAVUTIL_VERSION_INT) ||
        !is_new_enough(codec_file, ffmpeg.avcodec_version(), LIBAVCODEC_VERSION_INT) ||
        !is_new_enough(format_file, ffmpeg.avformat_version(), LIBAVFORMAT_VERSION_INT))
        return;
    ffmpeg.av_log_set_callback(keep_complaint);
    ffmpeg.av_max_alloc(MAX_ALLOCATION);
    is_loaded = true;
}

int load_ffmpeg(char message[CFF_MESSAGE_SIZE]) {
    pthread_once(&once, load);
    return is_loaded ? 0 : (refuse(message, "%s", failure), CFF_UNAVAILABLE);
}

void forget_complaints(void) { complaint[0] = 0; }

const char *first_complaint(void) { return complaint; }

const char *reason(int error) {
    if (complaint[0]) return complaint;
    if (ffmpeg.av_strerror(error, error_text, sizeof error_text) < 0) snprintf(error_text, sizeof error_text, "error %d", error);
    return error_text;
}

#endif
