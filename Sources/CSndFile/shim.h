// libsndfile reads audio files, libsoxr resamples them: both as they are.
#include <sndfile.h>
#include <soxr.h>
