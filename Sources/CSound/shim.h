// libsndfile reads recordings, libmpg123 MP3, libogg checks the pages of Ogg, libsoxr resamples: all as they are.
#define MPG123_NO_LARGENAME  // the functions' plain names, which Swift can see; off_t has 64 bits on every 64-bit system
#include <mpg123.h>
#include <ogg/ogg.h>
#include <sndfile.h>
#include <soxr.h>
