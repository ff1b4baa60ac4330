#include "support/registry.hpp"

#include <fmt/format.h>

#include "support/paths.hpp"

namespace pgupgrade::test {
namespace fs = std::filesystem;

namespace {

// What the role "app", who is no superuser, has in the database "registry", beside what is not to be copied.
constexpr const char* kRegistry =
    "CREATE SCHEMA production; CREATE SCHEMA working; CREATE SCHEMA other; "
    "COMMENT ON SCHEMA working IS 'work in progress'; GRANT USAGE ON SCHEMA working TO reader; "
    "CREATE TABLE production.dataset (id bigserial PRIMARY KEY, name text NOT NULL, size numeric, price "
    "money); "
    "INSERT INTO production.dataset (name, size, price) SELECT md5(i::text), i * 1.5, i::text::money FROM "
    "generate_series(1, 3000) i; "
    "CREATE INDEX ON production.dataset USING gin (name gin_trgm_ops); "
    "CREATE TABLE working.run (dataset bigint REFERENCES production.dataset, note text); "
    "INSERT INTO working.run SELECT id, 'n' FROM production.dataset; "
    "GRANT SELECT ON working.run TO reader; "
    "ALTER DEFAULT PRIVILEGES IN SCHEMA working GRANT SELECT ON TABLES TO reader; "
    "CREATE VIEW working.large AS SELECT * FROM production.dataset WHERE size > 1000; "
    "CREATE MATERIALIZED VIEW working.counted AS SELECT count(*) AS c FROM production.dataset; "
    "CREATE TABLE production.provenance (version text); INSERT INTO production.provenance VALUES ('1.0'); "
    "CREATE TABLE other.audit (dataset bigint REFERENCES production.dataset); "
    "CREATE TABLE other.secret (a int)";

}  // namespace

Registry::Registry(int major) : server_(major, certificates_), major_(major) {
  // As the guide has it: an entry for each of the two databases.
  passwords("localhost:*:registry:app:app\\:s3\\\\cret\nlocalhost:*:alt_db:app:app\\:s3\\\\cret\n");
  server_.sql("postgres", "CREATE DATABASE registry OWNER app");
  server_.sql("postgres", "CREATE ROLE reader");
  server_.sql("postgres", "ALTER DATABASE registry SET search_path = production, public");
  server_.sql("registry", "CREATE EXTENSION pg_trgm");
  server_.sql("registry", kRegistry, "app");
  server_.sql("registry", "ALTER TABLE other.secret OWNER TO postgres");
}

std::string Registry::script(const std::string& name, const std::string& text) const {
  return directory_.write(name, text).native();
}

void Registry::passwords(const std::string& lines) const {
  fs::permissions(directory_.write("passfile", lines), fs::perms::owner_read | fs::perms::owner_write);
}

std::string Registry::uri(const std::string& database) const {
  return fmt::format("postgres://app@localhost:{}/{}?sslmode=verify-full&sslrootcert={}", server_.port(),
                     database, certificates_.authority());
}

Words Registry::command(const Words& scripts, const Words& more) const {
  Words words = {"rehearse", "--from", uri("registry"), "--schema", "production",
                 "working",  "--into", "alt_db",        "--yes"};
  if (!scripts.empty()) words.push_back("--run");
  words.insert(words.end(), scripts.begin(), scripts.end());
  // The programs of this machine are those of 15.
  if (major_ != 15)
    words.insert(words.end(), {"--image", fmt::format("pgupgrade-fixture/postgres:{}", major_)});
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

ProcessResult Registry::run(Words words, Variables variables) const {
  words.insert(words.begin(), program().native());
  variables["PGPASSFILE"] = (directory_ / "passfile").native();
  return run_process(words, {.working_directory = directory_.path(),
                             .extra_environment = std::move(variables),
                             .timeout = std::chrono::minutes(3)});
}

std::string Registry::registry() const {
  return server_.sql(
      "registry",
      "SELECT (SELECT string_agg(version, ',') FROM production.provenance) || ' ' || (SELECT "
      "string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = "
      "'production.dataset'::regclass AND attnum > 0 AND NOT attisdropped) || ' ' || (SELECT count(*) "
      "FROM working.run)");
}

std::string Registry::dump() const {
  for (const auto& entry : fs::recursive_directory_iterator(directory_ / ".pgupgrade"))
    if (entry.path().extension() == ".dump") return entry.path().native();
  return {};
}

fs::path Registry::state_file() const {
  return fs::directory_iterator(directory_ / ".pgupgrade")->path() / "alternate.json";
}

}  // namespace pgupgrade::test
