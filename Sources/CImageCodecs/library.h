#ifndef LIBRARY_H
#define LIBRARY_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cimagecodecs.h"

/// A function of a library that is loaded when it is wanted, under the type that its header gives it.
#define FUNCTION(name) __typeof__(name) *name
#define FIND(table, library, name) (((table).name = (__typeof__((table).name))dlsym(library, #name)) != NULL)

/// The library, which stays loaded; NULL, and the reason in `message`, where it is not there.
static inline void *load_library(const char *file, const char *package, char message[CIC_MESSAGE_SIZE]) {
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!library) snprintf(message, CIC_MESSAGE_SIZE, "%s is not installed (on Debian: apt-get install %s)", file, package);
    return library;
}

/// Says what is wrong; gives the status for it.
static inline int refuse(char message[CIC_MESSAGE_SIZE], const char *text) {
    strncpy(message, text, CIC_MESSAGE_SIZE - 1);
    message[CIC_MESSAGE_SIZE - 1] = 0;
    return 1;
}

#endif
