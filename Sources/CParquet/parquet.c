// Opens a Parquet file and steps through it.
//
// DuckDB gets the file as /dev/fd/N: no name can then be a pattern, a URL or SQL, and it may open nothing else.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "duckdb.h"

/// What DuckDB may do: read this file with one thread, open no other, and make none. One chunk at a time is made ready, from
/// pages as they are needed; otherwise it keeps whole column chunks, and as many results as fit the limit.
static const char settings[] =
    "SET threads = 1; SET memory_limit = '1GB'; SET temp_directory = ''; SET streaming_buffer_size = '1KB'; "
    "SET disable_parquet_prefetching = true; SET autoinstall_known_extensions = false; SET autoload_known_extensions = false; "
    "SET allowed_paths = ['/dev/fd/%d']; SET enable_external_access = false; SET lock_configuration = true";

static const char about[] =
    "SELECT (SELECT CAST(sum(num_rows) AS BIGINT) FROM parquet_file_metadata('/dev/fd/%1$d')), (SELECT first(value) FROM "
    "parquet_kv_metadata('/dev/fd/%1$d') WHERE key = CAST('huggingface' AS BLOB))";

/// Whether the text has the form of UTF-8, which a damaged file's names may not have.
static bool is_utf8(const char *text) {
    const uint8_t *byte = (const uint8_t *)text;
    while (*byte) {
        const uint8_t first = *byte++;
        if (first >= 0x80 && (first < 0xC2 || first > 0xF4)) return false;
        for (int more = (first >= 0xC2) + (first >= 0xE0) + (first >= 0xF0); more > 0; more--) {
            if ((*byte++ & 0xC0) != 0x80) return false;
        }
    }
    return true;
}

int cpq_refuse(const cpq_file *file, const char *text, char message[CPQ_MESSAGE_SIZE]) {
    char name[32];
    const size_t name_size = (size_t)snprintf(name, sizeof name, "/dev/fd/%d", file->descriptor);
    size_t size = 0;
    if (!text || !*text) text = "the file cannot be read";
    if (!strncmp(text, "Out of Memory Error", 19))
        text = "its row groups are too large to read within 1 GB: write it anew with fewer rows in each, such as 100";
    while (*text && *text != '\n' && size + 1 < CPQ_MESSAGE_SIZE) {
        if (strncmp(text, name, name_size)) {
            message[size++] = *text++;
            continue;
        }
        snprintf(message + size, CPQ_MESSAGE_SIZE - size, "%s", file->path);
        size += strlen(message + size);
        text += name_size;
    }
    // A character that was cut is left out.
    if (size + 1 == CPQ_MESSAGE_SIZE) {
        while (size && ((uint8_t)message[size - 1] & 0xC0) == 0x80) size--;
        if (size && (uint8_t)message[size - 1] >= 0xC0) size--;
    }
    message[size] = 0;
    for (char *byte = message; !is_utf8(message) && *byte; byte++) {
        if (*byte & 0x80) *byte = '?';
    }
    return CPQ_REFUSED;
}

/// Runs a query, in which `%d` is the number of the file; the result is to be destroyed where it succeeds.
static int run(const cpq_file *file, const char *query, duckdb_result *result, char message[CPQ_MESSAGE_SIZE]) {
    char text[1024];
    snprintf(text, sizeof text, query, file->descriptor);
    if (duckdb.query(file->connection, text, result) == 0) return CPQ_OK;
    cpq_refuse(file, duckdb.result_error(result), message);
    duckdb.destroy_result(result);
    return CPQ_REFUSED;
}

/// Whether the struct is bytes and path and nothing else.
static bool is_media(duckdb_type type) {
    if (duckdb.struct_type_child_count(type) != 2) return false;
    int found = 0;
    for (idx_t index = 0; index < 2; index++) {
        char *name = duckdb.struct_type_child_name(type, index);
        duckdb_type child = duckdb.struct_type_child_type(type, index);
        const int number = duckdb.get_type_id(child);
        if (name && !strcmp(name, "bytes") && number == DUCKDB_BLOB) found |= 1;
        if (name && !strcmp(name, "path") && number == DUCKDB_VARCHAR) found |= 2;
        duckdb.destroy_logical_type(&child);
        duckdb.free(name);
    }
    return found == 3;
}

static bool is_nested(int number) {
    return number == DUCKDB_STRUCT || number == DUCKDB_MAP || number == DUCKDB_UNION || number == DUCKDB_LIST ||
           number == DUCKDB_ARRAY;
}

static cpq_type type_of(duckdb_type type, int number) {
    if (number == DUCKDB_BOOLEAN) return CPQ_BOOLEAN;
    if (number >= DUCKDB_TINYINT && number <= DUCKDB_BIGINT) return CPQ_INTEGER;
    if (number >= DUCKDB_UTINYINT && number <= DUCKDB_UINTEGER) return CPQ_INTEGER;
    if (number == DUCKDB_FLOAT || number == DUCKDB_DOUBLE || number == DUCKDB_DECIMAL) return CPQ_FLOAT;
    if (number == DUCKDB_BLOB) return CPQ_BINARY;
    if (number == DUCKDB_STRUCT && is_media(type)) return CPQ_MEDIA;
    if (number == DUCKDB_LIST || number == DUCKDB_ARRAY) {
        duckdb_type child = number == DUCKDB_LIST ? duckdb.list_type_child_type(type) : duckdb.array_type_child_type(type);
        const int element = duckdb.get_type_id(child);
        duckdb.destroy_logical_type(&child);
        return is_nested(element) || element == DUCKDB_BLOB ? CPQ_OTHER : CPQ_LIST;
    }
    return is_nested(number) ? CPQ_OTHER : CPQ_TEXT;
}

static int read_columns(cpq_file *file, char message[CPQ_MESSAGE_SIZE]) {
    duckdb_result result = {0};
    if (run(file, "SELECT * FROM read_parquet('/dev/fd/%d') LIMIT 0", &result, message)) return CPQ_REFUSED;
    const size_t count = duckdb.column_count(&result);
    file->columns = calloc(count + 1, sizeof *file->columns);
    int status = file->columns ? CPQ_OK : cpq_refuse(file, "out of memory", message);
    for (size_t index = 0; index < count && status == CPQ_OK; index++) {
        column *column = file->columns + index;
        duckdb_type type = duckdb.column_logical_type(&result, index);
        column->number = duckdb.get_type_id(type);
        column->type = type_of(type, column->number);
        column->name = strdup(duckdb.column_name(&result, index));
        duckdb.destroy_logical_type(&type);
        if (!column->name) status = cpq_refuse(file, "out of memory", message);
        if (column->name && !is_utf8(column->name)) status = cpq_refuse(file, "a column's name is not UTF-8: the file is damaged", message);
        file->column_count++;
    }
    duckdb.destroy_result(&result);
    return status;
}

static int read_about(cpq_file *file, char message[CPQ_MESSAGE_SIZE]) {
    duckdb_result result = {0};
    if (run(file, about, &result, message)) return CPQ_REFUSED;
    duckdb_chunk chunk = duckdb.fetch_chunk(result);
    int status = CPQ_OK;
    if (chunk) {
        file->row_count = *(uint64_t *)duckdb.vector_get_data(duckdb.data_chunk_get_vector(chunk, 0));
        const cpq_span features = cpq_span_at(duckdb.data_chunk_get_vector(chunk, 1), 0);
        file->features = features.start ? malloc(features.count + 1) : NULL;
        file->features_size = features.count;
        if (file->features) memcpy(file->features, features.start, features.count);
        if (features.start && !file->features) status = cpq_refuse(file, "out of memory", message);
        duckdb.destroy_data_chunk(&chunk);
    } else {
        status = cpq_refuse(file, duckdb.result_error(&result), message);
    }
    duckdb.destroy_result(&result);
    return status;
}

int cpq_open(const char *path, cpq_file **opened, char message[CPQ_MESSAGE_SIZE]) {
    *opened = NULL;
    if (!cpq_is_loaded(message)) return CPQ_UNAVAILABLE;
    cpq_file *file = calloc(1, sizeof *file);
    if (!file) return snprintf(message, CPQ_MESSAGE_SIZE, "out of memory"), CPQ_REFUSED;
    file->path = strdup(path);
    file->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    duckdb_result result = {0};
    if (file->descriptor < 0 || fstat(file->descriptor, &status)) {
        cpq_refuse(file, strerror(errno), message);
    } else if (!file->path || !S_ISREG(status.st_mode)) {
        cpq_refuse(file, file->path ? "is not a file" : "out of memory", message);
    } else if (duckdb.open(NULL, &file->database) || duckdb.connect(file->database, &file->connection)) {
        cpq_refuse(file, "DuckDB does not start", message);
    } else if (run(file, settings, &result, message) == CPQ_OK) {
        duckdb.destroy_result(&result);
        if (read_columns(file, message) == CPQ_OK && read_about(file, message) == CPQ_OK) *opened = file;
    }
    if (!*opened) cpq_close(file);
    return *opened ? CPQ_OK : CPQ_REFUSED;
}

void cpq_close(cpq_file *file) {
    if (!file) return;
    cpq_stop(file);
    if (file->connection) duckdb.disconnect(&file->connection);
    if (file->database) duckdb.close(&file->database);
    if (file->descriptor >= 0) close(file->descriptor);
    for (size_t index = 0; index < file->column_count; index++) free(file->columns[index].name);
    free(file->columns);
    free(file->features);
    free(file->path);
    free(file);
}

uint64_t cpq_row_count(const cpq_file *file) { return file->row_count; }

size_t cpq_column_count(const cpq_file *file) { return file->column_count; }

const char *cpq_column_name(const cpq_file *file, size_t index) {
    return index < file->column_count ? file->columns[index].name : "";
}

cpq_type cpq_column_type(const cpq_file *file, size_t index) {
    return index < file->column_count ? file->columns[index].type : CPQ_OTHER;
}

cpq_span cpq_features(const cpq_file *file) { return (cpq_span){file->features, file->features_size}; }
