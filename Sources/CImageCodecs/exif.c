#include "exif.h"

#include <stdbool.h>
#include <string.h>

static uint32_t read16(const uint8_t *at, bool big) { return big ? at[0] << 8 | at[1] : at[1] << 8 | at[0]; }

static uint32_t read32(const uint8_t *at, bool big) {
    return big ? read16(at, big) << 16 | read16(at + 2, big) : read16(at + 2, big) << 16 | read16(at, big);
}

uint32_t exif_orientation(const uint8_t *data, size_t size) {
    if (size < 8) return 1;
    const bool big = memcmp(data, "MM", 2) == 0;
    if (!big && memcmp(data, "II", 2) != 0) return 1;
    const size_t directory = read32(data + 4, big);
    if (directory > size - 2) return 1;
    const size_t count = read16(data + directory, big);
    for (size_t i = 0; i < count; ++i) {
        const size_t entry = directory + 2 + 12 * i;
        if (entry + 12 > size) return 1;
        if (read16(data + entry, big) != 0x0112) continue;
        const uint32_t value = read16(data + entry + 8, big);
        return value >= 1 && value <= 8 ? value : 1;
    }
    return 1;
}
