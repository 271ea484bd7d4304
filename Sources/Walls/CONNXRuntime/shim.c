// SPDX-License-Identifier: Apache-2.0
#include "onnxruntime_table.h"

_Static_assert(sizeof(intptr_t) == sizeof(int64_t), "sizes are passed on as they are");

struct ort_base {
    const ort_api *(*get_api)(uint32_t version);
    const char *(*get_version)(void);
};

struct ort_api {
    void *slots[280];
};

// Calls the function at a position. All arguments are pointers, sizes or ints, which the C interface takes as they are.
#define CALL(slot, result, parameters) ((result(*) parameters)api->slots[slot])
#define STATUS(slot, parameters) CALL(slot, ort_status *, parameters)

const ort_base *ort_get_base(void *symbol) { return ((const ort_base *(*)(void))symbol)(); }
const char *ort_get_version(const ort_base *base) { return base->get_version(); }
const ort_api *ort_get_api(const ort_base *base, uint32_t version) { return base->get_api(version); }

const char *ort_get_message(const ort_api *api, const ort_status *status) {
    return CALL(2, const char *, (const ort_status *))(status);
}
void ort_release_status(const ort_api *api, ort_status *status) { CALL(93, void, (ort_status *))(status); }

// What goes wrong comes back as a status, in better words than the log has.
static void discard_log(void *parameter, int severity, const char *category, const char *log_id, const char *location,
                        const char *message) {}

ort_status *ort_create_env(const ort_api *api, const char *log_id, ort_env **made) {
    typedef void (*logger)(void *, int, const char *, const char *, const char *, const char *);
    const int errors = 3;
    return STATUS(4, (logger, void *, int, const char *, ort_env **))(discard_log, NULL, errors, log_id, made);
}
ort_status *ort_get_allocator(const ort_api *api, ort_allocator **found) {
    return STATUS(78, (ort_allocator **))(found);
}
ort_status *ort_free(const ort_api *api, ort_allocator *allocator, void *memory) {
    return STATUS(76, (ort_allocator *, void *))(allocator, memory);
}
ort_status *ort_create_memory(const ort_api *api, ort_memory **made) {
    return STATUS(69, (int, int, ort_memory **))(0, 0, made);
}

ort_status *ort_create_options(const ort_api *api, ort_options **made) { return STATUS(10, (ort_options **))(made); }
ort_status *ort_set_threads(const ort_api *api, ort_options *options, int intra_op, int inter_op) {
    ort_status *failed = STATUS(24, (ort_options *, int))(options, intra_op);
    return failed ? failed : STATUS(25, (ort_options *, int))(options, inter_op);
}
ort_status *ort_set_sequential(const ort_api *api, ort_options *options) {
    return STATUS(13, (ort_options *, int))(options, 0);
}
ort_status *ort_optimize_all(const ort_api *api, ort_options *options) {
    return STATUS(23, (ort_options *, int))(options, 99);
}
ort_status *ort_disable_arena(const ort_api *api, ort_options *options) { return STATUS(19, (ort_options *))(options); }
ort_status *ort_set_entry(const ort_api *api, ort_options *options, const char *key, const char *value) {
    return STATUS(130, (ort_options *, const char *, const char *))(options, key, value);
}
void ort_release_options(const ort_api *api, ort_options *options) { CALL(100, void, (ort_options *))(options); }

ort_status *ort_get_providers(const ort_api *api, char ***names, int *count) {
    return STATUS(125, (char ***, int *))(names, count);
}
ort_status *ort_release_providers(const ort_api *api, char **names, int count) {
    return STATUS(126, (char **, int))(names, count);
}
ort_status *ort_create_cuda_options(const ort_api *api, ort_cuda_options **made) {
    return STATUS(205, (ort_cuda_options **))(made);
}
ort_status *ort_set_cuda_option(const ort_api *api, ort_cuda_options *options, const char *key, const char *value) {
    return STATUS(206, (ort_cuda_options *, const char *const *, const char *const *, size_t))(options, &key, &value, 1);
}
ort_status *ort_append_cuda(const ort_api *api, ort_options *options, const ort_cuda_options *cuda) {
    return STATUS(204, (ort_options *, const ort_cuda_options *))(options, cuda);
}
void ort_release_cuda_options(const ort_api *api, ort_cuda_options *options) {
    CALL(208, void, (ort_cuda_options *))(options);
}

ort_status *ort_create_session(const ort_api *api, const ort_env *env, const char *path, const ort_options *options,
                               ort_session **made) {
    return STATUS(7, (const ort_env *, const char *, const ort_options *, ort_session **))(env, path, options, made);
}
void ort_release_session(const ort_api *api, ort_session *session) { CALL(95, void, (ort_session *))(session); }
ort_status *ort_count_inputs(const ort_api *api, const ort_session *session, size_t *count) {
    return STATUS(30, (const ort_session *, size_t *))(session, count);
}
ort_status *ort_count_outputs(const ort_api *api, const ort_session *session, size_t *count) {
    return STATUS(31, (const ort_session *, size_t *))(session, count);
}
ort_status *ort_get_input_name(const ort_api *api, const ort_session *session, size_t index, ort_allocator *allocator,
                               char **name) {
    return STATUS(36, (const ort_session *, size_t, ort_allocator *, char **))(session, index, allocator, name);
}
ort_status *ort_get_output_name(const ort_api *api, const ort_session *session, size_t index, ort_allocator *allocator,
                                char **name) {
    return STATUS(37, (const ort_session *, size_t, ort_allocator *, char **))(session, index, allocator, name);
}
ort_status *ort_get_input_type(const ort_api *api, const ort_session *session, size_t index, ort_type **type) {
    return STATUS(33, (const ort_session *, size_t, ort_type **))(session, index, type);
}
ort_status *ort_get_output_type(const ort_api *api, const ort_session *session, size_t index, ort_type **type) {
    return STATUS(34, (const ort_session *, size_t, ort_type **))(session, index, type);
}
ort_status *ort_run(const ort_api *api, ort_session *session, const char *const *input_names,
                    const ort_value *const *inputs, size_t input_count, const char *const *output_names,
                    size_t output_count, ort_value **outputs) {
    return STATUS(9, (ort_session *, const void *, const char *const *, const ort_value *const *, size_t,
                      const char *const *, size_t, ort_value **))(
        session, NULL, input_names, inputs, input_count, output_names, output_count, outputs);
}

ort_status *ort_get_metadata(const ort_api *api, const ort_session *session, ort_metadata **made) {
    return STATUS(111, (const ort_session *, ort_metadata **))(session, made);
}
void ort_release_metadata(const ort_api *api, ort_metadata *metadata) { CALL(118, void, (ort_metadata *))(metadata); }
ort_status *ort_get_producer(const ort_api *api, const ort_metadata *metadata, ort_allocator *allocator, char **text) {
    return STATUS(112, (const ort_metadata *, ort_allocator *, char **))(metadata, allocator, text);
}
ort_status *ort_get_custom_keys(const ort_api *api, const ort_metadata *metadata, ort_allocator *allocator,
                                char ***keys, intptr_t *count) {
    return STATUS(123, (const ort_metadata *, ort_allocator *, char ***, intptr_t *))(metadata, allocator, keys, count);
}
ort_status *ort_get_custom_text(const ort_api *api, const ort_metadata *metadata, ort_allocator *allocator,
                                const char *key, char **text) {
    return STATUS(116, (const ort_metadata *, ort_allocator *, const char *, char **))(metadata, allocator, key, text);
}

ort_status *ort_get_type_kind(const ort_api *api, const ort_type *type, int *kind) {
    return STATUS(56, (const ort_type *, int *))(type, kind);
}
ort_status *ort_as_tensor(const ort_api *api, const ort_type *type, const ort_tensor_type **found) {
    return STATUS(55, (const ort_type *, const ort_tensor_type **))(type, found);
}
ort_status *ort_as_sequence(const ort_api *api, const ort_type *type, const ort_sequence_type **found) {
    return STATUS(104, (const ort_type *, const ort_sequence_type **))(type, found);
}
ort_status *ort_as_map(const ort_api *api, const ort_type *type, const ort_map_type **found) {
    return STATUS(103, (const ort_type *, const ort_map_type **))(type, found);
}
ort_status *ort_get_sequence_element(const ort_api *api, const ort_sequence_type *type, ort_type **element) {
    return STATUS(107, (const ort_sequence_type *, ort_type **))(type, element);
}
ort_status *ort_get_map_key(const ort_api *api, const ort_map_type *type, int *element) {
    return STATUS(105, (const ort_map_type *, int *))(type, element);
}
ort_status *ort_get_map_value(const ort_api *api, const ort_map_type *type, ort_type **value) {
    return STATUS(106, (const ort_map_type *, ort_type **))(type, value);
}
void ort_release_type(const ort_api *api, ort_type *type) { CALL(98, void, (ort_type *))(type); }

ort_status *ort_get_element(const ort_api *api, const ort_tensor_type *type, int *element) {
    return STATUS(60, (const ort_tensor_type *, int *))(type, element);
}
ort_status *ort_get_rank(const ort_api *api, const ort_tensor_type *type, size_t *rank) {
    return STATUS(61, (const ort_tensor_type *, size_t *))(type, rank);
}
ort_status *ort_get_dimensions(const ort_api *api, const ort_tensor_type *type, intptr_t *sizes, size_t rank) {
    return STATUS(62, (const ort_tensor_type *, intptr_t *, size_t))(type, sizes, rank);
}
ort_status *ort_get_symbols(const ort_api *api, const ort_tensor_type *type, const char **names, size_t rank) {
    return STATUS(63, (const ort_tensor_type *, const char **, size_t))(type, names, rank);
}
void ort_release_tensor_type(const ort_api *api, ort_tensor_type *type) { CALL(99, void, (ort_tensor_type *))(type); }

ort_status *ort_create_texts(const ort_api *api, ort_allocator *allocator, const intptr_t *shape, size_t rank,
                             ort_value **made) {
    const int texts = 8;
    return STATUS(48, (ort_allocator *, const intptr_t *, size_t, int, ort_value **))(
        allocator, shape, rank, texts, made);
}
ort_status *ort_resize_text(const ort_api *api, ort_value *value, size_t index, size_t count, char **bytes) {
    return STATUS(252, (ort_value *, size_t, size_t, char **))(value, index, count, bytes);
}
ort_status *ort_borrow_tensor(const ort_api *api, const ort_memory *memory, void *bytes, size_t count,
                              const intptr_t *shape, size_t rank, int element, ort_value **made) {
    return STATUS(49, (const ort_memory *, void *, size_t, const intptr_t *, size_t, int, ort_value **))(
        memory, bytes, count, shape, rank, element, made);
}
ort_status *ort_get_value_kind(const ort_api *api, const ort_value *value, int *kind) {
    return STATUS(67, (const ort_value *, int *))(value, kind);
}
ort_status *ort_get_tensor_type(const ort_api *api, const ort_value *value, ort_tensor_type **made) {
    return STATUS(65, (const ort_value *, ort_tensor_type **))(value, made);
}
ort_status *ort_get_data(const ort_api *api, ort_value *value, void **bytes) {
    return STATUS(51, (ort_value *, void **))(value, bytes);
}
ort_status *ort_get_text_length(const ort_api *api, const ort_value *value, size_t *count) {
    return STATUS(53, (const ort_value *, size_t *))(value, count);
}
ort_status *ort_get_texts(const ort_api *api, const ort_value *value, void *bytes, size_t count, size_t *offsets,
                          size_t offset_count) {
    return STATUS(54, (const ort_value *, void *, size_t, size_t *, size_t))(
        value, bytes, count, offsets, offset_count);
}
ort_status *ort_count_elements(const ort_api *api, const ort_value *value, size_t *count) {
    return STATUS(81, (const ort_value *, size_t *))(value, count);
}
ort_status *ort_get_contained(const ort_api *api, const ort_value *value, int index, ort_allocator *allocator,
                              ort_value **made) {
    return STATUS(80, (const ort_value *, int, ort_allocator *, ort_value **))(value, index, allocator, made);
}
void ort_release_value(const ort_api *api, ort_value *value) { CALL(96, void, (ort_value *))(value); }
