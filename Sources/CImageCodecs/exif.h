#ifndef EXIF_H
#define EXIF_H

#include <stddef.h>
#include <stdint.h>

/// The orientation (1 to 8) in a TIFF-structured EXIF block; 1 where it is absent or malformed.
uint32_t exif_orientation(const uint8_t *data, size_t size);

#endif
