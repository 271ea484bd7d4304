// SPDX-License-Identifier: Apache-2.0
//
// The calls of ONNX Runtime's C interface that Slipway makes, one function each.
//
// The library has one symbol, `OrtGetApiBase`; everything else is a table of function pointers whose positions never
// change. shim.c knows the positions; each function here calls one of them. Every function that returns an
// `ort_status` gives NULL for success, and otherwise a status that the caller releases. Sizes that the library has as
// `int64_t` are `intptr_t` here, which Swift reads as `Int`.
#pragma once
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

typedef struct ort_base ort_base;
typedef struct ort_api ort_api;
typedef struct ort_status ort_status;
typedef struct ort_env ort_env;
typedef struct ort_options ort_options;
typedef struct ort_cuda_options ort_cuda_options;
typedef struct ort_session ort_session;
typedef struct ort_metadata ort_metadata;
typedef struct ort_type ort_type;
typedef struct ort_sequence_type ort_sequence_type;
typedef struct ort_map_type ort_map_type;
typedef struct ort_tensor_type ort_tensor_type;
typedef struct ort_value ort_value;
typedef struct ort_memory ort_memory;
typedef struct ort_allocator ort_allocator;

// The library. `symbol` is what `OrtGetApiBase` was found at.
const ort_base *_Nullable ort_get_base(void *symbol);
const char *ort_get_version(const ort_base *base);
/// NULL when the library is older than `version`.
const ort_api *_Nullable ort_get_api(const ort_base *base, uint32_t version);

// Status.
const char *ort_get_message(const ort_api *api, const ort_status *status);
void ort_release_status(const ort_api *api, ort_status *status);

// Environment: one per process. Its log lines go nowhere.
ort_status *_Nullable ort_create_env(const ort_api *api, const char *log_id, ort_env *_Nullable *_Nonnull made);
/// The allocator of the library itself, never released.
ort_status *_Nullable ort_get_allocator(const ort_api *api, ort_allocator *_Nullable *_Nonnull found);
ort_status *_Nullable ort_free(const ort_api *api, ort_allocator *allocator, void *memory);
/// Describes plain memory of the process.
ort_status *_Nullable ort_create_memory(const ort_api *api, ort_memory *_Nullable *_Nonnull made);

// Session options.
ort_status *_Nullable ort_create_options(const ort_api *api, ort_options *_Nullable *_Nonnull made);
ort_status *_Nullable ort_set_threads(const ort_api *api, ort_options *options, int intra_op, int inter_op);
ort_status *_Nullable ort_set_sequential(const ort_api *api, ort_options *options);
ort_status *_Nullable ort_optimize_all(const ort_api *api, ort_options *options);
ort_status *_Nullable ort_disable_arena(const ort_api *api, ort_options *options);
ort_status *_Nullable ort_set_entry(const ort_api *api, ort_options *options, const char *key, const char *value);
void ort_release_options(const ort_api *api, ort_options *options);

// Execution providers. `names` are those that the build has, whether or not the machine can use them.
ort_status *_Nullable ort_get_providers(const ort_api *api, char *_Nullable *_Nullable *_Nonnull names, int *count);
ort_status *_Nullable ort_release_providers(const ort_api *api, char *_Nullable *_Nonnull names, int count);
ort_status *_Nullable ort_create_cuda_options(const ort_api *api, ort_cuda_options *_Nullable *_Nonnull made);
ort_status *_Nullable ort_set_cuda_option(const ort_api *api, ort_cuda_options *options, const char *key,
                                          const char *value);
ort_status *_Nullable ort_append_cuda(const ort_api *api, ort_options *options, const ort_cuda_options *cuda);
void ort_release_cuda_options(const ort_api *api, ort_cuda_options *options);

// Sessions. Names and metadata texts are freed with `ort_free`.
ort_status *_Nullable ort_create_session(const ort_api *api, const ort_env *env, const char *path,
                                         const ort_options *options, ort_session *_Nullable *_Nonnull made);
void ort_release_session(const ort_api *api, ort_session *session);
ort_status *_Nullable ort_count_inputs(const ort_api *api, const ort_session *session, size_t *count);
ort_status *_Nullable ort_count_outputs(const ort_api *api, const ort_session *session, size_t *count);
ort_status *_Nullable ort_get_input_name(const ort_api *api, const ort_session *session, size_t index,
                                         ort_allocator *allocator, char *_Nullable *_Nonnull name);
ort_status *_Nullable ort_get_output_name(const ort_api *api, const ort_session *session, size_t index,
                                          ort_allocator *allocator, char *_Nullable *_Nonnull name);
ort_status *_Nullable ort_get_input_type(const ort_api *api, const ort_session *session, size_t index,
                                         ort_type *_Nullable *_Nonnull type);
ort_status *_Nullable ort_get_output_type(const ort_api *api, const ort_session *session, size_t index,
                                          ort_type *_Nullable *_Nonnull type);
/// Fills `outputs`, which come as NULL, with values that the caller releases.
ort_status *_Nullable ort_run(const ort_api *api, ort_session *session,
                              const char *const _Nonnull *_Nonnull input_names,
                              const ort_value *const _Nullable *_Nonnull inputs, size_t input_count,
                              const char *const _Nonnull *_Nonnull output_names, size_t output_count,
                              ort_value *_Nullable *_Nonnull outputs);

// Model metadata.
ort_status *_Nullable ort_get_metadata(const ort_api *api, const ort_session *session,
                                       ort_metadata *_Nullable *_Nonnull made);
void ort_release_metadata(const ort_api *api, ort_metadata *metadata);
ort_status *_Nullable ort_get_producer(const ort_api *api, const ort_metadata *metadata, ort_allocator *allocator,
                                       char *_Nullable *_Nonnull text);
/// Each key, and then the array, is freed by the caller; no keys come as NULL.
ort_status *_Nullable ort_get_custom_keys(const ort_api *api, const ort_metadata *metadata, ort_allocator *allocator,
                                          char *_Nullable *_Nullable *_Nonnull keys, intptr_t *count);
ort_status *_Nullable ort_get_custom_text(const ort_api *api, const ort_metadata *metadata, ort_allocator *allocator,
                                          const char *key, char *_Nullable *_Nonnull text);

// Types of inputs and outputs. What a cast gives is borrowed; what is contained is owned.
ort_status *_Nullable ort_get_type_kind(const ort_api *api, const ort_type *type, int *kind);
ort_status *_Nullable ort_as_tensor(const ort_api *api, const ort_type *type,
                                    const ort_tensor_type *_Nullable *_Nonnull found);
ort_status *_Nullable ort_as_sequence(const ort_api *api, const ort_type *type,
                                      const ort_sequence_type *_Nullable *_Nonnull found);
ort_status *_Nullable ort_as_map(const ort_api *api, const ort_type *type,
                                 const ort_map_type *_Nullable *_Nonnull found);
ort_status *_Nullable ort_get_sequence_element(const ort_api *api, const ort_sequence_type *type,
                                               ort_type *_Nullable *_Nonnull element);
ort_status *_Nullable ort_get_map_key(const ort_api *api, const ort_map_type *type, int *element);
ort_status *_Nullable ort_get_map_value(const ort_api *api, const ort_map_type *type,
                                        ort_type *_Nullable *_Nonnull value);
void ort_release_type(const ort_api *api, ort_type *type);

// Element type and shape, of declared types and of values.
ort_status *_Nullable ort_get_element(const ort_api *api, const ort_tensor_type *type, int *element);
ort_status *_Nullable ort_get_rank(const ort_api *api, const ort_tensor_type *type, size_t *rank);
ort_status *_Nullable ort_get_dimensions(const ort_api *api, const ort_tensor_type *type, intptr_t *sizes, size_t rank);
ort_status *_Nullable ort_get_symbols(const ort_api *api, const ort_tensor_type *type,
                                      const char *_Nullable *_Nonnull names, size_t rank);
void ort_release_tensor_type(const ort_api *api, ort_tensor_type *type);

// Values.
ort_status *_Nullable ort_create_texts(const ort_api *api, ort_allocator *allocator, const intptr_t *shape, size_t rank,
                                       ort_value *_Nullable *_Nonnull made);
/// Makes element `index` of a value from `ort_create_texts` `count` bytes long, and says where they go.
ort_status *_Nullable ort_resize_text(const ort_api *api, ort_value *value, size_t index, size_t count,
                                      char *_Nullable *_Nonnull bytes);
/// A value over memory that must outlive it.
ort_status *_Nullable ort_borrow_tensor(const ort_api *api, const ort_memory *memory, void *bytes, size_t count,
                                        const intptr_t *shape, size_t rank, int element,
                                        ort_value *_Nullable *_Nonnull made);
ort_status *_Nullable ort_get_value_kind(const ort_api *api, const ort_value *value, int *kind);
ort_status *_Nullable ort_get_tensor_type(const ort_api *api, const ort_value *value,
                                          ort_tensor_type *_Nullable *_Nonnull made);
ort_status *_Nullable ort_get_data(const ort_api *api, ort_value *value, void *_Nullable *_Nonnull bytes);
ort_status *_Nullable ort_get_text_length(const ort_api *api, const ort_value *value, size_t *count);
/// All texts end to end, and where each begins.
ort_status *_Nullable ort_get_texts(const ort_api *api, const ort_value *value, void *bytes, size_t count,
                                    size_t *offsets, size_t offset_count);
/// The length of a sequence; 2 for a map, whose first element is its keys and whose second its values.
ort_status *_Nullable ort_count_elements(const ort_api *api, const ort_value *value, size_t *count);
ort_status *_Nullable ort_get_contained(const ort_api *api, const ort_value *value, int index,
                                        ort_allocator *allocator, ort_value *_Nullable *_Nonnull made);
/// Takes NULL.
void ort_release_value(const ort_api *api, ort_value *_Nullable value);

#pragma clang assume_nonnull end
