#include <fmt/format.h>

#include <boost/json.hpp>

#include "docker/decode.hpp"
#include "docker/http_engine.hpp"
#include "docker/json_sequence.hpp"
#include "docker/registry_auth.hpp"
#include "docker/url.hpp"
#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/image_reference.hpp"

namespace pgupgrade::docker {
namespace {

Error pull_error(const std::string& reference, std::string_view reason, const RegistryAuth& auth) {
  const std::string name = printable(reference);
  std::string hint = fmt::format("`docker pull {}` shows whether the registry has it and lets you in", name);
  if (!auth.helper.empty()) {
    hint = fmt::format(
        "the registry's password is kept by the credential helper \"{}\", which is not asked here; "
        "run `docker pull {}`, then try again",
        printable(auth.helper), name);
  }
  return {ErrorKind::failed, "E-PULL",
          fmt::format("could not pull {}: {}", named("image", reference), reason), hint};
}

// The reason, when a document of the progress stream is an error.
std::string error_in(const boost::json::object& document) {
  if (const auto* detail = json::find_object(document, "errorDetail")) {
    std::string message = json::get_string_or(*detail, "message", "");
    if (!message.empty()) return message;
  }
  return json::get_string_or(document, "error", "");
}

PullProgress progress_in(const boost::json::object& document) {
  PullProgress progress{.status = json::get_string_or(document, "status", ""),
                        .layer = json::get_string_or(document, "id", "")};
  if (const auto* detail = json::find_object(document, "progressDetail")) {
    progress.current_bytes = json::get_int_or(*detail, "current", 0);
    progress.total_bytes = json::get_int_or(*detail, "total", 0);
  }
  return progress;
}

RegistryAuth auth_for(const std::filesystem::path& configuration, const std::string& repository) {
  if (configuration.empty()) return {};
  const auto text = read_file_if_present(configuration / "config.json");
  return text ? find_registry_auth(*text, repository) : RegistryAuth{};
}

}  // namespace

std::optional<ImageInfo> HttpEngine::inspect_image(const std::string& reference) {
  const HttpRequest request{.what = "inspect " + named("image", reference),
                            .target = "/images/" + url_encode_reference(reference) + "/json"};
  const HttpResponse answer = call(request, {404});
  if (answer.status == 404) return std::nullopt;
  return understood(request.what, [&] { return decode_image(answer.body); });
}

void HttpEngine::pull_image(const std::string& reference,
                            const std::function<void(const PullProgress&)>& progress) {
  const auto image = planning::parse_image_reference(reference);
  if (!image) {
    throw Error(ErrorKind::failed, "E-PULL",
                fmt::format("could not pull {}: it is not an image reference", named("image", reference)));
  }
  const RegistryAuth auth = auth_for(options_.client_configuration, image->repository);
  // Without a tag the engine would pull them all.
  const std::string tag = !image->digest.empty() ? image->digest : image->tag.empty() ? "latest" : image->tag;
  HttpRequest request{
      .what = "pull " + named("image", reference),
      .method = "POST",
      .target = with_query("/images/create", {{"fromImage", image->repository}, {"tag", tag}}),
      .patience = options_.patience.work};
  if (!auth.header.empty()) request.headers.push_back("X-Registry-Auth: " + auth.header.reveal());

  bool heard = false;
  JsonSequence documents([&](const boost::json::object& document) {
    heard = true;
    const std::string reason = understood(request.what, [&] { return error_in(document); });
    if (!reason.empty()) throw pull_error(reference, printable(reason, 600), auth);
    if (progress) progress(understood(request.what, [&] { return progress_in(document); }));
  });
  try {
    const HttpResponse answer =
        transport_.stream(versioned(request), [&](std::string_view bytes) { documents.feed(bytes); });
    if (answer.status / 100 != 2) throw pull_error(reference, engine_message(answer), auth);
    documents.finish();
    if (!heard) throw pull_error(reference, "the engine does not say how it went", auth);
  } catch (Error& error) {
    if (error.is("E-ENGINE-STREAM")) error.add_context(request.what);
    throw;
  }
}

}  // namespace pgupgrade::docker
