// Parquet files, row after row, by DuckDB, which is loaded when the first file is opened.
//
// A column is what its cells are turned into: numbers, texts, bytes, lists of texts, or the pair of bytes and path in which
// Hugging Face's `datasets` stores a picture or a sound. A file is read by one thread at a time, in chunks of at most 2,048
// rows. What a cell points at lives until the next call of `cpq_next`, `cpq_read` or `cpq_close`.
//
// Each function that can fail gives CPQ_OK or another status, and then the reason, one sentence in UTF-8, in `message`.
#ifndef CPARQUET_H
#define CPARQUET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPQ_MESSAGE_SIZE 512

/// CPQ_UNAVAILABLE: the library is not there. CPQ_REFUSED: the file cannot be read.
enum { CPQ_OK = 0, CPQ_REFUSED = 1, CPQ_UNAVAILABLE = 2 };

typedef enum {
    /// UTF-8; also dates, times, identifiers and integers of more than 64 bits, as DuckDB writes them.
    CPQ_TEXT,
    /// Up to 64 bits.
    CPQ_INTEGER,
    /// A 32-bit value as the double that has the same shortest text: 0.1 stays 0.1. Decimals too.
    CPQ_FLOAT,
    CPQ_BOOLEAN,
    CPQ_BINARY,
    /// Its elements as texts.
    CPQ_LIST,
    /// A struct of `bytes` (binary) and `path` (text) and nothing else.
    CPQ_MEDIA,
    /// Anything else (a map, another struct, a list of those): its cells are never read.
    CPQ_OTHER,
} cpq_type;

/// Bytes that belong to the file's chunk, not ended by a zero; `start` is NULL where the value is null.
typedef struct {
    const uint8_t *start;
    size_t count;
} cpq_span;

/// A value under the type of its column; only what that type has is set.
typedef struct {
    /// Of CPQ_MEDIA: both halves are null.
    bool is_null;
    /// Of CPQ_INTEGER; 0 or 1 of CPQ_BOOLEAN.
    int64_t integer;
    double number;
    /// Of CPQ_TEXT, CPQ_BINARY and CPQ_MEDIA.
    cpq_span bytes;
    /// Of CPQ_MEDIA.
    cpq_span path;
    /// Of CPQ_LIST: the elements to ask `cpq_item` for.
    uint64_t first, count;
} cpq_cell;

typedef struct cpq_file cpq_file;

/// Reads names, types and metadata; `*file` is NULL where it fails. `path` is a file's name as it stands: no pattern, no URL.
int cpq_open(const char *path, cpq_file **file, char message[CPQ_MESSAGE_SIZE]);
void cpq_close(cpq_file *file);

/// Rows in the whole file.
uint64_t cpq_row_count(const cpq_file *file);
size_t cpq_column_count(const cpq_file *file);
/// Names differ in more than case: DuckDB calls the second of `a` and `A` `A_1`.
const char *cpq_column_name(const cpq_file *file, size_t column);
cpq_type cpq_column_type(const cpq_file *file, size_t column);
/// The JSON that `datasets` stores under the key `huggingface`, with the names of class labels, unchecked; start is NULL where
/// there is none.
cpq_span cpq_features(const cpq_file *file);

/// Begins at the first row. Cells of columns that are not `wanted` are null and cost nothing; NULL wants all.
int cpq_read(cpq_file *file, const bool *wanted, char message[CPQ_MESSAGE_SIZE]);
/// The next rows, `*rows` of them; none at the end.
int cpq_next(cpq_file *file, size_t *rows, char message[CPQ_MESSAGE_SIZE]);

/// The cell in a row of the present chunk.
cpq_cell cpq_cell_at(const cpq_file *file, size_t row, size_t column);
/// An element of a list of the present chunk.
cpq_span cpq_item(const cpq_file *file, size_t column, uint64_t index);

/// The version of the library that is loaded, or loads now; NULL, and the reason in `message`, where it is not there.
const char *cpq_library_version(char message[CPQ_MESSAGE_SIZE]);

#endif
