#include "docker/decode.hpp"
#include "docker/encode.hpp"
#include "docker/http_engine.hpp"
#include "docker/url.hpp"

namespace pgupgrade::docker {

std::optional<VolumeInfo> HttpEngine::inspect_volume(const std::string& name) {
  const HttpRequest request{.what = "inspect " + named("volume", name),
                            .target = "/volumes/" + url_encode(name)};
  const HttpResponse answer = call(request, {404});
  if (answer.status == 404) return std::nullopt;
  return understood(request.what, [&] { return decode_volume(answer.body); });
}

void HttpEngine::create_volume(const VolumeSpec& spec) {
  const HttpRequest request{.what = "create " + named("volume", spec.name),
                            .method = "POST",
                            .target = "/volumes/create",
                            .body = encode_volume(spec)};
  const HttpResponse answer = call(request);
  const std::string name = understood(request.what, [&] { return decode_volume(answer.body).name; });
  if (name != spec.name) {
    throw Error(ErrorKind::failed, "E-ENGINE",
                "could not " + request.what + ": the engine made " + named("volume", name) + " instead");
  }
}

void HttpEngine::remove_volume(const std::string& name) {
  command({.what = "remove " + named("volume", name),
           .method = "DELETE",
           .target = "/volumes/" + url_encode(name),
           .patience = options_.patience.work},
          {404});
}

std::vector<VolumeInfo> HttpEngine::list_volumes(const std::map<std::string, std::string>& labels) {
  const HttpRequest request{.what = "list volumes",
                            .target = with_query("/volumes", {{"filters", encode_label_filters(labels)}})};
  const HttpResponse answer = call(request);
  return understood(request.what, [&] { return decode_volumes(answer.body); });
}

}  // namespace pgupgrade::docker
