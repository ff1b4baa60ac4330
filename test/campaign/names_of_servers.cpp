// Hostile names between servers, and within one: each is a role, a database, and all kinds of things in it.
// All of them are migrated to another server; there the schemas of each are copied into a database of another
// such name, where a script is tried that is then applied.
#include <fmt/format.h>

#include <filesystem>

#include "campaign/campaign.hpp"
#include "campaign/names.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/project.hpp"

namespace pgupgrade::test::campaign {

namespace {

// As long as a name may be, and another one.
std::string another(std::string name) {
  if (name.size() >= 63) name.pop_back();
  return name + "~";
}

class Servers {
 public:
  explicit Servers(const Words& names) : old_("names-old"), new_("names-new") {
    for (Project* project : {&old_, &new_}) project->keep_when_failing();
    old_.write("docker-compose.yml", small_project(13)).up();
    new_.write("docker-compose.yml", small_project(17)).up();
    std::string script = "SET client_encoding = 'UTF8'; CREATE ROLE reader;\n";
    for (const std::string& name : names)
      script += fmt::format("CREATE ROLE {0}; CREATE DATABASE {0} OWNER {0};\n", doubled(name, '"'));
    old_.script("db", "postgres", script);
    for (const std::string& name : names) old_.script("db", name, things(name, doubled(name, '"')));
  }

  void migrate() const {
    must({"migrate", "--from", address(old_), "--target", address(new_), "--all", "--roles", "--yes",
          "--image", "pgupgrade-fixture/postgres:17"},
         {{"PGPASSWORD", "e2e-secret"}});
  }

  void compare(const std::string& name) const {
    const Question question = about_things(name, name);
    const std::string before = old_.sql("db", name, question.sql);
    require(before.find("sequence|42") != std::string::npos, "the question is answered: " + before);
    require_same(before, new_.sql("db", name, question.sql), "the answer is the same");
  }

  void try_and_apply(const std::string& name) {
    const std::string table = doubled(name, '"') + "." + doubled(name, '"');
    const std::string asked = fmt::format("SELECT count(\"applied it\") FROM {}", table);
    const std::string there = "SELECT count(*) FROM pg_attribute WHERE attname = 'applied it'";
    const std::string copy = another(name);
    new_.write("add.sql", fmt::format("ALTER TABLE {} ADD COLUMN \"applied it\" int DEFAULT 7;\n", table));
    const Words server = {"rehearse", "--service=db", "--database=" + name, "--into=" + copy, "--yes"};
    Words rehearse = server;
    for (const std::string& schema : {name, std::string("views"), std::string("indexes"),
                                      std::string("sequences"), std::string("types"), std::string("public")})
      rehearse.push_back("--schema=" + schema);
    rehearse.push_back("--run=add.sql");
    must(rehearse);
    require_same("3", new_.sql("db", copy, asked), "rows of the copy");
    require_same("0", new_.sql("db", name, there), "columns of the database itself");
    must(with(rehearse, "--apply"));
    require_same("3", new_.sql("db", name, asked), "rows of the database itself");
    must(with(server, "--drop"));
    require_same(
        "0",
        new_.sql("db", "postgres", "SELECT count(*) FROM pg_database WHERE datname = " + sql_literal(copy)),
        "databases of the copy's name");
    std::filesystem::remove_all(new_ / ".pgupgrade");
  }

 private:
  static Words with(Words words, const std::string& more) {
    words.push_back(more);
    return words;
  }

  static std::string address(const Project& project) {
    return "host=" +
           project.inspect(project.container("db"),
                           "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}") +
           " user=postgres dbname=postgres";
  }

  void must(const Words& words, const Variables& variables = {}) const {
    const ProcessResult result = new_.pgupgrade(words, variables);
    require(result.signal_number == 0 && result.exit_code == 0,
            "pgupgrade " + join(words, " ") + " succeeds: " + output_of(result));
  }

  Project old_, new_;
};

}  // namespace

void names_of_servers(Cases& cases) {
  Words names;
  for (const std::string& name : names_of_all_kinds())
    if (cases.wants("migrated, " + printable(name)) || cases.wants("within one server, " + printable(name)))
      names.push_back(name);
  if (names.empty()) return;
  Servers servers(names);
  servers.migrate();
  for (const std::string& name : names)
    cases.run("migrated, " + printable(name), [&] { servers.compare(name); });
  for (const std::string& name : names)
    cases.run("within one server, " + printable(name), [&] { servers.try_and_apply(name); });
}

}  // namespace pgupgrade::test::campaign
