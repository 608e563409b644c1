// zlib reads compressed manifests, as it is.
#include <zlib.h>
