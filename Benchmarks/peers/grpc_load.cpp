// SPDX-License-Identifier: Apache-2.0
//
// A load of prepared unary gRPC calls in rotation, as fast as the answers come: so many connections, so many streams on
// each, for so long; then it waits for what is out, so that what a server worked at has been answered.
//
//     grpc_load HOST PORT PATH FOLDER COUNT CONNECTIONS STREAMS SECONDS LEAST ANSWERS
//
// It goes on past the seconds until it has begun at least LEAST calls.
// FOLDER/1.body … FOLDER/COUNT.body are framed messages. A call is right when its status is 0 and one whole message
// came; whether that says the right thing the caller sees from the file ANSWERS: the last answer to each body, as its
// number, its length (32 bits each) and the framed message. Prints `RESULT answered microseconds errors p50 p99`.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Bytes = std::vector<uint8_t>;

constexpr int32_t window = 64 << 20;
constexpr auto patience = std::chrono::seconds(60);

std::vector<Bytes> bodies, answers;
std::vector<uint32_t> latencies;
size_t begun = 0, least = 0;
std::string authority, path;
Clock::time_point end;
size_t turn = 0, errors = 0;

[[noreturn]] void fail(const std::string &what) {
    std::fprintf(stderr, "grpc_load: %s\n", what.c_str());
    std::exit(1);
}

struct Call {
    size_t body = 0, sent = 0;
    Clock::time_point began;
    Bytes answer;
    std::string status;
};

struct Connection {
    int socket = -1;
    nghttp2_session *session = nullptr;
    std::unordered_map<int32_t, Call> calls;
    Bytes unsent;
    size_t unsent_from = 0;
    uint32_t watched = 0;

    void call();
    void flush(int poll);
    void receive();
};

nghttp2_nv header(const char *name, const std::string &value) {
    return {(uint8_t *)name, (uint8_t *)value.data(), std::strlen(name), value.size(), NGHTTP2_NV_FLAG_NO_COPY_NAME};
}

ssize_t read_body(nghttp2_session *, int32_t stream, uint8_t *into, size_t room, uint32_t *flags, nghttp2_data_source *,
                  void *user) {
    Call &call = static_cast<Connection *>(user)->calls.at(stream);
    const Bytes &body = bodies[call.body];
    const size_t count = std::min(room, body.size() - call.sent);
    std::memcpy(into, body.data() + call.sent, count);
    call.sent += count;
    if (call.sent == body.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return ssize_t(count);
}

void Connection::call() {
    static const std::string post = "POST", http = "http", trailers = "trailers", kind = "application/grpc";
    const nghttp2_nv headers[] = {header(":method", post), header(":scheme", http), header(":path", path),
                                  header(":authority", authority), header("te", trailers),
                                  header("content-type", kind)};
    nghttp2_data_provider provider{{}, read_body};
    const int32_t stream = nghttp2_submit_request(session, nullptr, headers, std::size(headers), &provider, nullptr);
    if (stream < 0) fail(nghttp2_strerror(stream));
    Call &made = calls[stream];
    made.body = turn++ % bodies.size();
    begun++;
    made.began = Clock::now();
}

int on_header(nghttp2_session *, const nghttp2_frame *frame, const uint8_t *name, size_t name_length,
              const uint8_t *value, size_t value_length, uint8_t, void *user) {
    if (name_length == 11 && !std::memcmp(name, "grpc-status", 11)) {
        const auto found = static_cast<Connection *>(user)->calls.find(frame->hd.stream_id);
        if (found != static_cast<Connection *>(user)->calls.end())
            found->second.status.assign((const char *)value, value_length);
    }
    return 0;
}

int on_data(nghttp2_session *, uint8_t, int32_t stream, const uint8_t *bytes, size_t count, void *user) {
    Bytes &answer = static_cast<Connection *>(user)->calls.at(stream).answer;
    answer.insert(answer.end(), bytes, bytes + count);
    return 0;
}

bool is_whole(const Bytes &answer) {
    if (answer.size() < 5 || answer[0] != 0) return false;
    uint32_t length;
    std::memcpy(&length, answer.data() + 1, 4);
    return answer.size() == 5 + size_t(ntohl(length));
}

int on_close(nghttp2_session *, int32_t stream, uint32_t, void *user) {
    auto *connection = static_cast<Connection *>(user);
    Call call = std::move(connection->calls.at(stream));
    connection->calls.erase(stream);
    const auto now = Clock::now();
    if (call.status == "0" && is_whole(call.answer)) {
        latencies.push_back(uint32_t(std::chrono::duration_cast<std::chrono::microseconds>(now - call.began).count()));
        answers[call.body] = std::move(call.answer);
    } else {
        if (!errors++) std::fprintf(stderr, "grpc_load: the first error has status '%s'\n", call.status.c_str());
    }
    if (now < end || begun < least) connection->call();
    return 0;
}

void Connection::receive() {
    static uint8_t buffer[1 << 18];
    const ssize_t count = recv(socket, buffer, sizeof buffer, 0);
    if (count == 0) fail("the server closed a connection");
    if (count < 0) {
        if (errno == EAGAIN || errno == EINTR) return;
        fail("a connection was lost");
    }
    const ssize_t read = nghttp2_session_mem_recv(session, buffer, size_t(count));
    if (read < 0) fail(nghttp2_strerror(int(read)));
}

void Connection::flush(int poll) {
    for (;;) {
        while (unsent.size() - unsent_from < (1 << 18)) {
            const uint8_t *bytes;
            const ssize_t count = nghttp2_session_mem_send(session, &bytes);
            if (count < 0) fail(nghttp2_strerror(int(count)));
            if (count == 0) break;
            unsent.insert(unsent.end(), bytes, bytes + count);
        }
        if (unsent_from == unsent.size()) break;
        const ssize_t count = send(socket, unsent.data() + unsent_from, unsent.size() - unsent_from, MSG_NOSIGNAL);
        if (count < 0) {
            if (errno != EAGAIN && errno != EINTR) fail("a connection was lost");
            break;
        }
        unsent_from += size_t(count);
        if (unsent_from == unsent.size()) {
            unsent.clear();
            unsent_from = 0;
        }
    }
    const uint32_t wanted = EPOLLIN | (unsent_from < unsent.size() ? uint32_t(EPOLLOUT) : 0);
    if (wanted == watched) return;
    epoll_event event{};
    event.events = wanted;
    event.data.ptr = this;
    epoll_ctl(poll, watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
    watched = wanted;
}

std::unique_ptr<Connection> open(const sockaddr_in &address, nghttp2_session_callbacks *callbacks) {
    auto made = std::make_unique<Connection>();
    made->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(made->socket, (const sockaddr *)&address, sizeof address)) fail("the server does not answer");
    const int yes = 1;
    setsockopt(made->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    fcntl(made->socket, F_SETFL, O_NONBLOCK);
    nghttp2_session_client_new(&made->session, callbacks, made.get());
    const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window},
                                               {NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
    nghttp2_submit_settings(made->session, NGHTTP2_FLAG_NONE, settings, std::size(settings));
    nghttp2_session_set_local_window_size(made->session, NGHTTP2_FLAG_NONE, 0, window);
    return made;
}

nghttp2_session_callbacks *callbacks() {
    nghttp2_session_callbacks *made;
    nghttp2_session_callbacks_new(&made);
    nghttp2_session_callbacks_set_on_header_callback(made, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, on_close);
    return made;
}

Bytes read_file(const std::string &name) {
    std::ifstream file(name, std::ios::binary);
    if (!file) fail("cannot read " + name);
    return Bytes(std::istreambuf_iterator<char>(file), {});
}

void write_answers(const char *name) {
    std::ofstream file(name, std::ios::binary);
    for (uint32_t index = 0; index < answers.size(); index++) {
        const uint32_t length = uint32_t(answers[index].size());
        if (!length) continue;
        file.write((const char *)&index, 4).write((const char *)&length, 4);
        file.write((const char *)answers[index].data(), length);
    }
    if (!file.flush()) fail(std::string("cannot write ") + name);
}

uint32_t percentile(double share) {
    if (latencies.empty()) return 0;
    const size_t at = std::min(latencies.size() - 1, size_t(share * double(latencies.size())));
    std::nth_element(latencies.begin(), latencies.begin() + ptrdiff_t(at), latencies.end());
    return latencies[at];
}

}  // namespace

int main(int argument_count, char **arguments) {
    if (argument_count != 11) fail("wanted: HOST PORT PATH FOLDER COUNT CONNECTIONS STREAMS SECONDS LEAST ANSWERS");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(uint16_t(std::atoi(arguments[2])));
    if (inet_pton(AF_INET, arguments[1], &address.sin_addr) != 1) fail("HOST is an address, as in 127.0.0.1");
    authority = std::string(arguments[1]) + ":" + arguments[2];
    path = arguments[3];
    for (int index = 1; index <= std::atoi(arguments[5]); index++)
        bodies.push_back(read_file(std::string(arguments[4]) + "/" + std::to_string(index) + ".body"));
    if (bodies.empty()) fail("no bodies");
    answers.resize(bodies.size());
    least = size_t(std::atoi(arguments[9]));
    // Where it begins is chance, so that short loads do not all ask the same.
    turn = size_t(Clock::now().time_since_epoch().count());

    const int poll = epoll_create1(0);
    std::vector<std::unique_ptr<Connection>> connections;
    for (int index = 0; index < std::atoi(arguments[6]); index++) connections.push_back(open(address, callbacks()));
    const auto began = Clock::now();
    end = began + std::chrono::microseconds(int64_t(std::atof(arguments[8]) * 1e6));
    for (auto &connection : connections) {
        for (int stream = 0; stream < std::atoi(arguments[7]); stream++) connection->call();
        connection->flush(poll);
    }
    const auto is_waiting = [](const auto &connection) { return !connection->calls.empty(); };
    while (std::any_of(connections.begin(), connections.end(), is_waiting)) {
        if (Clock::now() > end + patience) fail("the server stopped answering");
        epoll_event events[64];
        const int found = epoll_wait(poll, events, 64, 1000);
        for (int index = 0; index < found; index++) {
            auto *connection = static_cast<Connection *>(events[index].data.ptr);
            if (events[index].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) connection->receive();
            connection->flush(poll);
        }
    }
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began).count();
    write_answers(arguments[10]);
    const uint32_t p50 = percentile(0.5), p99 = percentile(0.99);
    std::printf("RESULT %zu %lld %zu %u %u\n", latencies.size(), (long long)took, errors, p50, p99);
}
