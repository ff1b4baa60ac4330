// The shell scripts that a run has its work containers carry out. Each is recognised by its purpose and by
// the words in it that do the work, so that a script which changes is noticed rather than simulated wrongly.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>

#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/world/cluster.hpp"
#include "support/world/programs.hpp"

namespace pgupgrade::test {
namespace {

struct Script {
  SimulatedEngine& engine;
  SimulatedContainer& self;
  std::vector<std::string> arguments;  // $1, $2, …

  SimulatedEngine::Place place(std::size_t index) const { return engine.resolve(self, arguments.at(index)); }
};

Outcome done(const std::string& out = {}) {
  return {.exit_code = 0, .out = out, .err = {}};
}

Outcome read_only() {
  return {.exit_code = 1, .out = {}, .err = "read-only file system\n"};
}

unsigned type_bits(const Node& node) {
  switch (node.kind) {
    case Node::Kind::directory:
      return S_IFDIR;
    case Node::Kind::link:
      return S_IFLNK;
    case Node::Kind::file:
      break;
  }
  return S_IFREG;
}

Outcome listing(const Script& script) {
  const auto place = script.place(0);
  std::vector<std::string> paths = below(*place.tree, place.path);
  paths.insert(paths.begin(), place.path);
  std::string entries;
  std::string links;
  std::string digests;
  for (const std::string& path : paths) {
    const Node& node = place.tree->at(path);
    const std::string inner =
        place.path == "." ? path : path.substr(std::min(path.size(), place.path.size() + 1));
    const std::string name = path == place.path ? "." : "./" + inner;
    const std::size_t size = node.kind == Node::Kind::file ? node.content.size() : 0;
    entries += fmt::format("{:x} {} {} {} {} {}\n", type_bits(node) | node.mode, node.uid, node.gid,
                           node.mtime, size, name);
    if (node.kind == Node::Kind::link) links += name + "\n" + node.link + "\n";
    if (node.kind == Node::Kind::file) digests += fmt::format("{} *{}\n", sha256_hex(node.content), name);
  }
  return done(fmt::format("== count\n{}\n== entries\n{}== links\n{}== digests\n{}== end\n", paths.size(),
                          entries, links, digests));
}

Outcome empty(const Script& script) {
  const auto place = script.place(0);
  if (place.read_only) return read_only();
  clear_below(*place.tree, place.path);
  const auto old = script.place(1);
  put_file(*old.tree, join_path(old.path, script.arguments.at(2)), script.arguments.at(3), 0644, 0, 0,
           script.engine.now());
  return done();
}

Outcome remove(const Script& script) {
  const auto place = script.place(0);
  if (place.read_only) return read_only();
  clear_below(*place.tree, place.path);
  place.tree->erase(place.path);
  return done();
}

Outcome mark(const Script& script) {
  const auto place = script.place(0);
  if (!exists(*place.tree, place.path) || !below(*place.tree, place.path).empty()) return done();
  put_file(*place.tree, join_path(place.path, script.arguments.at(1)), script.arguments.at(2), 0644, 0, 0,
           script.engine.now());
  return done();
}

Outcome look(const Script& script) {
  const auto place = script.place(0);
  std::string out;
  for (const std::string& path : below(*place.tree, place.path)) {
    if (parent_path(path) != place.path) continue;
    out += script.arguments[0] + "/" + path.substr(place.path == "." ? 0 : place.path.size() + 1) + "\n";
  }
  return done(out + "end\n");
}

Outcome clusters(const Script& script) {
  std::string out;
  for (std::size_t index = 0; index < script.arguments.size(); ++index) {
    const auto place = script.place(index);
    std::vector<std::string> paths = below(*place.tree, place.path);
    for (const std::string& path : paths) {
      if (path != "PG_VERSION" && !path.ends_with("/PG_VERSION")) continue;
      if (path.find("base/") != std::string::npos) continue;
      const std::string directory = parent_path(path);
      out += fmt::format("{}{}\t{}\n", script.arguments[index], directory == "." ? "" : "/" + directory,
                         trim(place.tree->at(path).content));
    }
  }
  return done(out + "end\n");
}

Outcome version(const Script& script) {
  const auto place = script.place(0);
  return done(fmt::format("{}\nend\n", version_of(*place.tree, place.path)));
}

// mkdir -p, emptied, given to an owner; $3 is the mount's root or empty.
Outcome prepare(const Script& script) {
  const auto place = script.place(0);
  if (place.read_only) return read_only();
  if (version_of(*place.tree, place.path) == std::stoi(script.arguments.at(4)))
    return {.exit_code = 3, .out = {}, .err = "a cluster of PostgreSQL 15 is in it\n"};
  if (!exists(*place.tree, place.path)) {
    put_directory(*place.tree, place.path, 0755, 0, 0, script.engine.now());
  }
  clear_below(*place.tree, place.path);
  own(*place.tree, place.path, script.arguments.at(1));
  place.tree->at(place.path).mode = 0700;
  if (!script.arguments.at(2).empty()) {
    const auto root = script.place(2);
    Node& node = root.tree->at(root.path);
    node.uid = place.tree->at(place.path).uid;
    node.gid = place.tree->at(place.path).gid;
    root.tree->erase(join_path(root.path, script.arguments.at(3)));
  }
  return done();
}

Outcome chown(const Script& script) {
  const auto place = script.place(0);
  own(*place.tree, place.path, script.arguments.at(1));
  return done();
}

// The mark of an emptied directory, and owner and mode of the mount's root.
Outcome root(const Script& script) {
  const auto old = script.place(4);
  old.tree->erase(join_path(old.path, script.arguments.at(5)));
  const auto place = script.place(0);
  if (script.arguments.at(1).empty()) return done();
  const std::string& owner = script.arguments[1];
  Node& node = place.tree->at(place.path);
  node.uid = std::stoll(owner.substr(0, owner.find(':')));
  node.gid = std::stoll(owner.substr(owner.find(':') + 1));
  node.mode = static_cast<unsigned>(std::stoul(script.arguments.at(2), nullptr, 8));
  return done();
}

Outcome digest(const Script& script) {
  const auto place = script.place(0);
  std::string out;
  for (const std::string& path : below(*place.tree, place.path)) {
    const Node& node = place.tree->at(path);
    if (node.kind == Node::Kind::file) out += fmt::format("{}  ./{}\n", sha256_hex(node.content), path);
  }
  return done(out + "end\n");
}

Outcome probe(const Script& script) {
  const SimulatedImage& image = script.engine.image_of(script.self);
  if (image.major == 0) return {.exit_code = 3, .out = {}, .err = {}};
  std::string out =
      fmt::format("bin\t/usr/lib/postgresql/{}/bin\nversion\tpostgres (PostgreSQL) {}\nuid\t{}\ngid\t{}\n",
                  image.major, image.version, image.uid, image.gid);
  for (const auto& [name, version] : image.extensions)
    out += fmt::format("extension\t{}\t{}\n", name, version);
  for (const auto& locale : image.locales) out += "locale\t" + locale + "\n";
  for (const auto& setting : image.settings) out += "setting\t" + setting + "\n";
  return done(out + "libc\tglibc 2.41\nend\n");
}

// This image's server takes what the old one has.
Outcome settings(const Script& script) {
  std::string out;
  for (std::size_t index = 2; index < script.arguments.size(); ++index)
    out += "setting\t" + script.arguments[index].substr(0, script.arguments[index].find('=')) + "\t\n";
  return done(out + "end\n");
}

// The numbers of a user and of a group, either by name; no group is the user's own.
Outcome owner(const Script& script) {
  const SimulatedImage& image = script.engine.image_of(script.self);
  const auto number_of = [](const std::string& text, std::int64_t number) {
    return text == "postgres" ? std::to_string(number) : text;
  };
  const std::string user = number_of(script.arguments.at(0), image.uid);
  const std::string group = script.arguments.at(1).empty() ? std::to_string(image.gid)
                                                           : number_of(script.arguments.at(1), image.gid);
  const auto is_number = [](const std::string& text) {
    return text.find_first_not_of("0123456789") == std::string::npos;
  };
  if (!is_number(user) || !is_number(group)) return {.exit_code = 1, .out = {}, .err = "no such user\n"};
  return done(user + ":" + group + "\n");
}

// "echo this; echo that >&2; exit 2"; nothing for anything else.
std::optional<Outcome> run_plain(const std::string& text) {
  Outcome outcome{.exit_code = 0, .out = {}, .err = {}};
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find("; ", from), text.size());
    const std::string command = text.substr(from, end - from);
    from = end + 2;
    if (command.starts_with("exit ")) {
      outcome.exit_code = std::stoi(command.substr(5));
      return outcome;
    }
    if (!command.starts_with("echo ")) return std::nullopt;
    const bool to_error = command.ends_with(" >&2");
    const std::string words = command.substr(5, command.size() - 5 - (to_error ? 4 : 0));
    (to_error ? outcome.err : outcome.out) += words + "\n";
  }
  return outcome;
}

// The extensions as their scripts make them: hstore, in each set that is asked for.
Outcome extensions(const Script& script) {
  std::string out;
  for (std::size_t index = 2; index < script.arguments.size(); ++index)
    out += fmt::format(
        "set\tset{}\nextension\thstore\t{}\nmember\t{{\"extension\":\"hstore\",\"type\":\"function\","
        "\"identity\":"
        "\"public.akeys(hstore)\",\"attributes\":{{}}}}\n",
        index - 2, script.engine.hstore_version);
  return done(out + "end\n");
}

// Reaches the server whose processes it sees, as the user whose processes they are.
Outcome rehearse_dump(const Script& script) {
  constexpr std::string_view kOf = "container:";
  SimulatedContainer* server = script.self.pid_namespace.starts_with(kOf)
                                   ? script.engine.find(script.self.pid_namespace.substr(kOf.size()))
                                   : nullptr;
  if (server == nullptr || !server->server)
    return done("== roles\npg_dumpall: error: connection to server failed\n== end\n");
  const auto place = script.engine.resolve(*server, server->server->data);
  const Node& pid = place.tree->at(join_path(place.path, "postmaster.pid"));
  const auto cluster = read_cluster(*place.tree, place.path);
  if (!cluster || script.self.info.user != fmt::format("{}:{}", pid.uid, pid.gid))
    return {.exit_code = 1, .out = {}, .err = "permission denied\n"};
  const auto own = script.place(0);
  const auto put = [&](const std::string& file, const std::string& content) {
    put_file(*own.tree, join_path(parent_path(own.path), file), content, 0600, pid.uid, pid.gid,
             script.engine.now());
  };
  std::string names;
  for (const auto& [name, database] : cluster->databases) names += name + "\n";
  put("databases", names);
  return done("== roles\n== database 0\n== end\n");
}

Outcome rehearse_restore(const Script& script) {
  const auto own = script.place(0);
  if (!exists(*own.tree, join_path(parent_path(own.path), "databases")))
    return {.exit_code = 1, .out = {}, .err = "no such file\n"};
  Cluster fresh;
  fresh.roles[fresh.superuser];
  for (const std::string& name :
       split_lines(own.tree->at(join_path(parent_path(own.path), "databases")).content))
    fresh.databases[name];
  const std::string data = parent_path(script.arguments.at(0)) + "/data";
  const auto place = script.engine.resolve(script.self, data);
  create_cluster(*place.tree, place.path, script.engine.image_of(script.self).major, fresh,
                 script.self.info.user, script.engine.now());
  Outcome outcome = start_server(script.engine, script.self, data, false, WhenEmpty::refuse);
  outcome.out = "== roles\n== database 0\n" + script.engine.refusals + "== end\n" + outcome.out;
  return outcome;
}

// Of each command the number of its words, and the words; up to the first that fails.
Outcome series(SimulatedEngine& engine, SimulatedContainer& self, const std::vector<std::string>& argv) {
  Outcome whole{.exit_code = 0, .out = {}, .err = {}};
  std::size_t at = 4;  // sh -c SCRIPT sh
  while (at < argv.size()) {
    const std::size_t count = std::stoul(argv[at]);
    auto begin = argv.begin() + static_cast<std::ptrdiff_t>(at) + 1;
    const auto end = begin + static_cast<std::ptrdiff_t>(count);
    if (*begin == "env") ++begin;
    while (begin != end && begin->find('=') != std::string::npos && !begin->starts_with("-")) ++begin;
    const Outcome one = run_program(engine, self, {begin, end});
    const int code = one.exit_code.value_or(0);
    whole.out += fmt::format("{}\n== exit {}\n", one.out, code);
    whole.err += fmt::format("{}\n== exit {}\n", one.err, code);
    if (code != 0) break;
    at += count + 1;
  }
  whole.out += "== series\n";
  return whole;
}

struct Known {
  const char* words;
  Outcome (*run)(const Script&);
};

}  // namespace

Outcome run_script(SimulatedEngine& engine, SimulatedContainer& self, const std::vector<std::string>& argv) {
  static const std::map<std::string, Known> kScripts = {
      {"listing", {"stat -c '%f %u %g %Y %s %n'", listing}},
      {"empty", {"find \"$1\" -mindepth 1 -delete && mkdir -p \"$2\" && { echo \"$4\" >\"$2/$3\"", empty}},
      {"remove", {"rm -rf \"$1\"", remove}},
      {"mark", {"[ -n \"$(ls -A \"$1\")\" ] || echo \"$3\" >\"$1/$2\"", mark}},
      {"look", {"find \"$1\" -mindepth 1 -maxdepth 1; echo end", look}},
      {"clusters", {"-type f -name PG_VERSION -exec", clusters}},
      {"version", {"cat \"$1/PG_VERSION\"", version}},
      {"prepare", {"mkdir -p \"$1\" && find \"$1\" -mindepth 1 -delete && chown \"$2\" \"$1\"", prepare}},
      {"chown", {"chown -R \"$2\" \"$1\"", chown}},
      {"root", {"chown \"$2\" \"$1\" && chmod \"$3\" \"$1\"", root}},
      {"digest", {"find . -type f -exec sha256sum {} +", digest}},
      {"probe", {"postgres --describe-config", probe}},
      {"settings", {"postgres $mode -D", settings}},
      {"extensions", {"CREATE DATABASE $database TEMPLATE template0", extensions}},
      {"rehearse-dump", {"exec sh \"$1\"", rehearse_dump}},
      {"rehearse-restore", {"exec sh \"$1\"", rehearse_restore}},
      {"owner", {"u=$(id -u \"$1\")", owner}},
  };
  if (const auto outcome = run_plain(argv.at(2))) return *outcome;
  if (argv.at(2).find("eval \"$command\"") != std::string::npos) return series(engine, self, argv);
  const auto purpose = self.info.labels.find("pgupgrade.purpose");
  const std::string name = purpose == self.info.labels.end() ? "" : purpose->second;
  if (const auto outcome = run_physical_script(engine, self, name, argv)) return *outcome;
  auto found = kScripts.find(name);
  if (found == kScripts.end())  // one of a series, whose purpose is its container's
    found = std::find_if(kScripts.begin(), kScripts.end(), [&](const auto& known) {
      return argv.at(2).find(known.second.words) != std::string::npos;
    });
  if (found == kScripts.end() || argv.at(2).find(found->second.words) == std::string::npos) {
    engine.violations.push_back("a script that is not simulated: " + argv.at(2));
    return {.exit_code = 127, .out = {}, .err = "not simulated\n"};
  }
  const std::size_t first = std::min<std::size_t>(4, argv.size());  // sh -c SCRIPT $0 …
  return found->second.run({.engine = engine,
                            .self = self,
                            .arguments = {argv.begin() + static_cast<std::ptrdiff_t>(first), argv.end()}});
}

}  // namespace pgupgrade::test
