#include "docker/transport.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <exception>
#include <memory>
#include <system_error>
#include <utility>

#include "pgupgrade/base/text.hpp"

namespace pgupgrade::docker {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kBodyLimit = 64U << 20;
constexpr std::size_t kErrorBodyLimit = 64U << 10;
constexpr long kBufferBytes = 256L << 10;
constexpr milliseconds kTick{100};
constexpr int kAttempts = 3;

struct EasyDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct MultiDeleter {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, EasyDeleter>;
using Multi = std::unique_ptr<CURLM, MultiDeleter>;
using HeaderList = std::unique_ptr<curl_slist, ListDeleter>;

void initialise_curl() {
  static const CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (result != CURLE_OK) throw Error(ErrorKind::internal, "E-INTERNAL", "could not initialise libcurl");
}

template <class Value>
void set_option(const Easy& easy, CURLoption option, Value value) {
  const CURLcode result = curl_easy_setopt(easy.get(), option, value);
  if (result != CURLE_OK) {
    throw Error(ErrorKind::internal, "E-INTERNAL",
                fmt::format("could not set libcurl's option {}: {}", static_cast<int>(option),
                            curl_easy_strerror(result)));
  }
}

void append(HeaderList& list, const std::string& header) {
  curl_slist* longer = curl_slist_append(list.get(), header.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  static_cast<void>(list.release());  // the longer list owns its nodes
  list.reset(longer);
}

// No descriptor of ours may reach a child process.
curl_socket_t open_socket(void* /*context*/, curlsocktype /*purpose*/, curl_sockaddr* address) {
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// The connection ended before an answer came.
bool is_broken(CURLcode code) {
  return code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR;
}

// One attempt at one request. libcurl calls back through C, so exceptions are kept and thrown afterwards.
class Transfer {
 public:
  Transfer(const std::filesystem::path& socket, const Cancellation& cancellation, const Clock& clock,
           const HttpRequest& request, const Sink* sink)
      : socket_(socket),
        cancellation_(cancellation),
        clock_(clock),
        request_(request),
        sink_(sink),
        easy_(curl_easy_init()) {
    if (!easy_) throw std::bad_alloc();
    set_up();
  }

  // Runs it to its end. Throws what the callbacks threw, interrupted, or E-ENGINE-TIMEOUT.
  CURLcode run() {
    Multi multi(curl_multi_init());
    if (!multi || curl_multi_add_handle(multi.get(), easy_.get()) != CURLM_OK) throw std::bad_alloc();
    struct Detach {
      CURLM* multi;
      CURL* easy;
      ~Detach() { curl_multi_remove_handle(multi, easy); }
    } detach{multi.get(), easy_.get()};

    last_move_ = clock_.monotonic();
    for (int running = 1;;) {
      const CURLMcode code = curl_multi_perform(multi.get(), &running);
      if (failure_) std::rethrow_exception(failure_);
      if (code != CURLM_OK) {
        throw Error(ErrorKind::internal, "E-INTERNAL",
                    fmt::format("could not {}: {}", request_.what, curl_multi_strerror(code)));
      }
      if (running == 0) break;
      curl_multi_poll(multi.get(), nullptr, 0, time_to_wait(), nullptr);
    }
    int left = 0;
    const CURLMsg* message = curl_multi_info_read(multi.get(), &left);
    return message != nullptr ? message->data.result : CURLE_OK;
  }

  // libcurl takes a head that breaks off after a line of it for a whole answer.
  bool has_whole_head() const { return head_ended_; }

  // True when a retry cannot repeat anything that the engine did.
  bool may_be_sent_again(CURLcode code) const {
    const bool idempotent = request_.method == "GET" || request_.method == "HEAD";
    const bool reset = is_broken(code);
    return idempotent && reset && !anything_received_;
  }

  Error failure(CURLcode code) const {
    const std::string engine = fmt::format("the engine at {}", printable(socket_.string()));
    if (code == CURLE_COULDNT_CONNECT) {
      long system_error = 0;
      curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &system_error);
      return connection_error(request_.what, socket_, static_cast<int>(system_error));
    }
    if (code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_UNSUPPORTED_PROTOCOL) {
      return stream_error(fmt::format("what answers at {} does not speak HTTP", printable(socket_.string())));
    }
    if (anything_received_) return stream_error(engine + " ended its answer early");
    // Whether the end is seen in sending or in listening is chance.
    if (request_.upload != nullptr && !upload_ended_ && is_broken(code)) {
      return stream_error(engine + " closed the connection before all was sent");
    }
    if (is_broken(code)) {
      return {ErrorKind::engine_unreachable, "E-ENGINE-UNREACHABLE",
              fmt::format("could not {}: {} closed the connection without an answer", request_.what, engine),
              "look at the engine's own log; it may have been restarted"};
    }
    return stream_error(fmt::format("{}: {}", engine, curl_easy_strerror(code)));
  }

  HttpResponse take_response() {
    response_.status = status();
    return std::move(response_);
  }

 private:
  void set_up() {
    url_ = "http://localhost" + request_.target;
    set_option(easy_, CURLOPT_URL, url_.c_str());
    set_option(easy_, CURLOPT_UNIX_SOCKET_PATH, socket_.c_str());
    set_option(easy_, CURLOPT_PROXY, "");  // http_proxy of the environment is not meant for the engine
    set_option(easy_, CURLOPT_NOSIGNAL, 1L);
    set_option(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set_option(easy_, CURLOPT_USERAGENT, "pgupgrade/" PGUPGRADE_VERSION);
    set_option(easy_, CURLOPT_BUFFERSIZE, kBufferBytes);
    set_option(easy_, CURLOPT_UPLOAD_BUFFERSIZE, kBufferBytes);
    set_option(easy_, CURLOPT_OPENSOCKETFUNCTION, &open_socket);
    set_option(easy_, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
    set_option(easy_, CURLOPT_HEADERDATA, this);
    set_option(easy_, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
    set_option(easy_, CURLOPT_WRITEDATA, this);
    set_method();
    append(headers_, "Expect:");  // the engine does not answer 100-continue in time; curl would wait a second
    for (const std::string& header : request_.headers) append(headers_, header);
    set_option(easy_, CURLOPT_HTTPHEADER, headers_.get());
  }

  void set_method() {
    if (request_.method == "HEAD") {
      set_option(easy_, CURLOPT_NOBODY, 1L);
    } else if (request_.method == "POST") {
      set_option(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
      set_option(easy_, CURLOPT_POSTFIELDS, request_.body.c_str());  // not copied; the request outlives us
      append(headers_, "Content-Type: application/json");
    } else if (request_.method == "PUT") {
      set_option(easy_, CURLOPT_UPLOAD, 1L);
      set_option(easy_, CURLOPT_READFUNCTION, &Transfer::on_read);
      set_option(easy_, CURLOPT_READDATA, this);
      append(headers_, "Transfer-Encoding: chunked");
      append(headers_, "Content-Type: application/x-tar");
    } else if (request_.method != "GET") {
      set_option(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    }
  }

  // Milliseconds until the next look; throws when cancelled or when the other side is silent for too long.
  int time_to_wait() const {
    cancellation_.throw_if_requested();
    const milliseconds silence = clock_.monotonic() - last_move_;
    if (silence >= request_.patience) {
      throw Error(ErrorKind::failed, "E-ENGINE-TIMEOUT",
                  fmt::format("could not {}: the engine at {} was silent for {}", request_.what,
                              printable(socket_.string()), human_duration(request_.patience.count())),
                  "see whether `docker ps` answers, and look at the engine's own log");
    }
    return static_cast<int>(std::min(kTick, request_.patience - silence).count());
  }

  int status() const {
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    return static_cast<int>(status);
  }

  Error stream_error(const std::string& reason) const {
    return {ErrorKind::failed, "E-ENGINE-STREAM", fmt::format("could not {}: {}", request_.what, reason)};
  }

  void take_header(std::string_view line) {
    anything_received_ = true;
    if (line.substr(0, 5) == "HTTP/") {  // perhaps after an interim 1xx answer
      response_.headers.clear();
      head_ended_ = false;
    }
    if (trim(line).empty()) head_ended_ = true;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    response_.headers[name] = std::string(trim(line.substr(colon + 1)));
  }

  void take_body(std::string_view bytes) {
    anything_received_ = true;
    cancellation_.throw_if_requested();
    const bool succeeded = status() / 100 == 2;
    if (succeeded && sink_ != nullptr) return (*sink_)(bytes);
    if (sink_ != nullptr)
      bytes = bytes.substr(0, kErrorBodyLimit - std::min(kErrorBodyLimit, response_.body.size()));
    if (response_.body.size() + bytes.size() > kBodyLimit) {
      throw stream_error(fmt::format("the answer is longer than {}", human_bytes(kBodyLimit)));
    }
    response_.body.append(bytes);
  }

  template <class Action>
  bool guarded(Action&& action) {
    try {
      action();
      // Time that a sink or a source took is not the engine's silence.
      last_move_ = clock_.monotonic();
      return true;
    } catch (...) {
      failure_ = std::current_exception();
      return false;
    }
  }

  static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self) {
    auto* transfer = static_cast<Transfer*>(self);
    return transfer->guarded([&] { transfer->take_header({bytes, size * count}); }) ? size * count : 0;
  }

  static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self) {
    auto* transfer = static_cast<Transfer*>(self);
    return transfer->guarded([&] { transfer->take_body({bytes, size * count}); }) ? size * count : 0;
  }

  static std::size_t on_read(char* buffer, std::size_t size, std::size_t count, void* self) {
    auto* transfer = static_cast<Transfer*>(self);
    std::size_t length = 0;
    const bool good = transfer->guarded([&] {
      transfer->cancellation_.throw_if_requested();
      length = (*transfer->request_.upload)(buffer, size * count);
      transfer->upload_ended_ = length == 0;
    });
    return good ? length : CURL_READFUNC_ABORT;
  }

  const std::filesystem::path& socket_;
  const Cancellation& cancellation_;
  const Clock& clock_;
  const HttpRequest& request_;
  const Sink* sink_;
  std::string url_;
  HeaderList headers_;
  Easy easy_;
  HttpResponse response_;
  bool anything_received_ = false;
  bool head_ended_ = false;
  bool upload_ended_ = false;
  milliseconds last_move_{};
  std::exception_ptr failure_;
};

HttpResponse perform(const std::filesystem::path& socket, const Cancellation& cancellation,
                     const Clock& clock, const HttpRequest& request, const Sink* sink) {
  for (int attempt = 1;; ++attempt) {
    cancellation.throw_if_requested();
    Transfer transfer(socket, cancellation, clock, request, sink);
    CURLcode code = transfer.run();
    if (code == CURLE_OK && transfer.has_whole_head()) return transfer.take_response();
    if (code == CURLE_OK) code = CURLE_PARTIAL_FILE;
    if (attempt < kAttempts && transfer.may_be_sent_again(code)) continue;
    throw transfer.failure(code);
  }
}

}  // namespace

Transport::Transport(std::filesystem::path socket, const Cancellation& cancellation,
                     std::shared_ptr<Clock> clock)
    : socket_(std::move(socket)), cancellation_(&cancellation), clock_(std::move(clock)) {
  initialise_curl();
  if (socket_.native().size() >= sizeof(sockaddr_un{}.sun_path)) {
    throw connection_error("reach the Docker Engine", socket_, ENAMETOOLONG);
  }
}

HttpResponse Transport::send(const HttpRequest& request) const {
  return perform(socket_, *cancellation_, *clock_, request, nullptr);
}

HttpResponse Transport::stream(const HttpRequest& request, const Sink& sink) const {
  return perform(socket_, *cancellation_, *clock_, request, &sink);
}

Error connection_error(const std::string& what, const std::filesystem::path& socket, int system_error) {
  const std::string path = printable(socket.string());
  if (system_error == EACCES || system_error == EPERM) {
    return {ErrorKind::engine_unreachable, "E-ENGINE-PERMISSION",
            fmt::format("could not {}: no permission to use the engine's socket {}", what, path),
            "join the group that owns the socket (`sudo usermod -aG docker $USER`, then log in again), or "
            "use sudo"};
  }
  const std::string reason =
      system_error == 0 ? "no connection" : std::generic_category().message(system_error);
  return {ErrorKind::engine_unreachable, "E-ENGINE-UNREACHABLE",
          fmt::format("could not {}: no engine answers at {}: {}", what, path, reason),
          "start Docker, or specify the engine's socket: DOCKER_HOST=unix:///path/to/docker.sock"};
}

}  // namespace pgupgrade::docker
