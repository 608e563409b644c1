// Ends a process by SIGKILL at its N-th call that changes a file or a folder: loaded before the C library by LD_PRELOAD, for soak.py.
//
// SOAK_AT=N kills at the N-th, counted from 1; of a write that is killed the first half is written. SOAK_COUNT=FILE writes how many there were, as the
// process ends by itself.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_long calls;
static long at;

__attribute__((constructor)) static void begin(void) {
    const char *text = getenv("SOAK_AT");
    at = text ? atol(text) : 0;
}

__attribute__((destructor)) static void end(void) {
    const char *path = getenv("SOAK_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return;
    fprintf(file, "%ld\n", atomic_load(&calls));
    fclose(file);
}

static int is_due(void) { return atomic_fetch_add(&calls, 1) + 1 == at; }

static int is_file(int descriptor) {
    struct stat found;
    return fstat(descriptor, &found) == 0 && S_ISREG(found.st_mode);
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    static ssize_t (*next)(int, const void *, size_t);
    if (!next) next = dlsym(RTLD_NEXT, "write");
    if (is_file(descriptor) && is_due()) {
        next(descriptor, bytes, count / 2);
        raise(SIGKILL);
    }
    return next(descriptor, bytes, count);
}

#define BEFORE(name, declared, given)              \
    int name declared {                            \
        static int(*next) declared;                \
        if (!next) next = dlsym(RTLD_NEXT, #name); \
        if (is_due()) raise(SIGKILL);              \
        return next given;                         \
    }

BEFORE(fsync, (int descriptor), (descriptor))
BEFORE(rename, (const char *from, const char *to), (from, to))
BEFORE(renameat2, (int here, const char *from, int there, const char *to, unsigned flags), (here, from, there, to, flags))
BEFORE(unlink, (const char *path), (path))
BEFORE(rmdir, (const char *path), (path))
BEFORE(mkdir, (const char *path, mode_t mode), (path, mode))
BEFORE(fchmod, (int descriptor, mode_t mode), (descriptor, mode))
BEFORE(ftruncate, (int descriptor, off_t size), (descriptor, size))
