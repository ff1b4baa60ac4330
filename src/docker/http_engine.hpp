#pragma once

#include <chrono>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "docker/transport.hpp"
#include "pgupgrade/docker/engine.hpp"

namespace pgupgrade::docker {

// How long the engine may be silent before that is an error.
struct Patience {
  std::chrono::milliseconds answer{60'000};  // for what it knows at once
  std::chrono::milliseconds work{600'000};   // for what it has to do: copy, extract, remove, pull
  std::chrono::milliseconds settle{10'000};  // until a change that is under way is visible
};

struct HttpEngineOptions {
  Patience patience;
  std::filesystem::path client_configuration;  // the directory with the docker command's config.json
};

// The Docker Engine over its HTTP API. Calls by subject: containers.cpp, container_data.cpp, volumes.cpp,
// images.cpp; JSON in encode.hpp and decode.hpp.
class HttpEngine final : public Engine {
 public:
  // Pings the engine and negotiates the version of the API.
  // Throws Error(usage, "E-ENGINE-OLD") for an engine older than ours can be.
  HttpEngine(Transport transport, HttpEngineOptions options);

  EngineInfo info() override;

  std::optional<ContainerInfo> inspect_container(const std::string& container) override;
  std::vector<ContainerSummary> list_containers(const ContainerFilter& filter) override;
  std::string create_container(const ContainerSpec& spec) override;
  std::string run_line(const std::string& container, const std::string& name,
                       const ContainerChanges& changes) override;
  std::string create_like(const std::string& container, const std::string& name,
                          const ContainerChanges& changes) override;
  void rename_container(const std::string& container, const std::string& name) override;
  void start_container(const std::string& container) override;
  void signal_container(const std::string& container, const std::string& signal) override;
  void stop_container(const std::string& container, std::chrono::seconds grace) override;
  std::optional<int> wait_container(const std::string& container,
                                    std::chrono::milliseconds patience) override;
  void set_restart_policy(const std::string& container, const RestartPolicy& policy) override;
  void remove_container(const std::string& container) override;

  void container_logs(const std::string& container, const Sink& out, const Sink& err) override;
  void get_archive(const std::string& container, const std::string& path, const Sink& sink) override;
  void put_archive(const std::string& container, const std::string& path, const Source& source) override;
  ExecResult exec(const std::string& container, const std::vector<std::string>& argv,
                  const std::string& user) override;

  std::optional<VolumeInfo> inspect_volume(const std::string& name) override;
  void create_volume(const VolumeSpec& spec) override;
  void remove_volume(const std::string& name) override;
  std::vector<VolumeInfo> list_volumes(const std::map<std::string, std::string>& labels) override;

  std::optional<ImageInfo> inspect_image(const std::string& reference) override;
  void pull_image(const std::string& reference,
                  const std::function<void(const PullProgress&)>& progress) override;

 private:
  // Sends it below the negotiated version. A status other than 2xx that is not among `accepted` is
  // Error(failed, "E-ENGINE"), for 409 "E-ENGINE-CONFLICT", with the engine's own message.
  HttpResponse call(HttpRequest request, std::initializer_list<int> accepted = {});
  // A call that is answered without words when it is carried out: words are no good answer then.
  HttpResponse command(const HttpRequest& request, std::initializer_list<int> accepted = {});
  void stream(HttpRequest request, const Sink& sink);
  HttpRequest versioned(HttpRequest request) const;

  ContainerInfo existing_container(const std::string& container, const std::string& purpose);
  int exec_exit_code(const std::string& id, const std::string& what);

  Transport transport_;
  HttpEngineOptions options_;
  std::string api_version_;
};

// `container "db"`; the name comes from outside.
std::string named(std::string_view kind, std::string_view name);

// The engine's own words in an answer that is an error, in one line.
std::string engine_message(const HttpResponse& response);

// The error that an answer stands for whose status is not good.
Error refusal(const std::string& what, const HttpResponse& response);

// Runs a decoder; what it does not understand becomes Error(failed, "E-ENGINE") about `what`.
template <class Decode>
auto understood(const std::string& what, Decode decode) {
  try {
    return decode();
  } catch (const Error& error) {
    if (!error.is("E-JSON")) throw;
    throw Error(ErrorKind::failed, "E-ENGINE",
                "could not " + what + ": the engine's answer is not understood: " + error.what());
  }
}

}  // namespace pgupgrade::docker
