#include "source.h"

#ifdef HAS_FFMPEG

#include <stdio.h>
#include <string.h>

int64_t peek(const cff_source *source, int64_t offset, uint8_t *buffer, int64_t count) {
    const cff_bytes *bytes = &source->bytes;
    const int64_t place = bytes->seek(bytes->context, 0, SEEK_CUR);
    int64_t taken = bytes->seek(bytes->context, offset, SEEK_SET) == offset ? bytes->read(bytes->context, buffer, count) : 0;
    if (place >= 0) bytes->seek(bytes->context, place, SEEK_SET);
    return taken < 0 ? 0 : taken;
}

/// Where an ID3v2 tag that begins at an offset ends; the offset where there is none.
static int64_t behind_tag(const cff_source *source, int64_t offset) {
    uint8_t head[10];
    if (peek(source, offset, head, 10) < 10 || memcmp(head, "ID3", 3)) return offset;
    const int64_t size = (head[6] & 127) << 21 | (head[7] & 127) << 14 | (head[8] & 127) << 7 | (head[9] & 127);
    return offset + 10 + size + (head[5] & 16 ? 10 : 0);
}

int64_t packed_start(const cff_source *source) {
    uint8_t magic[9];
    // RFC 4867, section 5.
    if (peek(source, 0, magic, 9) == 9 && !memcmp(magic, "#!AMR", 5)) return !memcmp(magic + 5, "-WB\n", 4) ? 9 : 6;
    return behind_tag(source, 0);
}

// FFmpeg looks for the next frame behind what is damaged, and says nothing.
int check_packed(cff_source *source) {
    const AVPacket *packet = source->packet;
    if (!source->is_packed || packet->pos < 0) return 0;
    const int64_t expected = source->packed_end;
    source->packed_end = packet->pos + packet->size;
    if (expected < 0 || packet->pos == expected || packet->pos == behind_tag(source, expected)) return 0;
    return refuse(source->damage, "is damaged: no frame begins at byte %lld", (long long)expected);
}

int check_packed_end(cff_source *source) {
    if (!source->is_packed || source->packed_end < 0) return 0;
    uint8_t head[11];
    const int64_t end = behind_tag(source, source->packed_end), count = peek(source, end, head, 11);
    if (count == 0 && end <= source->size) return 0;
    const char *const tags[] = {"APETAGEX", "LYRICSBEGIN", "TAG"};
    for (int index = 0; index < 3; index++)
        if (count >= (int64_t)strlen(tags[index]) && !memcmp(head, tags[index], strlen(tags[index]))) return 0;
    return refuse(source->damage, "is cut short or damaged: no whole frame begins at byte %lld", (long long)end);
}

#endif
