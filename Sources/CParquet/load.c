// Finds DuckDB, a library that Debian does not have.
//
// libduckdb.so of DuckDB's own archive needs nothing else. The module in the Python package `duckdb` has the same functions; it
// also wants Python's own to be there, none of which is called: so libpython is loaded in front of it, where it asks for that.
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "duckdb.h"

struct duckdb_functions duckdb;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_loaded;
static char failure[CPQ_MESSAGE_SIZE];

/// Python's module, with any Python that has the names that it was built with.
static void *load_behind_python(const char *file) {
    for (int minor = 16; minor >= 9; minor--) {
        char name[64];
        snprintf(name, sizeof name, "libpython3.%d.so.1.0", minor);
        void *python = dlopen(name, RTLD_LAZY | RTLD_GLOBAL);
        if (!python) continue;
        // Lazily, as always: names of functions that are never called may be missing.
        void *library = dlopen(file, RTLD_LAZY | RTLD_LOCAL);
        if (library) return library;
        dlclose(python);
    }
    snprintf(failure, sizeof failure,
             "%s is Python's module of DuckDB, which needs libpython3.11.so.1.0, or a later one that goes with it, where the loader "
             "finds it (on Debian 12: apt-get install libpython3.11)", file);
    return NULL;
}

static void *load_library(void) {
    const char *file = getenv("BRAID_PARQUET_LIBRARY");
    const bool is_given = file && *file;
    if (!is_given) file = "libduckdb.so";
    void *library = dlopen(file, RTLD_LAZY | RTLD_LOCAL);
    if (library) return library;
    const char *reason = dlerror();
    const char *symbol = reason ? strstr(reason, "undefined symbol: ") : NULL;
    if (symbol && (strstr(symbol, ": Py") || strstr(symbol, ": _Py"))) return load_behind_python(file);
    if (is_given) {
        snprintf(failure, sizeof failure, "BRAID_PARQUET_LIBRARY cannot be loaded: %s", reason ? reason : file);
    } else {
        snprintf(failure, sizeof failure,
                 "reading Parquet needs DuckDB, and libduckdb.so is not where the loader finds it: take it from DuckDB's archive "
                 "libduckdb, or pip install duckdb, and set BRAID_PARQUET_LIBRARY to that file, or to the package's _duckdb.*.so");
    }
    return NULL;
}

static void load(void) {
    void *library = load_library();
    if (!library) return;
    bool is_complete = true;
#define FIND(result, name, parameters) is_complete &= (*(void **)&duckdb.name = dlsym(library, "duckdb_" #name)) != NULL;
    FUNCTIONS(FIND)
    is_loaded = is_complete;
    if (!duckdb.library_version) {
        snprintf(failure, sizeof failure, "BRAID_PARQUET_LIBRARY is not DuckDB");
    } else if (!is_complete) {
        snprintf(failure, sizeof failure, "DuckDB %s lacks a function that is needed; versions 1.2 to 2.0 have all",
                 duckdb.library_version());
    }
}

bool cpq_is_loaded(char message[CPQ_MESSAGE_SIZE]) {
    pthread_once(&once, load);
    if (!is_loaded) memcpy(message, failure, sizeof failure);
    return is_loaded;
}

const char *cpq_library_version(char message[CPQ_MESSAGE_SIZE]) {
    return cpq_is_loaded(message) ? duckdb.library_version() : NULL;
}
