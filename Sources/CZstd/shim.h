// libzstd reads compressed manifests, as it is.
#include <zstd.h>
