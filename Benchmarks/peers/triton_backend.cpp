// SPDX-License-Identifier: Apache-2.0
//
// ONNX Runtime as a backend of Triton's own server, which comes in PyTriton's wheel with its Python backend alone:
// the same library, one thread a call, as everything else here has it. Triton loads `libtriton_slipwayonnx.so` for
// models whose config says `backend: "slipwayonnx"`.
//
// One request at a time is run where it lies. Several, which the dynamic batcher gathered, are joined along their first
// dimension and the outputs split again. Triton's C interface is declared here as far as it is used.
#include <dlfcn.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#define _Nullable
#define _Nonnull
extern "C" {
#include "onnxruntime_table.h"
}

extern "C" {
struct TRITONSERVER_Error;
struct TRITONBACKEND_Model;
struct TRITONBACKEND_ModelInstance;
struct TRITONBACKEND_Request;
struct TRITONBACKEND_Response;
struct TRITONBACKEND_Input;
struct TRITONBACKEND_Output;
TRITONSERVER_Error *TRITONSERVER_ErrorNew(int code, const char *message);
void TRITONSERVER_ErrorDelete(TRITONSERVER_Error *);
TRITONSERVER_Error *TRITONBACKEND_ModelRepository(TRITONBACKEND_Model *, int *kind, const char **location);
TRITONSERVER_Error *TRITONBACKEND_ModelVersion(TRITONBACKEND_Model *, uint64_t *);
TRITONSERVER_Error *TRITONBACKEND_ModelState(TRITONBACKEND_Model *, void **);
TRITONSERVER_Error *TRITONBACKEND_ModelSetState(TRITONBACKEND_Model *, void *);
TRITONSERVER_Error *TRITONBACKEND_ModelInstanceModel(TRITONBACKEND_ModelInstance *, TRITONBACKEND_Model **);
TRITONSERVER_Error *TRITONBACKEND_ModelInstanceReportStatistics(TRITONBACKEND_ModelInstance *, TRITONBACKEND_Request *,
                                                                bool success, uint64_t began, uint64_t compute_began,
                                                                uint64_t compute_ended, uint64_t ended);
TRITONSERVER_Error *TRITONBACKEND_RequestInput(TRITONBACKEND_Request *, const char *name, TRITONBACKEND_Input **);
TRITONSERVER_Error *TRITONBACKEND_RequestRelease(TRITONBACKEND_Request *, uint32_t flags);
TRITONSERVER_Error *TRITONBACKEND_InputProperties(TRITONBACKEND_Input *, const char **name, int *datatype,
                                                  const int64_t **shape, uint32_t *rank, uint64_t *byte_count,
                                                  uint32_t *buffer_count);
TRITONSERVER_Error *TRITONBACKEND_InputBuffer(TRITONBACKEND_Input *, uint32_t index, const void **bytes,
                                              uint64_t *byte_count, int *memory, int64_t *memory_id);
TRITONSERVER_Error *TRITONBACKEND_ResponseNew(TRITONBACKEND_Response **, TRITONBACKEND_Request *);
TRITONSERVER_Error *TRITONBACKEND_ResponseOutput(TRITONBACKEND_Response *, TRITONBACKEND_Output **, const char *name,
                                                 int datatype, const int64_t *shape, uint32_t rank);
TRITONSERVER_Error *TRITONBACKEND_OutputBuffer(TRITONBACKEND_Output *, void **bytes, uint64_t byte_count, int *memory,
                                               int64_t *memory_id);
TRITONSERVER_Error *TRITONBACKEND_ResponseSend(TRITONBACKEND_Response *, uint32_t flags, TRITONSERVER_Error *);
}

namespace {

constexpr int internal = 1;
constexpr uint32_t final_flag = 1, release_all = 1;
constexpr int in_memory = 0;

// Element types as ONNX numbers them, and as Triton does; and their sizes. What the models here have.
struct Element {
    int onnx, triton;
    size_t size;
};
constexpr Element elements[] = {{1, 11, 4}, {7, 9, 8}, {6, 8, 4}, {11, 12, 8}};

struct Library {
    const ort_api *api;
    ort_env *env;
    ort_memory *memory;
    ort_allocator *allocator;
};

void must(const Library &library, ort_status *failed) {
    if (!failed) return;
    const std::string message = ort_get_message(library.api, failed);
    ort_release_status(library.api, failed);
    throw std::runtime_error(message);
}

void must(TRITONSERVER_Error *failed) {
    if (!failed) return;
    TRITONSERVER_ErrorDelete(failed);
    throw std::runtime_error("Triton refused a call");
}

const Library &library() {
    static const Library found = [] {
        const char *path = std::getenv("SLIPWAY_ONNXRUNTIME");
        void *handle = dlopen(path ? path : "libonnxruntime.so", RTLD_NOW | RTLD_LOCAL);
        void *symbol = handle ? dlsym(handle, "OrtGetApiBase") : nullptr;
        if (!symbol) throw std::runtime_error("ONNX Runtime was not found: " + std::string(dlerror()));
        Library made{ort_get_api(ort_get_base(symbol), 17), nullptr, nullptr, nullptr};
        must(made, ort_create_env(made.api, "triton", &made.env));
        must(made, ort_create_memory(made.api, &made.memory));
        must(made, ort_get_allocator(made.api, &made.allocator));
        return made;
    }();
    return found;
}

struct Value {
    ort_value *held = nullptr;
    ~Value() { ort_release_value(library().api, held); }
};

struct Model {
    ort_session *session = nullptr;
    std::vector<std::string> inputs, outputs;
    std::vector<const char *> input_names, output_names;

    explicit Model(const std::string &path) {
        const Library &engine = library();
        ort_options *options;
        must(engine, ort_create_options(engine.api, &options));
        must(engine, ort_set_threads(engine.api, options, 1, 1));
        ort_status *failed = ort_create_session(engine.api, engine.env, path.c_str(), options, &session);
        ort_release_options(engine.api, options);
        must(engine, failed);
        const auto name = [&](auto count, auto get, auto &names, auto &pointers) {
            size_t found;
            must(engine, count(engine.api, session, &found));
            for (size_t index = 0; index < found; index++) {
                char *text;
                must(engine, get(engine.api, session, index, engine.allocator, &text));
                names.push_back(text);
                must(engine, ort_free(engine.api, engine.allocator, text));
            }
            for (const std::string &one : names) pointers.push_back(one.c_str());
        };
        name(ort_count_inputs, ort_get_input_name, inputs, input_names);
        name(ort_count_outputs, ort_get_output_name, outputs, output_names);
    }
    ~Model() { ort_release_session(library().api, session); }
};

// One input of one request: its bytes in one piece, copied only where Triton has them in several.
struct Tensor {
    std::vector<intptr_t> shape;
    const Element *element;
    const uint8_t *bytes;
    size_t count;
    std::vector<uint8_t> copied;

    Tensor(TRITONBACKEND_Request *request, const char *name) {
        TRITONBACKEND_Input *input;
        must(TRITONBACKEND_RequestInput(request, name, &input));
        const int64_t *sizes;
        uint32_t rank, buffers;
        uint64_t byte_count;
        int datatype;
        must(TRITONBACKEND_InputProperties(input, nullptr, &datatype, &sizes, &rank, &byte_count, &buffers));
        shape.assign(sizes, sizes + rank);
        count = byte_count;
        element = nullptr;
        for (const Element &one : elements)
            if (one.triton == datatype) element = &one;
        if (!element) throw std::runtime_error("this backend does not know the datatype");
        for (uint32_t index = 0; index < buffers; index++) {
            const void *piece;
            uint64_t length;
            int memory = in_memory;
            int64_t memory_id = 0;
            must(TRITONBACKEND_InputBuffer(input, index, &piece, &length, &memory, &memory_id));
            if (buffers > 1) copied.insert(copied.end(), (const uint8_t *)piece, (const uint8_t *)piece + length);
            bytes = (const uint8_t *)piece;
        }
        if (buffers > 1) bytes = copied.data();
    }
};

void respond(TRITONBACKEND_Response *response, const Model &model, const std::vector<Value> &values, intptr_t first,
             intptr_t rows, bool whole) {
    const Library &engine = library();
    for (size_t index = 0; index < values.size(); index++) {
        ort_tensor_type *type;
        must(engine, ort_get_tensor_type(engine.api, values[index].held, &type));
        int kind;
        size_t rank;
        must(engine, ort_get_element(engine.api, type, &kind));
        must(engine, ort_get_rank(engine.api, type, &rank));
        std::vector<intptr_t> shape(rank);
        must(engine, ort_get_dimensions(engine.api, type, shape.data(), rank));
        ort_release_tensor_type(engine.api, type);
        const Element *element = nullptr;
        for (const Element &one : elements)
            if (one.onnx == kind) element = &one;
        if (!element) throw std::runtime_error("this backend does not know the type of an output");
        size_t row = element->size;
        for (size_t axis = 1; axis < rank; axis++) row *= size_t(shape[axis]);
        if (!whole) shape[0] = rows;
        void *from;
        must(engine, ort_get_data(engine.api, values[index].held, &from));
        TRITONBACKEND_Output *output;
        std::vector<int64_t> sizes(shape.begin(), shape.end());
        must(TRITONBACKEND_ResponseOutput(response, &output, model.output_names[index], element->triton, sizes.data(),
                                          uint32_t(rank)));
        int memory = in_memory;
        int64_t memory_id = 0;
        void *into;
        const size_t length = row * size_t(rank ? shape[0] : 1);
        must(TRITONBACKEND_OutputBuffer(output, &into, length, &memory, &memory_id));
        std::memcpy(into, (const uint8_t *)from + (whole ? 0 : row * size_t(first)), length);
    }
}

void run(const Model &model, std::vector<std::vector<Tensor>> &requests, std::vector<Value> &values) {
    const Library &engine = library();
    std::vector<Value> inputs(model.inputs.size());
    std::vector<std::vector<uint8_t>> joined(model.inputs.size());
    for (size_t index = 0; index < inputs.size(); index++) {
        const Tensor &first = requests[0][index];
        std::vector<intptr_t> shape = first.shape;
        const uint8_t *bytes = first.bytes;
        size_t count = first.count;
        if (requests.size() > 1) {
            shape[0] = 0;
            for (const auto &request : requests) {
                shape[0] += request[index].shape[0];
                joined[index].insert(joined[index].end(), request[index].bytes,
                                     request[index].bytes + request[index].count);
            }
            bytes = joined[index].data();
            count = joined[index].size();
        }
        must(engine, ort_borrow_tensor(engine.api, engine.memory, (void *)bytes, count, shape.data(), shape.size(),
                                       first.element->onnx, &inputs[index].held));
    }
    std::vector<const ort_value *> given;
    for (const Value &input : inputs) given.push_back(input.held);
    std::vector<ort_value *> made(values.size());
    must(engine, ort_run(engine.api, model.session, model.input_names.data(), given.data(), given.size(),
                         model.output_names.data(), made.size(), made.data()));
    for (size_t index = 0; index < made.size(); index++) values[index].held = made[index];
}

uint64_t now() {
    return uint64_t(std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1));
}

TRITONSERVER_Error *as_error(const std::exception &failed) { return TRITONSERVER_ErrorNew(internal, failed.what()); }

}  // namespace

extern "C" {

TRITONSERVER_Error *TRITONBACKEND_ModelInitialize(TRITONBACKEND_Model *model) {
    try {
        int kind;
        const char *location;
        uint64_t version;
        must(TRITONBACKEND_ModelRepository(model, &kind, &location));
        must(TRITONBACKEND_ModelVersion(model, &version));
        auto made = std::make_unique<Model>(std::string(location) + "/" + std::to_string(version) + "/model.onnx");
        must(TRITONBACKEND_ModelSetState(model, made.release()));
        return nullptr;
    } catch (const std::exception &failed) {
        return as_error(failed);
    }
}

TRITONSERVER_Error *TRITONBACKEND_ModelFinalize(TRITONBACKEND_Model *model) {
    void *state = nullptr;
    TRITONSERVER_Error *failed = TRITONBACKEND_ModelState(model, &state);
    delete static_cast<Model *>(state);
    return failed;
}

TRITONSERVER_Error *TRITONBACKEND_ModelInstanceExecute(TRITONBACKEND_ModelInstance *instance,
                                                       TRITONBACKEND_Request **requests, const uint32_t count) {
    const uint64_t began = now();
    uint64_t compute_began = began, compute_ended = began;
    std::vector<TRITONBACKEND_Response *> responses(count);
    for (uint32_t index = 0; index < count; index++)
        if (TRITONSERVER_Error *failed = TRITONBACKEND_ResponseNew(&responses[index], requests[index])) return failed;
    std::string wrong;
    try {
        TRITONBACKEND_Model *owner;
        void *state;
        must(TRITONBACKEND_ModelInstanceModel(instance, &owner));
        must(TRITONBACKEND_ModelState(owner, &state));
        const Model &model = *static_cast<const Model *>(state);
        std::vector<std::vector<Tensor>> tensors(count);
        for (uint32_t index = 0; index < count; index++)
            for (const char *name : model.input_names) tensors[index].emplace_back(requests[index], name);
        std::vector<Value> values(model.outputs.size());
        compute_began = now();
        run(model, tensors, values);
        compute_ended = now();
        intptr_t first = 0;
        for (uint32_t index = 0; index < count; index++) {
            respond(responses[index], model, values, first, tensors[index][0].shape[0], count == 1);
            first += tensors[index][0].shape[0];
        }
    } catch (const std::exception &failed) {
        wrong = failed.what();
    }
    for (uint32_t index = 0; index < count; index++) {
        TRITONSERVER_Error *said = wrong.empty() ? nullptr : TRITONSERVER_ErrorNew(internal, wrong.c_str());
        TRITONSERVER_ErrorDelete(TRITONBACKEND_ResponseSend(responses[index], final_flag, said));
        TRITONSERVER_ErrorDelete(said);
        TRITONSERVER_ErrorDelete(TRITONBACKEND_ModelInstanceReportStatistics(
            instance, requests[index], wrong.empty(), began, compute_began, compute_ended, now()));
        TRITONSERVER_ErrorDelete(TRITONBACKEND_RequestRelease(requests[index], release_all));
    }
    return nullptr;
}
}
