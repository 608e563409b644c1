// What is used of DuckDB's C API (v1, as DuckDB 1.2 to 2.0 have it), and the file that the functions work on.
#ifndef DUCKDB_H
#define DUCKDB_H

#include "cparquet.h"

typedef uint64_t idx_t;
typedef struct duckdb_database_ *duckdb_database;
typedef struct duckdb_connection_ *duckdb_connection;
typedef struct duckdb_statement_ *duckdb_statement;
typedef struct duckdb_pending_ *duckdb_pending;
typedef struct duckdb_type_ *duckdb_type;
typedef struct duckdb_chunk_ *duckdb_chunk;
typedef struct duckdb_vector_ *duckdb_vector;

/// 0 is success.
typedef int duckdb_state;

/// Passed by value, so its size matters: three counts and two pointers that are no longer used, and the result.
typedef struct {
    idx_t unused_counts[3];
    void *unused_pointers[2];
    void *result;
} duckdb_result;

/// Up to twelve bytes lie in it, more behind a pointer.
typedef union {
    struct {
        uint32_t length;
        char here[12];
    };
    struct {
        uint32_t same_length;
        char prefix[4];
        const char *start;
    };
} duckdb_string;

_Static_assert(sizeof(duckdb_string) == 16 && sizeof(duckdb_result) == 48, "the C API's layout, on a machine of 64 bits");

typedef struct {
    uint64_t offset;
    uint64_t length;
} duckdb_list_entry;

/// Numbers of types, of those that are told apart.
enum {
    DUCKDB_BOOLEAN = 1,
    DUCKDB_TINYINT = 2,
    DUCKDB_BIGINT = 5,
    DUCKDB_UTINYINT = 6,
    DUCKDB_UINTEGER = 8,
    DUCKDB_FLOAT = 10,
    DUCKDB_DOUBLE = 11,
    DUCKDB_VARCHAR = 17,
    DUCKDB_BLOB = 18,
    DUCKDB_DECIMAL = 19,
    DUCKDB_LIST = 24,
    DUCKDB_STRUCT = 25,
    DUCKDB_MAP = 26,
    DUCKDB_UNION = 28,
    DUCKDB_ARRAY = 33,
};

// Every function: result, name without `duckdb_`, parameters.
#define FUNCTIONS(X)                                                                                                    \
    X(const char *, library_version, (void))                                                                            \
    X(duckdb_state, open, (const char *path, duckdb_database *database))                                                \
    X(void, close, (duckdb_database * database))                                                                        \
    X(duckdb_state, connect, (duckdb_database database, duckdb_connection * connection))                                \
    X(void, disconnect, (duckdb_connection * connection))                                                               \
    X(duckdb_state, query, (duckdb_connection connection, const char *query, duckdb_result *result))                    \
    X(duckdb_state, prepare, (duckdb_connection connection, const char *query, duckdb_statement *statement))            \
    X(const char *, prepare_error, (duckdb_statement statement))                                                        \
    X(void, destroy_prepare, (duckdb_statement * statement))                                                            \
    X(duckdb_state, pending_prepared_streaming, (duckdb_statement statement, duckdb_pending * pending))                 \
    X(const char *, pending_error, (duckdb_pending pending))                                                            \
    X(duckdb_state, execute_pending, (duckdb_pending pending, duckdb_result * result))                                  \
    X(void, destroy_pending, (duckdb_pending * pending))                                                                \
    X(const char *, result_error, (duckdb_result * result))                                                             \
    X(void, destroy_result, (duckdb_result * result))                                                                   \
    X(idx_t, column_count, (duckdb_result * result))                                                                    \
    X(const char *, column_name, (duckdb_result * result, idx_t column))                                                \
    X(duckdb_type, column_logical_type, (duckdb_result * result, idx_t column))                                         \
    X(int, get_type_id, (duckdb_type type))                                                                             \
    X(duckdb_type, list_type_child_type, (duckdb_type type))                                                            \
    X(duckdb_type, array_type_child_type, (duckdb_type type))                                                           \
    X(idx_t, struct_type_child_count, (duckdb_type type))                                                               \
    X(char *, struct_type_child_name, (duckdb_type type, idx_t index))                                                  \
    X(duckdb_type, struct_type_child_type, (duckdb_type type, idx_t index))                                             \
    X(void, destroy_logical_type, (duckdb_type * type))                                                                 \
    X(void, free, (void *memory))                                                                                       \
    X(duckdb_chunk, fetch_chunk, (duckdb_result result))                                                                \
    X(void, destroy_data_chunk, (duckdb_chunk * chunk))                                                                 \
    X(idx_t, data_chunk_get_size, (duckdb_chunk chunk))                                                                 \
    X(duckdb_vector, data_chunk_get_vector, (duckdb_chunk chunk, idx_t column))                                         \
    X(void *, vector_get_data, (duckdb_vector vector))                                                                  \
    X(uint64_t *, vector_get_validity, (duckdb_vector vector))                                                          \
    X(duckdb_vector, list_vector_get_child, (duckdb_vector vector))

#define FIELD(result, name, parameters) result(*name) parameters;
/// DuckDB's functions, once `cpq_is_loaded` said so.
extern struct duckdb_functions { FUNCTIONS(FIELD) } duckdb __attribute__((visibility("hidden")));

/// Loads the library at the first call; false, and the reason in `message`, where it is not there.
bool cpq_is_loaded(char message[CPQ_MESSAGE_SIZE]);

typedef struct {
    char *name;
    cpq_type type;
    /// DuckDB's number of its type.
    int number;
    /// Where its values stand in the chunk; a media column's paths stand behind its bytes.
    idx_t place;
    bool is_wanted;
} column;

struct cpq_file {
    int descriptor;
    char *path;
    duckdb_database database;
    duckdb_connection connection;
    duckdb_result result;
    duckdb_chunk chunk;
    column *columns;
    size_t column_count;
    uint64_t row_count, rows_read;
    uint8_t *features;
    size_t features_size;
};

/// Says what is wrong: the first line of a text, with the file's own name in it; gives the status for it.
int cpq_refuse(const cpq_file *file, const char *text, char message[CPQ_MESSAGE_SIZE]);

/// Ends the reading of rows.
void cpq_stop(cpq_file *file);

/// The text or the bytes at a place of a column of the chunk, or of the elements of its lists.
cpq_span cpq_span_at(duckdb_vector vector, idx_t row);

#endif
