#include <fmt/format.h>

#include <utility>

#include "docker/container_copy.hpp"
#include "docker/decode.hpp"
#include "docker/encode.hpp"
#include "docker/http_engine.hpp"
#include "docker/run_line.hpp"
#include "docker/url.hpp"
#include "pgupgrade/base/text.hpp"

// A container's life: create, start, signal, stop, wait, remove; and what is known of it.
namespace pgupgrade::docker {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kBetweenLooks{50};
constexpr std::chrono::hours kForever{24};

std::string container_path(const std::string& container) {
  return "/containers/" + url_encode(container);
}

}  // namespace

std::optional<ContainerInfo> HttpEngine::inspect_container(const std::string& container) {
  if (container.empty()) return std::nullopt;  // its path would be another call's
  const HttpRequest request{.what = "inspect " + named("container", container),
                            .target = container_path(container) + "/json"};
  const HttpResponse answer = call(request, {404});
  if (answer.status == 404) return std::nullopt;
  return understood(request.what, [&] { return decode_container(answer.body); });
}

ContainerInfo HttpEngine::existing_container(const std::string& container, const std::string& purpose) {
  auto info = inspect_container(container);
  if (!info)
    throw Error(ErrorKind::failed, "E-ENGINE", fmt::format("could not {}: no such container", purpose));
  return *std::move(info);
}

std::vector<ContainerSummary> HttpEngine::list_containers(const ContainerFilter& filter) {
  const HttpRequest request{
      .what = "list containers",
      .target = with_query("/containers/json", {{"all", "1"}, {"filters", encode_filters(filter)}})};
  const HttpResponse answer = call(request);
  return understood(request.what, [&] { return decode_containers(answer.body); });
}

std::string HttpEngine::create_container(const ContainerSpec& spec) {
  const HttpRequest request{.what = "create " + named("container", spec.name),
                            .method = "POST",
                            .target = with_query("/containers/create", {{"name", spec.name}}),
                            .body = encode_container(spec),
                            .patience = options_.patience.work};
  const HttpResponse answer = call(request);
  return understood(request.what, [&] { return decode_id(answer.body); });
}

std::string HttpEngine::run_line(const std::string& container, const std::string& name,
                                 const ContainerChanges& changes) {
  const std::string what = "describe " + named("container", container);
  const std::string there = call({.what = what, .target = container_path(container) + "/json"}).body;
  const std::string image_id = understood(what, [&] { return decode_image_id(there); });
  const std::string image = call({.what = what, .target = "/images/" + url_encode(image_id) + "/json"}).body;
  return understood(what, [&] { return run_line_of(encode_copy(there, image, changes), name); });
}

std::string HttpEngine::create_like(const std::string& container, const std::string& name,
                                    const ContainerChanges& changes) {
  const std::string what =
      fmt::format("create {} like {}", named("container", name), named("container", container));
  const std::string there = call({.what = what, .target = container_path(container) + "/json"}).body;
  const std::string image_id = understood(what, [&] { return decode_image_id(there); });
  const std::string image = call({.what = what, .target = "/images/" + url_encode(image_id) + "/json"}).body;
  const CopyRequest copy = understood(what, [&] { return encode_copy(there, image, changes); });
  const HttpResponse answer = call({.what = what,
                                    .method = "POST",
                                    .target = with_query("/containers/create", {{"name", name}}),
                                    .body = copy.body,
                                    .patience = options_.patience.work});
  const std::string id = understood(what, [&] { return decode_id(answer.body); });
  for (const auto& [network, endpoint] : copy.networks)
    command({.what = what,
             .method = "POST",
             .target = "/networks/" + url_encode(network) + "/connect",
             .body = encode_connection(endpoint, id)});
  return id;
}

void HttpEngine::rename_container(const std::string& container, const std::string& name) {
  command({.what = fmt::format("rename {} to {}", named("container", container), printable(name)),
           .method = "POST",
           .target = with_query(container_path(container) + "/rename", {{"name", name}})});
}

void HttpEngine::start_container(const std::string& container) {
  // 304: it runs already.
  command({.what = "start " + named("container", container),
           .method = "POST",
           .target = container_path(container) + "/start",
           .patience = options_.patience.work},
          {304});
}

void HttpEngine::signal_container(const std::string& container, const std::string& signal) {
  // 409: it is not running.
  command({.what = fmt::format("send {} to {}", printable(signal), named("container", container)),
           .method = "POST",
           .target = with_query(container_path(container) + "/kill", {{"signal", signal}})},
          {409});
}

void HttpEngine::stop_container(const std::string& container, std::chrono::seconds grace) {
  // 304: it does not run.
  command({.what = "stop " + named("container", container),
           .method = "POST",
           .target = with_query(container_path(container) + "/stop", {{"t", std::to_string(grace.count())}}),
           .patience =
               (grace.count() < 0 ? milliseconds(kForever) : milliseconds(grace)) + options_.patience.work},
          {304});
}

std::optional<int> HttpEngine::wait_container(const std::string& container, milliseconds patience) {
  const std::string what = "wait for " + named("container", container);
  // The engine would answer 0 at once for a container that was never started.
  const ContainerInfo info = existing_container(container, what);
  if (info.exit_code) return info.exit_code;
  if (!info.running()) {
    throw Error(ErrorKind::failed, "E-ENGINE", fmt::format("could not {}: it was never started", what));
  }
  if (patience <= milliseconds::zero()) return std::nullopt;
  const HttpRequest request{.what = what,
                            .method = "POST",
                            .target = container_path(container) + "/wait?condition=not-running",
                            .patience = patience};
  try {
    const HttpResponse answer = call(request);
    return understood(what, [&] { return decode_wait(answer.body); });
  } catch (const Error& error) {
    if (error.is("E-ENGINE-TIMEOUT")) return std::nullopt;
    throw;
  }
}

void HttpEngine::set_restart_policy(const std::string& container, const RestartPolicy& policy) {
  const HttpRequest request{.what = "set the restart policy of " + named("container", container),
                            .method = "POST",
                            .target = container_path(container) + "/update",
                            .body = encode_restart_policy(policy)};
  const HttpResponse answer = call(request);
  understood(request.what, [&] { check_update(answer.body); });
}

void HttpEngine::remove_container(const std::string& container) {
  const HttpRequest request{.what = "remove " + named("container", container),
                            .method = "DELETE",
                            .target = container_path(container) + "?force=1&v=1",
                            .patience = options_.patience.work};
  const HttpResponse answer = command(request, {404, 409});
  if (answer.status != 409) return;
  // Somebody else's removal may be under way: then it is only a matter of its end.
  const milliseconds deadline = transport_.clock().monotonic() + options_.patience.settle;
  while (const auto info = inspect_container(container)) {
    if (info->status != ContainerStatus::removing || transport_.clock().monotonic() >= deadline) {
      throw refusal(request.what, answer);
    }
    transport_.clock().pause(kBetweenLooks);
  }
}

}  // namespace pgupgrade::docker
