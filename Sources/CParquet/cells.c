// What stands in a chunk.
#include "duckdb.h"

static bool is_null(duckdb_vector vector, idx_t row) {
    const uint64_t *valid = duckdb.vector_get_validity(vector);
    return valid && !(valid[row / 64] >> (row % 64) & 1);
}

cpq_span cpq_span_at(duckdb_vector vector, idx_t row) {
    if (is_null(vector, row)) return (cpq_span){NULL, 0};
    const duckdb_string *text = (const duckdb_string *)duckdb.vector_get_data(vector) + row;
    const char *start = text->length <= sizeof text->here ? text->here : text->start;
    return (cpq_span){(const uint8_t *)start, text->length};
}

cpq_cell cpq_cell_at(const cpq_file *file, size_t row, size_t index) {
    cpq_cell cell = {.is_null = true};
    if (index >= file->column_count || !file->chunk || row >= duckdb.data_chunk_get_size(file->chunk)) return cell;
    const column *column = file->columns + index;
    if (!column->is_wanted) return cell;
    duckdb_vector vector = duckdb.data_chunk_get_vector(file->chunk, column->place);
    cell.is_null = is_null(vector, row);
    if (column->type == CPQ_MEDIA) {
        cell.bytes = cpq_span_at(vector, row);
        cell.path = cpq_span_at(duckdb.data_chunk_get_vector(file->chunk, column->place + 1), row);
        cell.is_null = !cell.bytes.start && !cell.path.start;
    }
    if (cell.is_null) return cell;
    const void *values = duckdb.vector_get_data(vector);
    switch (column->type) {
        case CPQ_INTEGER: cell.integer = ((const int64_t *)values)[row]; break;
        case CPQ_BOOLEAN: cell.integer = ((const bool *)values)[row]; break;
        case CPQ_FLOAT: cell.number = ((const double *)values)[row]; break;
        case CPQ_TEXT:
        case CPQ_BINARY: cell.bytes = cpq_span_at(vector, row); break;
        case CPQ_LIST:
            cell.first = ((const duckdb_list_entry *)values)[row].offset;
            cell.count = ((const duckdb_list_entry *)values)[row].length;
            break;
        case CPQ_MEDIA:
        case CPQ_OTHER: break;
    }
    return cell;
}

cpq_span cpq_item(const cpq_file *file, size_t index, uint64_t item) {
    const cpq_span none = {NULL, 0};
    if (index >= file->column_count || !file->chunk) return none;
    const column *column = file->columns + index;
    if (!column->is_wanted || column->type != CPQ_LIST) return none;
    duckdb_vector elements = duckdb.list_vector_get_child(duckdb.data_chunk_get_vector(file->chunk, column->place));
    return cpq_span_at(elements, item);
}
