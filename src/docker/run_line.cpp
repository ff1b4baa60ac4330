#include "docker/run_line.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <set>
#include <vector>

#include "pgupgrade/base/json.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/without_passwords.hpp"

namespace pgupgrade::docker {
namespace {

namespace bj = boost::json;

constexpr std::int64_t kUsualShmBytes = 64 << 20;
constexpr std::int64_t kNanoseconds = 1'000'000'000;

const bj::object& part(const bj::object& object, std::string_view key) {
  static const bj::object empty;
  const bj::object* found = json::find_object(object, key);
  return found == nullptr ? empty : *found;
}

class Line {
 public:
  explicit Line(std::string start) : text_(std::move(start)) {}

  void word(const std::string& word) { text_ += " " + shell_word(word); }
  void flag(const char* name) { text_ += std::string(" --") + name; }
  void flag(const char* name, const std::string& value) {
    if (value.empty()) return;
    flag(name);
    word(value);
  }
  void number(const char* name, std::int64_t value, std::int64_t usual = 0) {
    if (value != usual) flag(name, std::to_string(value));
  }
  std::string text() const { return text_; }

 private:
  std::string text_;
};

// A flag that takes the member's text, or each of its texts.
struct Flag {
  const char* key;
  const char* name;
};

void add_texts(Line& line, const bj::object& object, const std::vector<Flag>& flags) {
  for (const Flag& flag : flags) {
    const bj::value* value = json::find(object, flag.key);
    if (value == nullptr) continue;
    if (value->is_string()) line.flag(flag.name, std::string(value->get_string()));
    if (!value->is_array()) continue;
    for (const bj::value& one : value->get_array())
      if (one.is_string()) line.flag(flag.name, std::string(one.get_string()));
  }
}

void add_switches(Line& line, const bj::object& object, const std::vector<Flag>& flags) {
  for (const Flag& flag : flags)
    if (json::get_bool_or(object, flag.key, false)) line.flag(flag.name);
}

void add_map(Line& line, const bj::object& object, std::string_view key, const char* name) {
  for (const auto& [member, value] : part(object, key)) {
    const std::string text = value.is_string() ? std::string(value.get_string()) : std::string();
    line.flag(name, std::string(member) + (text.empty() ? "" : "=" + text));
  }
}

// Names whose values are shown. Others may hold a password, whatever they are called.
bool is_harmless(const std::string& name) {
  static const std::set<std::string> names = {"POSTGRES_USER",
                                              "POSTGRES_DB",
                                              "POSTGRES_INITDB_ARGS",
                                              "POSTGRES_INITDB_WALDIR",
                                              "PGDATA",
                                              "LANG",
                                              "LANGUAGE",
                                              "TZ",
                                              "PGTZ",
                                              "POSTGRES_HOST_AUTH_METHOD"};
  return names.contains(name) || name.starts_with("LC_") || name.ends_with("_FILE");
}

void add_environment(Line& line, const bj::object& body) {
  for (const std::string& variable : json::get_strings(body, "Env")) {
    const std::string name = variable.substr(0, variable.find('='));
    line.flag("env", is_harmless(name) ? variable : name);
  }
}

void add_ports(Line& line, const bj::object& host) {
  for (const auto& [port, bindings] : part(host, "PortBindings")) {
    if (!bindings.is_array()) continue;
    for (const bj::value& value : bindings.get_array()) {
      const bj::object& binding = json::as_object(value, "PortBindings");
      const std::string address = json::get_string_or(binding, "HostIp", "");
      const bool six = address.find(':') != std::string::npos;
      std::string inner(port);
      if (inner.ends_with("/tcp")) inner.resize(inner.size() - 4);
      const std::string before = address.empty() ? "" : (six ? "[" + address + "]" : address) + ":";
      line.flag("publish", before + json::get_string_or(binding, "HostPort", "") + ":" + inner);
    }
  }
}

void add_mounts(Line& line, const bj::object& host) {
  for (const std::string& bind : json::get_strings(host, "Binds")) line.flag("volume", bind);
  const bj::array* mounts = json::find_array(host, "Mounts");
  if (mounts == nullptr) return;
  for (const bj::value& value : *mounts) {
    const bj::object& mount = json::as_object(value, "Mounts");
    const std::string source = json::get_string_or(mount, "Source", "");
    std::string text = "type=" + json::get_string_or(mount, "Type", "volume");
    if (!source.empty()) text += ",source=" + source;
    text += ",target=" + json::get_string_or(mount, "Target", "");
    if (json::get_bool_or(mount, "ReadOnly", false)) text += ",readonly";
    line.flag("mount", text);
  }
}

void add_endpoint(Line& line, const bj::object& endpoint) {
  const bj::object& addresses = part(endpoint, "IPAMConfig");
  add_texts(line, addresses, {{"IPv4Address", "ip"}, {"IPv6Address", "ip6"}});
}

void add_network(Line& line, const bj::object& body, const bj::object& host) {
  const std::string mode = json::get_string_or(host, "NetworkMode", "default");
  if (mode != "default" && mode != "bridge") line.flag("network", mode);
  for (const auto& [name, value] : part(part(body, "NetworkingConfig"), "EndpointsConfig")) {
    const bj::object& endpoint = json::as_object(value, "EndpointsConfig");
    add_endpoint(line, endpoint);
    add_texts(line, endpoint, {{"Aliases", "network-alias"}});
  }
}

void add_limits(Line& line, const bj::object& host) {
  line.number("memory", json::get_int_or(host, "Memory", 0));
  line.number("memory-reservation", json::get_int_or(host, "MemoryReservation", 0));
  line.number("cpu-shares", json::get_int_or(host, "CpuShares", 0));
  if (const std::int64_t cpus = json::get_int_or(host, "NanoCpus", 0); cpus != 0)
    line.flag("cpus", fmt::format("{:g}", static_cast<double>(cpus) / kNanoseconds));
  line.number("pids-limit", json::get_int_or(host, "PidsLimit", 0));
  line.number("oom-score-adj", json::get_int_or(host, "OomScoreAdj", 0));
  line.number("shm-size", json::get_int_or(host, "ShmSize", kUsualShmBytes), kUsualShmBytes);
  const bj::array* limits = json::find_array(host, "Ulimits");
  if (limits == nullptr) return;
  for (const bj::value& value : *limits) {
    const bj::object& limit = json::as_object(value, "Ulimits");
    line.flag("ulimit", fmt::format("{}={}:{}", json::get_string_or(limit, "Name", ""),
                                    json::get_int_or(limit, "Soft", 0), json::get_int_or(limit, "Hard", 0)));
  }
}

void add_restart(Line& line, const bj::object& host) {
  const bj::object& policy = part(host, "RestartPolicy");
  const std::string name = json::get_string_or(policy, "Name", "no");
  const std::int64_t most = json::get_int_or(policy, "MaximumRetryCount", 0);
  if (name == "no") return;
  line.flag("restart", most > 0 ? fmt::format("{}:{}", name, most) : name);
}

std::string seconds(const bj::object& object, std::string_view key) {
  const std::int64_t value = json::get_int_or(object, key, 0);
  return value == 0 ? std::string() : fmt::format("{:g}s", static_cast<double>(value) / kNanoseconds);
}

void add_health(Line& line, const bj::object& body) {
  const bj::object& check = part(body, "Healthcheck");
  std::vector<std::string> test = json::get_strings(check, "Test");
  if (test.empty()) return;
  if (test.front() == "NONE") return line.flag("no-healthcheck");
  const bool words = test.front() == "CMD";
  test.erase(test.begin());
  // `docker run` takes a line for a shell only.
  if (words)
    for (std::string& word : test) word = shell_word(word);
  line.flag("health-cmd", join(test, " "));
  line.flag("health-interval", seconds(check, "Interval"));
  line.flag("health-timeout", seconds(check, "Timeout"));
  line.flag("health-start-period", seconds(check, "StartPeriod"));
  line.number("health-retries", json::get_int_or(check, "Retries", 0));
}

void add_log(Line& line, const bj::object& host) {
  const bj::object& log = part(host, "LogConfig");
  const std::string driver = json::get_string_or(log, "Type", "json-file");
  if (driver != "json-file") line.flag("log-driver", driver);
  add_map(line, log, "Config", "log-opt");
}

// `--entrypoint` takes one word; the others come before the command.
void add_program(Line& line, const bj::object& body) {
  std::vector<std::string> entrypoint = json::get_strings(body, "Entrypoint");
  if (!entrypoint.empty()) {
    line.flag("entrypoint", entrypoint.front());
    entrypoint.erase(entrypoint.begin());
  }
  line.word(json::get_string_or(body, "Image", ""));
  for (const std::string& word : entrypoint) line.word(word);
  for (const std::string& word : json::get_strings(body, "Cmd")) line.word(postgres::without_passwords(word));
}

}  // namespace

std::string run_line_of(const CopyRequest& request, const std::string& name) {
  const bj::value value = json::parse(request.body, "the container's description");
  const bj::object& body = json::as_object(value, "container");
  const bj::object& host = part(body, "HostConfig");
  Line line("docker run --detach");
  line.flag("name", name);
  add_network(line, body, host);
  add_ports(line, host);
  add_mounts(line, host);
  add_map(line, host, "Tmpfs", "tmpfs");
  add_environment(line, body);
  add_map(line, body, "Labels", "label");
  add_restart(line, host);
  add_limits(line, host);
  add_health(line, body);
  add_log(line, host);
  add_texts(
      line, body,
      {{"Hostname", "hostname"}, {"User", "user"}, {"WorkingDir", "workdir"}, {"StopSignal", "stop-signal"}});
  line.number("stop-timeout", json::get_int_or(body, "StopTimeout", 0));
  add_texts(line, host,
            {{"VolumesFrom", "volumes-from"},
             {"Links", "link"},
             {"ExtraHosts", "add-host"},
             {"Dns", "dns"},
             {"DnsSearch", "dns-search"},
             {"CapAdd", "cap-add"},
             {"CapDrop", "cap-drop"},
             {"GroupAdd", "group-add"},
             {"SecurityOpt", "security-opt"},
             {"PidMode", "pid"},
             {"UsernsMode", "userns"},
             {"CpusetCpus", "cpuset-cpus"}});
  if (const std::string ipc = json::get_string_or(host, "IpcMode", ""); ipc == "host" || ipc == "shareable")
    line.flag("ipc", ipc);
  add_map(line, host, "Sysctls", "sysctl");
  add_switches(line, host, {{"Privileged", "privileged"}, {"ReadonlyRootfs", "read-only"}, {"Init", "init"}});
  add_switches(line, body, {{"Tty", "tty"}, {"OpenStdin", "interactive"}});
  add_program(line, body);
  std::string text = line.text();
  for (const auto& [network, endpoint_text] : request.networks) {
    const bj::value endpoint = json::parse(endpoint_text, "the network's endpoint");
    Line connect("docker network connect");
    add_endpoint(connect, json::as_object(endpoint, "endpoint"));
    add_texts(connect, json::as_object(endpoint, "endpoint"), {{"Aliases", "alias"}});
    connect.word(network);
    connect.word(name);
    text += " && " + connect.text();
  }
  return text;
}

}  // namespace pgupgrade::docker
