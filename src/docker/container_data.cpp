#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "docker/decode.hpp"
#include "docker/encode.hpp"
#include "docker/http_engine.hpp"
#include "docker/url.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/docker/frames.hpp"

// What flows out of and into a container: logs, archives, the output of commands.
namespace pgupgrade::docker {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kBetweenLooks{20};
constexpr std::size_t kOutputLimit = 64U << 20;
constexpr std::size_t kTarEndMark = 1024;  // two blocks of zeros

std::string archive_target(const std::string& container, const std::string& path) {
  return with_query("/containers/" + url_encode(container) + "/archive", {{"path", path}});
}

std::string place(const std::string& container, const std::string& path) {
  return fmt::format("{} of {}", printable(path), named("container", container));
}

// How many zeros a stream ends with, as far as the mark of a tar's end; `before` these bytes it was that
// many.
std::size_t zeros_at_end(std::string_view bytes, std::size_t before) {
  const std::string_view last = bytes.substr(bytes.size() - std::min(bytes.size(), kTarEndMark));
  const std::size_t other = last.find_last_not_of('\0');
  return other == std::string_view::npos ? std::min(before + last.size(), kTarEndMark)
                                         : last.size() - other - 1;
}

// The demuxer knows neither the container nor what was asked of it.
template <class Action>
void reading_frames(const std::string& what, Action action) {
  try {
    action();
  } catch (Error& error) {
    error.add_context(what);
    throw;
  }
}

Sink bounded(std::string& text, const std::string& what) {
  return [&text, what](std::string_view bytes) {
    if (text.size() + bytes.size() > kOutputLimit) {
      throw Error(ErrorKind::failed, "E-ENGINE-STREAM",
                  fmt::format("could not {}: its output is longer than {}", what, human_bytes(kOutputLimit)));
    }
    text.append(bytes);
  };
}

}  // namespace

void HttpEngine::container_logs(const std::string& container, const Sink& out, const Sink& err) {
  const HttpRequest request{
      .what = "read the logs of " + named("container", container),
      .target = "/containers/" + url_encode(container) + "/logs?stdout=1&stderr=1&follow=0&tail=all",
      .patience = options_.patience.work};
  // The content type does not tell: engines name multiplexed streams raw.
  if (existing_container(container, request.what).tty) {
    stream(request, [&](std::string_view bytes) {
      if (out) out(bytes);
    });
    return;
  }
  reading_frames(request.what, [&] {
    FrameDemuxer demuxer(out, err);
    stream(request, [&](std::string_view bytes) { demuxer.feed(bytes); });
    demuxer.finish();
  });
}

void HttpEngine::get_archive(const std::string& container, const std::string& path, const Sink& sink) {
  const HttpRequest request{.what = "read " + place(container, path),
                            .target = archive_target(container, path),
                            .patience = options_.patience.work};
  std::size_t zeros = 0;
  stream(request, [&](std::string_view bytes) {
    zeros = zeros_at_end(bytes, zeros);
    sink(bytes);
  });
  // An engine that fails midway has no other way left to say so than to end, or to end with words.
  if (zeros < kTarEndMark) {
    throw Error(ErrorKind::failed, "E-ENGINE-STREAM",
                fmt::format("could not {}: the engine's archive ends early", request.what),
                "look at the engine's own log for the reason");
  }
}

void HttpEngine::put_archive(const std::string& container, const std::string& path, const Source& source) {
  const std::string what = "write to " + place(container, path);
  // An engine that refuses while we still send may close before its reason is read; so ask beforehand.
  const HttpResponse present =
      call({.what = what, .method = "HEAD", .target = archive_target(container, path)}, {404});
  if (present.status == 404) {
    throw Error(ErrorKind::failed, "E-ENGINE",
                fmt::format("could not {}: no such container or directory (status 404)", what));
  }
  command({.what = what,
           .method = "PUT",
           .target = archive_target(container, path),
           .upload = &source,
           .patience = options_.patience.work});
}

ExecResult HttpEngine::exec(const std::string& container, const std::vector<std::string>& argv,
                            const std::string& user) {
  const std::string what = fmt::format("run {} in {}", printable(argv.empty() ? "nothing" : argv.front()),
                                       named("container", container));
  const HttpResponse created = call({.what = what,
                                     .method = "POST",
                                     .target = "/containers/" + url_encode(container) + "/exec",
                                     .body = encode_exec(argv, user)});
  const std::string id = understood(what, [&] { return decode_id(created.body); });
  ExecResult result;
  reading_frames(what, [&] {
    FrameDemuxer demuxer(bounded(result.standard_output, what), bounded(result.standard_error, what));
    // Without an Upgrade the engine streams the output until the command ends.
    stream({.what = what,
            .method = "POST",
            .target = "/exec/" + url_encode(id) + "/start",
            .body = R"({"Detach":false,"Tty":false})",
            .patience = options_.patience.work},
           [&](std::string_view bytes) { demuxer.feed(bytes); });
    demuxer.finish();
  });
  result.exit_code = exec_exit_code(id, what);
  return result;
}

int HttpEngine::exec_exit_code(const std::string& id, const std::string& what) {
  // The streams can end a moment before the engine has noticed that the command did.
  const milliseconds deadline = transport_.clock().monotonic() + options_.patience.settle;
  for (;;) {
    const HttpResponse answer = call({.what = what, .target = "/exec/" + url_encode(id) + "/json"});
    if (const auto code = understood(what, [&] { return decode_exec(answer.body); })) return *code;
    if (transport_.clock().monotonic() >= deadline) {
      throw Error(
          ErrorKind::failed, "E-ENGINE-STREAM",
          fmt::format("could not {}: its output ended, but the engine says that it still runs", what));
    }
    transport_.clock().pause(kBetweenLooks);
  }
}

}  // namespace pgupgrade::docker
