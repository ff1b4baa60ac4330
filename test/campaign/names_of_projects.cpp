// Hostile names of what there can be only one of: each row is a project of its own, and each of its names is
// looked at by its own case, on the new server and after the way back.
#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>

#include "campaign/campaign.hpp"
#include "campaign/names.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/project.hpp"

namespace pgupgrade::test::campaign {

namespace {

namespace fs = std::filesystem;

struct Names {
  std::string row;
  std::string superuser, database, password;
  std::string service = "db", container, volume, network = "default";
  std::string directory, file = "compose.yml";
  std::string bind;       // a directory for the data, instead of the volume
  std::string state_dir;  // --state-dir; empty: the default
  std::string value;      // of a variable in the environment, and of one in .env
};

std::string long_text(const std::string& piece, std::size_t length) {
  std::string text;
  while (text.size() + piece.size() <= length) text += piece;
  return text;
}

// Compose itself refuses control characters, and "%" before what are no two digits, in the path of its file;
// initdb of PostgreSQL 13 takes 99 bytes of a password.
const std::vector<Names>& rows() {
  static const std::vector<Names> all = {
      {.row = "quotes and spaces",
       .superuser = "spaced out ",
       .database = "it's \"quoted\" $HOME `id` \\",
       .password = " p\"a'ss$w\\ %:@/ ",
       .container = "C_.-",
       .volume = "V_.-x",
       .network = "it's a \"net\"",
       .directory = "it's a \"directory\" $HOME `id`",
       .file = "compose file.yml",
       .bind = {},
       .state_dir = "it's \"state\" $HOME",
       .value = "it's \"quoted\" \\ # no comment"},
      {.row = "leading dashes",
       .superuser = "-U",
       .database = "--dbname=postgres",
       .password = "--password",
       .service = "-db",
       .container = "0-",
       .volume = "0--",
       .network = "--net",
       .directory = "-dir",
       .file = "-f.yml",
       .bind = {},
       .state_dir = "-state",
       .value = "-v --help"},
      {.row = "an option as a service",
       .superuser = "-h",
       .database = "-",
       .password = "-W",
       .service = "--help",
       .container = "00",
       .volume = "00",
       .directory = "--help",
       .file = "--compose",
       .bind = {},
       .state_dir = {},
       .value = "--"},
      {.row = "unicode",
       .superuser = "ünï 🐘 код",
       .database = "\u202Eе\u0301 漢字 \uFEFF",
       .password = "pässwörd 🐘",
       .container = "u0",
       .volume = "u0",
       .network = "сеть",
       .directory = "ünï 🐘 код",
       .file = "compose-ü.yml",
       .bind = "данные 🐘",
       .state_dir = "état",
       .value = "ü 🐘"},
      {.row = "as long as can be",
       .superuser = long_text("long user ", 63),
       .database = long_text("é", 63),
       .password = long_text("long password ", 99),
       .service = long_text("service.", 120),
       .container = long_text("container_", 120),
       .volume = long_text("volume-", 200),
       .network = long_text("net-", 100),
       .directory = long_text("long directory ", 200),
       .file = long_text("f", 200) + ".yml",
       .bind = {},
       .state_dir = {},
       .value = long_text("v ", 3000)},
      {.row = "formats, colons and commas",
       .superuser = "a:b,c=%s{0}",
       .database = "dbname=postgres host=%s {}",
       .password = "%s{}:@/?#,=",
       .service = "A.b_0-",
       .container = "a.b",
       .volume = "a.b",
       .network = "%s{}:",
       .directory = "a,b=c%20d#?&;",
       .file = "%s{}.yml",
       .bind = "a,b=c%20d",
       .state_dir = "%s:{}",
       .value = "%s {} {0} a:b,c=d"},
      {.row = "words of a shell and of SQL",
       .superuser = "*; rm -rf / & | < > ( )",
       .database = "; DROP DATABASE postgres; --",
       .password = "*;&|<>()[]!#~",
       .service = "..",
       .container = "s0",
       .volume = "s0",
       .network = "*;|&",
       .directory = "*; x & | < > ( ) ! ~",
       .file = "[a]*.yml",
       .bind = "b*;x&|<>()!~ $HOME 'q' \"d\" \\",
       .state_dir = "~",
       .value = "*;&|<>()[]!~"},
      {.row = "reserved words",
       .superuser = "current_user",
       .database = "template0 ",
       .password = "NULL",
       .service = "null",
       .container = "true",
       .volume = "no",
       .network = "host.",
       .directory = "null",
       .file = "docker-compose.yml",
       .bind = {},
       .state_dir = "..state",
       .value = "null"},
      {.row = "control characters",
       .superuser = "tab\tescape\x1b[31m",
       .database = "bell\a\x7f\ttab",
       .password = "tab\t\x1b",
       .container = "t0",
       .volume = "t0",
       .network = "tab\tnet",
       .directory = "directory",
       .file = "compose.yml",
       .bind = {},
       .state_dir = "tab\tstate\x7f",
       .value = "tab\tescape\x1b"},
  };
  return all;
}

// In double quotes, as YAML and Compose read it back.
std::string yaml(const std::string& text) {
  std::string result = "\"";
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '$')
      result += "$$";
    else if (letter == '"' || letter == '\\')
      result += std::string("\\") + letter;
    else if (byte < 0x20 || byte == 0x7F)
      result += fmt::format("\\x{:02x}", byte);
    else
      result += letter;
  }
  return result + "\"";
}

std::string conninfo(const std::string& database) {
  std::string text = "dbname='";
  for (const char letter : database)
    text += (letter == '\'' || letter == '\\' ? "\\" : "") + std::string(1, letter);
  return text + "'";
}

class OddProject {
 public:
  OddProject(Cases& cases, const Names& names)
      : cases_(cases),
        names_(names),
        home_("odd"),
        name_(home_.name() + "-_0"),
        directory_(home_ / names.directory),
        network_(names.network == "default" ? name_ + "_default" : names.network + home_.name()) {
    home_.keep_when_failing();
    home_.write((fs::path(names_.directory) / names_.file).native(), text("${TAG}"));
    home_.write((fs::path(names_.directory) / ".env").native(), env("13"));
    if (!names_.bind.empty()) fs::create_directories(directory_ / names_.bind);
    up();
    sql("CREATE TABLE t AS SELECT " + sql_literal(names_.value) + "::text AS value");
  }

  void run() {
    Words words = located({"upgrade"});
    words.insert(words.end(), {"--to", "17", "--yes", "--service=" + names_.service});
    must(words);
    look("17", "upgraded");
    must(with(located({"rollback"}), {"--discard-new-writes"}));
    look("13", "rolled back");
    must(with(located({"cleanup"}), {"--yes"}));
    compose({"down", "--volumes", "--timeout", "5"});
    // The files of a bind mount are the server's user's.
    if (!names_.bind.empty())
      must_run({"docker", "run", "--rm", "--network=none", "--mount",
                "type=bind,source=" + home_.directory().native() + ",target=/home-of-it",
                "pgupgrade-fixture/app:1", "find", "/home-of-it", "-mindepth", "1", "-delete"});
  }

 private:
  static Words with(Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  Words located(Words words) const {
    words.push_back("--compose=" + (fs::path(names_.directory) / names_.file).native());
    if (words.front() == "upgrade") words.push_back("--project-name=" + name_);
    if (!names_.state_dir.empty()) words.push_back("--state-dir=" + names_.state_dir);
    return words;
  }

  void must(const Words& words) const {
    const ProcessResult result = home_.pgupgrade(words, {{"COMPOSE_PROJECT_NAME", name_}});
    require(result.signal_number == 0 && result.exit_code == 0,
            "pgupgrade " + join(words, " ") + " succeeds: " + output_of(result));
  }

  static std::string env(const std::string& tag) {
    return "# it's a \"comment\" $HOME\nOTHER='it'\nTAG=\"" + tag + "\" # of the image\n";
  }

  std::string container_name() const { return home_.name() + names_.container; }
  std::string volume_name() const { return home_.name() + names_.volume; }

  std::string text(const std::string& tag) const {
    const std::string data =
        names_.bind.empty()
            ? "{ type: volume, source: data, target: /var/lib/postgresql/data }"
            : "{ type: bind, source: " + yaml("./" + names_.bind) + ", target: /var/lib/postgresql/data }";
    return fmt::format(R"(services:
  {service}:
    image: "pgupgrade-fixture/postgres:{tag}"
    container_name: {container}
    environment:
      POSTGRES_USER: {user}
      POSTGRES_DB: {database}
      POSTGRES_PASSWORD: {password}
      ODD: {value}
    volumes: [{data}]
    healthcheck: {{ test: [CMD, pg_isready, -h, 127.0.0.1], interval: 1s, retries: 90 }}
volumes: {{ data: {{ name: {volume} }} }}
networks: {{ default: {{ name: {network} }} }}
)",
                       fmt::arg("service", yaml(names_.service)), fmt::arg("tag", tag),
                       fmt::arg("container", yaml(container_name())),
                       fmt::arg("user", yaml(names_.superuser)), fmt::arg("database", yaml(names_.database)),
                       fmt::arg("password", yaml(names_.password)), fmt::arg("value", yaml(names_.value)),
                       fmt::arg("data", data), fmt::arg("volume", yaml(volume_name())),
                       fmt::arg("network", yaml(network_)));
  }

  void compose(const Words& words) const {
    must_run(
        with({"docker", "compose", "--progress=quiet", "--file=" + names_.file, "--project-name=" + name_},
             words),
        {.working_directory = directory_});
  }
  void up() const { compose({"up", "--detach", "--wait", "--wait-timeout", "90"}); }

  Words psql(const std::string& password, const std::string& address) const {
    Words words = {"docker",
                   "exec",
                   "--env",
                   "PGPASSWORD=" + password,
                   container_name(),
                   "psql",
                   "-XqAt",
                   "-w",
                   "--username=" + names_.superuser,
                   "--dbname=" + conninfo(names_.database)};
    if (!address.empty()) words.push_back("--host=" + address);
    return words;
  }
  std::string sql(const std::string& statement) const {
    return std::string(trim(must_run(with(psql("", ""), {"--command=" + statement}))));
  }
  bool login(const std::string& password) const {
    const std::string address = inspect("{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}");
    return run_process(with(psql(password, address), {"--command=SELECT 1"})).succeeded();
  }
  std::string inspect(const std::string& format) const { return home_.inspect(container_name(), format); }

  void check(const std::string& name, const std::string& when, const std::function<void()>& body) {
    cases_.run(names_.row + ", " + name + ", " + when, body);
  }

  void look(const std::string& major, const std::string& when) {
    wait_until("a healthy server", [&] { return inspect("{{.State.Health.Status}}") == "healthy"; });
    check("superuser", when, [&] {
      require_same(names_.superuser + "|" + names_.superuser + "|" + major,
                   sql("SELECT current_user, rolname, current_setting('server_version_num')::int / 10000 "
                       "FROM pg_authid WHERE oid = 10"),
                   "the superuser");
    });
    check("password", when, [&] {
      require(login(names_.password), "it lets in");
      require(!login(names_.password + "."), "another does not");
    });
    check("database", when, [&] {
      require_same(names_.database + "|" + names_.value, sql("SELECT current_database(), value FROM t"),
                   "its content");
    });
    check("service", when, [&] {
      require_same(names_.service, inspect("{{index .Config.Labels \"com.docker.compose.service\"}}"),
                   "the service");
    });
    check("container", when,
          [&] { require_same("/" + container_name(), inspect("{{.Name}}"), "the container"); });
    check("project", when, [&] {
      require_same(name_, inspect("{{index .Config.Labels \"com.docker.compose.project\"}}"), "the project");
    });
    check("network", when, [&] {
      require_same(network_, inspect("{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}}"),
                   "the network");
    });
    check(names_.bind.empty() ? "volume" : "bind mount", when, [&] {
      const std::string source = names_.bind.empty() ? volume_name() : (directory_ / names_.bind).native();
      require_same(source + " /var/lib/postgresql/data",
                   inspect("{{range .Mounts}}{{or .Name .Source}} {{.Destination}}{{end}}"), "the mount");
    });
    check("environment", when, [&] {
      require(inspect("{{range .Config.Env}}{{.}}\x01{{end}}").find("ODD=" + names_.value + "\x01") !=
                  std::string::npos,
              "its value");
    });
    check("Compose file and .env", when, [&] {
      require_same(text("${TAG}"), home_.read((fs::path(names_.directory) / names_.file).native()),
                   "the Compose file");
      require_same(env(major), home_.read((fs::path(names_.directory) / ".env").native()), ".env");
    });
    check("state directory", when, [&] {
      const fs::path root = names_.state_dir.empty() ? directory_ / ".pgupgrade" : home_ / names_.state_dir;
      struct stat status {};
      require(::stat(root.c_str(), &status) == 0 && (status.st_mode & 07777U) == 0700U, "it is 0700");
    });
  }

  Cases& cases_;
  const Names& names_;
  Project home_;
  std::string name_;
  fs::path directory_;
  std::string network_;
};

}  // namespace

void names_of_projects(Cases& cases) {
  for (const Names& names : rows())
    if (cases.wants(names.row + ", ")) OddProject(cases, names).run();
}

}  // namespace pgupgrade::test::campaign
