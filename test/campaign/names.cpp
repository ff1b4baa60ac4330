// Hostile names. Many in one cluster: each is a role, its password, its settings, a database, a schema and
// all kinds of things in it; and each is looked at by its own case, on the new server and after the way back.
#include "campaign/names.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "campaign/campaign.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/server.hpp"
#include "support/project.hpp"

namespace pgupgrade::test::campaign {

namespace {

std::string repeated(const std::string& text, std::size_t times) {
  std::string result;
  for (std::size_t i = 0; i < times; ++i) result += text;
  return result;
}

}  // namespace

const Words& names_of_all_kinds() {
  static const Words names = {
      "it's \"quoted\"", "''", "\"\"", "$HOME $(id) `id`", "$$ $1 $body$", "back\\slash\\",
      "\\. \\N \\n \\\\", "a:b%c%20d/e?f#g", "%s %n %% {} {0} {{.Names}}", "-leading --dash", "--help", "-",
      " ", "  spaces, commas;  ", "tab\tbell\aescape\x1b[31m delete\x7f", "dbname=template1 host=nowhere",
      "postgresql://user:word@nowhere/db?sslmode=require", "ünï 🐘 код e\u0301 \u202Eback\u200B \uFEFF",
      // 63 bytes: as long as a name can be.
      "sixty-three bytes 789 123456789 123456789 123456789 123456789 1", repeated("é", 31) + "x",
      repeated("\"", 63), "SELECT", "current_user", "all", "+samerole", "@file", "template0 ", "POSTGRES",
      "a.\"b\".* [c]? +|(d){2}^~", "; DROP TABLE t; --", "/* # <&>|! */", "../../etc/passwd", "..",
      "#comment", "NULL", "DATA"};
  return names;
}

namespace {

// What only things inside of a database may be called: the line ends that PostgreSQL's tools refuse in
// others.
const Words& names_of_things() {
  static const Words names = {"line\nfeed", "carriage\rreturn\r\n",
                              "\n\\! id\n", "x\n--\n-- Name: y; Type: TABLE",
                              "ATTACH",     "SET",
                              "ACL",        "CLASS"};
  return names;
}

}  // namespace

std::string doubled(const std::string& text, char mark) {
  std::string result(1, mark);
  for (const char letter : text) result += std::string(letter == mark ? 2 : 1, letter);
  return result + mark;
}

namespace {

std::string password_of(const std::string& role) {
  return role + "x" + role;
}

// Of a role and the database that is called like it. Half of the passwords are md5, half SCRAM.
std::string creation(const std::string& text, bool scram) {
  return fmt::format(
      R"(SET password_encryption = '{scram}';
CREATE ROLE {name} LOGIN PASSWORD {password} CONNECTION LIMIT 7 VALID UNTIL '2099-01-01';
COMMENT ON ROLE {name} IS {text};
GRANT reader TO {name};
ALTER ROLE {name} SET application_name = {text};
ALTER ROLE {name} SET search_path = {name}, public;
CREATE DATABASE {name} OWNER {name} CONNECTION LIMIT 9;
COMMENT ON DATABASE {name} IS {text};
GRANT CREATE ON DATABASE {name} TO reader;
ALTER DATABASE {name} SET "odd.text" = {text};
ALTER ROLE {name} IN DATABASE {name} SET "odd.text" = {twice};
ALTER ROLE ALL IN DATABASE {name} SET search_path = public, {name};
)",
      fmt::arg("scram", scram ? "scram-sha-256" : "md5"), fmt::arg("name", doubled(text, '"')),
      fmt::arg("password", sql_literal(password_of(text))), fmt::arg("text", sql_literal(text)),
      fmt::arg("twice", sql_literal(text + "\n" + text)));
}

}  // namespace

// In schemas of their own where they would be in each other's way.
std::string things(const std::string& text, const std::string& owner) {
  return fmt::format(
      R"(SET client_min_messages = error;
CREATE SCHEMA {name} AUTHORIZATION {owner};
CREATE TABLE {name}.{name} ({name} text DEFAULT {text} CONSTRAINT {name} CHECK ({name} <> 'none'));
INSERT INTO {name}.{name} VALUES ({text}), (DEFAULT), (E'\\.\n\t');
ALTER TABLE {name}.{name} OWNER TO {owner};
COMMENT ON COLUMN {name}.{name}.{name} IS {text};
GRANT SELECT ({name}) ON {name}.{name} TO reader;
CREATE FUNCTION {name}.{name}({name} text) RETURNS text LANGUAGE sql AS {body};
CREATE SCHEMA views; CREATE VIEW views.{name} AS SELECT * FROM {name}.{name};
CREATE SCHEMA indexes; CREATE TABLE indexes.t ({name} int); CREATE INDEX {name} ON indexes.t ({name});
CREATE SCHEMA sequences; CREATE SEQUENCE sequences.{name} START 42; SELECT nextval({sequence}::regclass);
CREATE SCHEMA types; CREATE TYPE types.{name} AS ENUM ({text});
CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER {name} BEFORE UPDATE ON {name}.{name} FOR EACH ROW EXECUTE FUNCTION fire();
CREATE PUBLICATION {name} FOR TABLE {name}.{name};
CREATE FOREIGN DATA WRAPPER {name};
CREATE SERVER {name} FOREIGN DATA WRAPPER {name} OPTIONS (host {text});
CREATE USER MAPPING FOR {owner} SERVER {name} OPTIONS (password {text});
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {name} GRANT INSERT ON TABLES TO reader;
)",
      fmt::arg("name", doubled(text, '"')), fmt::arg("owner", owner), fmt::arg("text", sql_literal(text)),
      fmt::arg("body", sql_literal("SELECT " + sql_literal(text) + "::text")),
      fmt::arg("sequence", sql_literal("sequences." + doubled(text, '"'))));
}

namespace {

Question about_role(const std::string& text) {
  return {.name = "role",
          .database = "postgres",
          .sql =
              "SELECT rolname, rolcanlogin, rolconnlimit, rolvaliduntil AT TIME ZONE 'UTC', rolconfig,"
              " shobj_description(oid, 'pg_authid'), (SELECT string_agg(pg_get_userbyid(roleid), ',')"
              " FROM pg_auth_members WHERE member = r.oid) FROM pg_roles AS r WHERE rolname = " +
              sql_literal(text),
          .contains = "reader"};
}

Question about_database(const std::string& text) {
  return {.name = "database",
          .database = "postgres",
          .sql =
              "SELECT datname, pg_get_userbyid(datdba), datconnlimit, shobj_description(oid, 'pg_database'),"
              " has_database_privilege('reader', oid, 'CREATE') FROM pg_database WHERE datname = " +
              sql_literal(text),
          .contains = ",9,"};
}

Question about_settings(const std::string& text) {
  return {.name = "settings",
          .database = "postgres",
          .sql =
              "SELECT setrole::regrole, setconfig FROM pg_db_role_setting JOIN pg_database AS d"
              " ON d.oid = setdatabase WHERE datname = " +
              sql_literal(text) + " ORDER BY 1, 2",
          .contains = "odd.text"};
}

}  // namespace

Question about_things(const std::string& text, const std::string& database) {
  const std::string name = doubled(text, '"');
  return {
      .name = "things",
      .database = database,
      .sql = fmt::format(
          R"(WITH mine AS (SELECT oid FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema')
SELECT 'row', {0} FROM {0}.{0} UNION ALL SELECT 'calls', {0}.{0}('x')
UNION ALL SELECT 'view', {0} FROM views.{0} UNION ALL SELECT 'sequence', last_value::text FROM sequences.{0}
UNION ALL SELECT 'schema', nspname || ' of ' || pg_get_userbyid(nspowner) FROM pg_namespace WHERE oid IN (TABLE mine)
UNION ALL SELECT 'relation', relnamespace::regnamespace || ' ' || relname || ' ' || relkind::text || ' of '
  || pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace IN (TABLE mine) AND relkind <> 'c'
UNION ALL SELECT 'column', attname || coalesce(col_description(attrelid, attnum), '') || coalesce(attacl::text, '')
  FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid WHERE relnamespace IN (TABLE mine) AND attnum > 0
UNION ALL SELECT 'check', conname || pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c' AND connamespace IN (TABLE mine)
UNION ALL SELECT 'trigger', tgname FROM pg_trigger UNION ALL SELECT 'label', enumlabel FROM pg_enum
UNION ALL SELECT 'function', proname || proargnames::text || prosrc FROM pg_proc WHERE pronamespace IN (TABLE mine) AND proargnames IS NOT NULL
UNION ALL SELECT 'publication', pubname || prrelid::regclass FROM pg_publication JOIN pg_publication_rel AS r ON r.prpubid = pg_publication.oid
UNION ALL SELECT 'server', srvname || srvoptions::text FROM pg_foreign_server
UNION ALL SELECT 'mapping', usename || umoptions::text FROM pg_user_mappings
UNION ALL SELECT 'default', defaclacl::text FROM pg_default_acl ORDER BY 1, 2)",
          name),
      .contains = "sequence,42"};
}

namespace {

class OneCluster {
 public:
  OneCluster(Cases& cases, Words all, Words things)
      : cases_(cases), project_("names"), all_(std::move(all)), things_(std::move(things)) {
    project_.keep_when_failing();
    project_.write("docker-compose.yml", small_project(13));
    project_.up();
    fill();
    std::stable_sort(questions_.begin(), questions_.end(),
                     [](const Question& a, const Question& b) { return a.database < b.database; });
    before_ = answers();
    for (std::size_t i = 0; i < questions_.size(); ++i)
      require(before_[i].find(questions_[i].contains) != std::string::npos,
              questions_[i].name + " answers: " + before_[i]);
  }

  void upgrade() {
    must({"--compose", "docker-compose.yml", "--to", "17", "--yes", "--password-file", "passwords"});
    look_upgraded();
  }

  void upgrade_in_parts() {
    must({"dump", "--compose", "docker-compose.yml", "--to", "17", "--yes", "--password-file", "passwords",
          "--keep-dumps", "kept"});
    must({"wipe", "--yes"});
    must({"load", "--yes"});
    look_upgraded();
  }

  void look_upgraded() {
    require(project_.server_version("db") == "17", "the server is 17");
    look("upgraded");
  }

  void go_back() {
    must({"rollback", "--discard-new-writes"});
    require(project_.server_version("db") == "13", "the server is 13");
    look("rolled back");
    must({"cleanup", "--yes"});
  }

 private:
  void must(const Words& words) const {
    const ProcessResult result = project_.pgupgrade(words);
    require(result.signal_number == 0 && result.exit_code == 0,
            "pgupgrade " + join(words, " ") + " succeeds: " + output_of(result));
  }

  void fill() {
    std::string script = "SET client_encoding = 'UTF8'; CREATE ROLE reader;\n";
    std::string passwords;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      const std::string& text = all_[i];
      script += creation(text, i % 2 == 1);
      passwords += password_file_line(text, password_of(text));
    }
    for (std::size_t i = 0; i < things_.size(); ++i) script += fmt::format("CREATE DATABASE things_{};\n", i);
    project_.script("db", "postgres", script);
    project_.write("passwords", passwords, 0600);
    for (const std::string& text : all_) {
      project_.script("db", text, things(text, doubled(text, '"')));
      for (Question question :
           {about_role(text), about_database(text), about_settings(text), about_things(text, text)})
        ask(std::move(question), text);
    }
    for (std::size_t i = 0; i < things_.size(); ++i) {
      const std::string& text = things_[i];
      project_.script("db", fmt::format("things_{}", i), things(text, "postgres"));
      ask(about_things(text, fmt::format("things_{}", i)), text);
    }
  }

  void ask(Question question, const std::string& text) {
    question.name = "cluster, " + question.name + " " + printable(text);
    questions_.push_back(std::move(question));
  }

  // One session for all questions to one database: a session takes longer than its questions.
  Words answers() const {
    Words result;
    for (std::size_t i = 0; i < questions_.size();) {
      std::size_t end = i;
      std::string all;
      for (; end < questions_.size() && questions_[end].database == questions_[i].database; ++end)
        all += fmt::format("{}coalesce((SELECT string_agg(x::text, E'\\n') FROM ({}) AS x), '') || E'\\x01'",
                           all.empty() ? "SELECT " : " || ", questions_[end].sql);
      std::string text = project_.sql("db", questions_[i].database, all);
      for (; i < end; ++i) {
        const std::size_t mark = text.find('\x01');
        require(mark != std::string::npos, "each question is answered");
        result.push_back(text.substr(0, mark));
        text.erase(0, mark + 1);
      }
    }
    return result;
  }

  // Over TCP and by the address of the container: the loopback address is trusted.
  bool lets_in(const std::string& address, const std::string& role, const std::string& password) const {
    const auto result = connector_->login(
        {.host = address, .port = 5432, .role = role, .database = "postgres", .password = Secret(password)});
    require(result.outcome != postgres::LoginOutcome::unreachable, "the server is reached: " + result.reason);
    return result.outcome == postgres::LoginOutcome::accepted;
  }

  void look(const std::string& when) {
    const Words now = answers();
    for (std::size_t i = 0; i < questions_.size(); ++i)
      cases_.run(questions_[i].name + ", " + when,
                 [&] { require_same(before_[i], now[i], "the answer is the same"); });
    const std::string address = project_.inspect(project_.container("db"),
                                                 "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}");
    for (const std::string& text : all_)
      cases_.run("cluster, password " + printable(text) + ", " + when, [&] {
        require(lets_in(address, text, password_of(text)), "its password lets it in");
        require(!lets_in(address, text, password_of(text) + "."), "another does not");
      });
  }

  Cases& cases_;
  Project project_;
  Words all_, things_;
  Cancellation never_;
  std::unique_ptr<postgres::Connector> connector_ = postgres::make_connector(never_);
  std::vector<Question> questions_;
  Words before_;
};

enum class Way { at_once, in_parts };

void many(Cases& cases, Words all, Words things, Way way) {
  OneCluster cluster(cases, std::move(all), std::move(things));
  way == Way::at_once ? cluster.upgrade() : cluster.upgrade_in_parts();
  cluster.go_back();
}

// PostgreSQL's own tools refuse them, so they are found before anything is stopped.
void refused(Cases& cases) {
  Project project("line-ends");
  project.keep_when_failing();
  project.write("docker-compose.yml", small_project(13));
  project.up();
  const Words containers = project.containers();
  for (const auto& [kind, end] : std::vector<std::pair<std::string, std::string>>{
           {"ROLE", "\n"}, {"DATABASE", "\n"}, {"ROLE", "\r"}, {"DATABASE", "\r"}})
    cases.run(fmt::format("refused, {} with {}", kind, end == "\n" ? "a line feed" : "a carriage return"),
              [&] {
                const std::string name = "\"a" + end + "\x1b[31mb\"";
                project.script("db", "postgres", "CREATE " + kind + " " + name + ";\n");
                const ProcessResult result =
                    project.pgupgrade({"--compose", "docker-compose.yml", "--to", "17", "--yes"});
                require(result.exit_code == 3, "it is refused: " + output_of(result));
                const std::string said = result.standard_error + result.standard_output;
                require(said.find("E-NAME-LINE-FEED") != std::string::npos,
                        "the reason is told: " + output_of(result));
                require(said.find(end == "\n" ? "a\\n?[31mb" : "a\\r?[31mb") != std::string::npos,
                        "the name is shown, and without its control characters: " + output_of(result));
                require(said.find('\x1b') == std::string::npos && said.find('\r') == std::string::npos,
                        "no control character is shown");
                require(project.containers() == containers && project.runs().empty() &&
                            project.engine_leftovers().empty(),
                        "nothing was touched");
                project.script("db", "postgres", "DROP " + kind + " " + name + ";\n");
              });
}

}  // namespace

std::string sql_literal(const std::string& text) {
  // Only in the form with an E a backslash means the same whatever the session is set to.
  std::string result = "E'";
  for (const char letter : text) result += std::string(letter == '\'' || letter == '\\' ? 2 : 1, letter);
  return result + "'";
}

std::string password_file_line(const std::string& role, const std::string& password) {
  std::string line;
  for (const char letter : role) {
    if (letter == ':' || letter == '\\' || (letter == '#' && line.empty())) line += '\\';
    line += letter;
  }
  return line + ":" + password + "\n";
}

// A match is looked at by its beginning first, since whole projects are made for the cases behind it.
void names(Cases& cases) {
  if (cases.wants("cluster, ")) {
    const Words& all = names_of_all_kinds();
    const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
    many(cases, {all.begin(), middle}, {}, Way::in_parts);
    many(cases, {middle, all.end()}, names_of_things(), Way::at_once);
  }
  if (cases.wants("refused, ")) refused(cases);
  names_of_projects(cases);
  names_of_servers(cases);
}

}  // namespace pgupgrade::test::campaign
