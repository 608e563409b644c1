// Steps through the rows of a file, a chunk at a time.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "duckdb.h"

void cpq_stop(cpq_file *file) {
    if (file->chunk) duckdb.destroy_data_chunk(&file->chunk);
    if (file->result.result) duckdb.destroy_result(&file->result);
    memset(&file->result, 0, sizeof file->result);
    file->rows_read = 0;
}

/// A column's name as SQL has it.
static void write_name(FILE *query, const char *name) {
    fputc('"', query);
    for (; *name; name++) {
        if (*name == '"') fputc('"', query);
        fputc(*name, query);
    }
    fputc('"', query);
}

/// The column, turned into what its type stands for.
static void write_value(FILE *query, const column *column) {
    const char *before = "", *after = "";
    switch (column->type) {
        case CPQ_TEXT: before = "CAST(", after = " AS VARCHAR)"; break;
        case CPQ_INTEGER: before = "CAST(", after = " AS BIGINT)"; break;
        case CPQ_FLOAT:
            before = column->number == DUCKDB_FLOAT ? "CAST(CAST(" : "CAST(";
            after = column->number == DUCKDB_FLOAT ? " AS VARCHAR) AS DOUBLE)" : " AS DOUBLE)";
            break;
        case CPQ_LIST: before = "CAST(", after = " AS VARCHAR[])"; break;
        case CPQ_MEDIA:
            fputs("struct_extract(", query);
            write_name(query, column->name);
            fputs(", 'bytes'), ", query);
            before = "struct_extract(", after = ", 'path')";
            break;
        case CPQ_BOOLEAN:
        case CPQ_BINARY:
        case CPQ_OTHER: break;
    }
    fputs(before, query);
    write_name(query, column->name);
    fputs(after, query);
}

/// The query for the wanted columns, to be freed; NULL where there is no memory.
static char *write_query(cpq_file *file, const bool *wanted) {
    char *text = NULL;
    size_t size = 0;
    FILE *query = open_memstream(&text, &size);
    if (!query) return NULL;
    idx_t place = 0;
    fputs("SELECT ", query);
    for (size_t index = 0; index < file->column_count; index++) {
        column *column = file->columns + index;
        column->is_wanted = column->type != CPQ_OTHER && (!wanted || wanted[index]);
        if (!column->is_wanted) continue;
        if (place) fputs(", ", query);
        write_value(query, column);
        column->place = place;
        place += column->type == CPQ_MEDIA ? 2 : 1;
    }
    // Without a column there are rows all the same.
    fprintf(query, "%s FROM read_parquet('/dev/fd/%d')", place ? "" : "NULL", file->descriptor);
    const bool is_short = ferror(query);
    if (!fclose(query) && !is_short) return text;
    free(text);
    return NULL;
}

/// Starts a query whose rows are made as they are fetched.
static int start(cpq_file *file, const char *query, char message[CPQ_MESSAGE_SIZE]) {
    duckdb_statement statement = NULL;
    duckdb_pending pending = NULL;
    int status = CPQ_OK;
    if (duckdb.prepare(file->connection, query, &statement)) {
        status = cpq_refuse(file, duckdb.prepare_error(statement), message);
    } else if (duckdb.pending_prepared_streaming(statement, &pending)) {
        status = cpq_refuse(file, duckdb.pending_error(pending), message);
    } else if (duckdb.execute_pending(pending, &file->result)) {
        status = cpq_refuse(file, duckdb.result_error(&file->result), message);
    }
    duckdb.destroy_pending(&pending);
    duckdb.destroy_prepare(&statement);
    return status;
}

int cpq_read(cpq_file *file, const bool *wanted, char message[CPQ_MESSAGE_SIZE]) {
    cpq_stop(file);
    char *query = write_query(file, wanted);
    if (!query) return cpq_refuse(file, "out of memory", message);
    const int status = start(file, query, message);
    if (status) cpq_stop(file);
    free(query);
    return status;
}

int cpq_next(cpq_file *file, size_t *rows, char message[CPQ_MESSAGE_SIZE]) {
    *rows = 0;
    if (!file->result.result) return cpq_refuse(file, "no rows are being read", message);
    if (file->chunk) duckdb.destroy_data_chunk(&file->chunk);
    // An empty chunk is an end too; no chunk may be one, or an error.
    file->chunk = duckdb.fetch_chunk(file->result);
    *rows = file->chunk ? duckdb.data_chunk_get_size(file->chunk) : 0;
    file->rows_read += *rows;
    if (*rows) return CPQ_OK;
    const char *error = duckdb.result_error(&file->result);
    if (error && *error) return cpq_refuse(file, error, message);
    if (file->rows_read == file->row_count) return CPQ_OK;
    char text[128];
    snprintf(text, sizeof text, "its rows cannot be read behind row %llu of %llu: the file is damaged",
             (unsigned long long)file->rows_read, (unsigned long long)file->row_count);
    return cpq_refuse(file, text, message);
}
