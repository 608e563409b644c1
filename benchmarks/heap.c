// Writes how many bytes malloc has given out and not got back, each time the process writes to its output: loaded before the C library by LD_PRELOAD, for
// endurance.py.
//
// HEAP=FILE names the file, a number a line. Resident memory goes up and down with what malloc keeps for later; what is in use does not.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

ssize_t write(int descriptor, const void *bytes, size_t count) {
    static ssize_t (*next)(int, const void *, size_t);
    if (!next) next = dlsym(RTLD_NEXT, "write");
    const char *path = getenv("HEAP");
    if (descriptor == STDOUT_FILENO && path) {
        struct mallinfo2 info = mallinfo2();
        FILE *file = fopen(path, "a");
        if (file) {
            fprintf(file, "%zu\n", info.uordblks + info.hblkhd);
            fclose(file);
        }
    }
    return next(descriptor, bytes, count);
}
