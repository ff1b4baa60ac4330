// Databases copied from one server to another: over TLS, as a role that is no superuser, killed anywhere.
#include <fmt/format.h>

#include <csignal>
#include <filesystem>

#include "pgupgrade/base/files.hpp"
#include "pgupgrade/base/text.hpp"
#include "support/catch.hpp"
#include "support/server_pair.hpp"

namespace pgupgrade::test {
namespace {

// What a role without any right beside its own database can have made.
constexpr const char* kShop =
    "CREATE SCHEMA sales; CREATE TYPE sales.state AS ENUM ('new', 'paid'); "
    "CREATE TABLE sales.orders (id bigserial PRIMARY KEY, state sales.state DEFAULT 'new', amount "
    "numeric(10,2), note "
    "text, \"At\" timestamptz DEFAULT now()); "
    "INSERT INTO sales.orders (state, amount, note) SELECT CASE WHEN i % 3 = 0 THEN 'paid' ELSE 'new' "
    "END::sales.state, "
    "i * 1.1, repeat(md5(i::text), 3) FROM generate_series(1, 20000) i; "
    "CREATE TABLE items (order_id bigint REFERENCES sales.orders, n int, price money, PRIMARY KEY (order_id, "
    "n)); "
    "INSERT INTO items SELECT id, 1, amount::text::money FROM sales.orders; "
    "CREATE VIEW by_state AS SELECT state, count(*) FROM sales.orders GROUP BY 1; "
    "CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS c FROM items; "
    "CREATE TABLE parts (id int, k text) PARTITION BY LIST (k); CREATE TABLE parts_a PARTITION OF parts FOR "
    "VALUES IN "
    "('a'); INSERT INTO parts SELECT i, 'a' FROM generate_series(1, 100) i; CREATE INDEX ON parts (id); "
    "CREATE TABLE \"odd \"\"name\" (id int GENERATED ALWAYS AS IDENTITY, twice int GENERATED ALWAYS AS (2 * "
    "2) STORED); "
    "INSERT INTO \"odd \"\"name\" DEFAULT VALUES; "
    "CREATE FUNCTION total() RETURNS numeric LANGUAGE sql STABLE AS 'SELECT sum(amount) FROM sales.orders'; "
    "SELECT lo_from_bytea(0, '\\x0102030000')";

void make_databases(const NetworkServer& source) {
  for (const char* name : {"blog", "shop", "\"W:ei'rd\""})
    source.sql("postgres", fmt::format("CREATE DATABASE {} OWNER app", name));
  source.sql("postgres", "COMMENT ON DATABASE shop IS 'the shop'");
  source.sql("postgres", "ALTER DATABASE shop SET search_path = sales, public");
  source.sql("shop", "CREATE EXTENSION pg_trgm; COMMENT ON EXTENSION pg_trgm IS 'ours'");
  source.sql("shop", kShop, "app");
  source.sql("blog", "CREATE TABLE posts (id int PRIMARY KEY); INSERT INTO posts VALUES (1), (2)", "app");
  source.sql("W:ei'rd", "CREATE TABLE t (a int); INSERT INTO t VALUES (7)", "app");
}

// No file that a run has left may hold a password.
std::string files_with_secrets(const std::filesystem::path& directory) {
  std::string found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory))
    if (entry.is_regular_file() && read_file(entry.path()).find("s3\\cret") != std::string::npos &&
        entry.path().filename() != "passfile")
      found += entry.path().native() + " ";
  return found;
}

}  // namespace

TEST_CASE(
    "databases go from 13 to 17 over TLS as a role that is no superuser, killed between two and resumed") {
  const ServerPair pair(13, 17);
  make_databases(pair.source());
  const Words command = pair.migrate({"--database", "shop", "blog", "W:ei'rd"});
  const ProcessResult killed = pair.run(command, {{"PGUPGRADE_KILL_AT", "copy-3:started"}});
  INFO(output_of(killed));
  REQUIRE(killed.signal_number == SIGKILL);
  CHECK(pair.target().sql("blog", "SELECT count(*) FROM posts", "app") == "2");
  const ProcessResult status = pair.run({"status"});
  INFO(output_of(status));
  CHECK(status.standard_output.find("not finished") != std::string::npos);

  pair.must({"resume"});
  CHECK(pair.target().databases() == "W:ei'rd, blog, shop the shop");
  CHECK(pair.target().sql("shop", "SELECT total()", "app") ==
        pair.source().sql("shop", "SELECT sales.total()", "app"));
  CHECK(pair.target().sql("postgres",
                          "SELECT string_agg(DISTINCT pg_get_userbyid(datdba), ',') FROM pg_database WHERE "
                          "datname IN ('shop', 'blog')") == "app");
  CHECK(pair.target().sql("W:ei'rd", "SELECT a FROM t", "app") == "7");
  CHECK(files_with_secrets(pair.directory()).empty());
  CHECK(pair.containers().empty());
  pair.must({"resume"});  // says the same again

  const Words compare = {"compare", pair.uri(pair.source(), "shop"), pair.uri(pair.target(), "shop")};
  // From 15 on the schema public is somebody else's from the beginning, and nothing else differs.
  const ProcessResult same = pair.run(compare);
  INFO(output_of(same));
  CHECK(same.exit_code == 6);
  for (const std::string& line : split_lines(same.standard_output))
    CHECK_THAT(line, ContainsSubstring("schema public: "));
  pair.target().sql("shop", "UPDATE sales.orders SET note = note || ' ' WHERE id = 77", "app");
  const ProcessResult changed = pair.run(compare);
  INFO(output_of(changed));
  CHECK(changed.exit_code == 6);
  CHECK(changed.standard_output.find("sales.orders has 20000 rows as expected, but other contents") !=
        std::string::npos);
  CHECK(pair.run({"rollback"}).exit_code == 3);
  pair.must({"rollback", "--discard-new-writes"});
  CHECK(pair.target().databases().empty());
}

TEST_CASE("what speaks against a migration is told and nothing is touched") {
  const ServerPair pair(15, 17);
  pair.source().sql("postgres", "CREATE DATABASE shop OWNER app");
  pair.source().sql("shop", "CREATE TABLE t (a int)", "app");
  pair.target().sql("postgres", "CREATE DATABASE taken OWNER app");
  pair.target().sql("taken", "CREATE VIEW v AS SELECT 1 AS one", "app");
  const std::string before = pair.source().databases() + " | " + pair.target().databases();
  const auto refused = [&](const Words& words, int exit_code, const std::string& code) {
    const ProcessResult result = pair.run(words);
    INFO(join(words, " ") << ": " << output_of(result));
    CHECK(result.exit_code == exit_code);
    CHECK(result.standard_error.find("error[" + code + "]") != std::string::npos);
    CHECK(result.standard_error.find("s3") == std::string::npos);
    CHECK(pair.source().databases() + " | " + pair.target().databases() == before);
    CHECK_FALSE(std::filesystem::exists(pair.directory() / ".pgupgrade"));
  };
  const auto instead = [&](const std::string& option, const std::string& value, const Words& more) {
    Words words = pair.migrate(more);
    *(std::find(words.begin(), words.end(), option) + 1) = value;
    return words;
  };
  const std::string source = pair.uri(pair.source(), "shop");
  refused(pair.migrate({"--database", "nowhere"}), 2, "E-UNKNOWN-DATABASE");
  refused(instead("--from", pair.uri(pair.source(), "nowhere"), {}), 2, "E-UNKNOWN-DATABASE");
  refused(pair.migrate({"--database", "shop", "--into", "taken"}), 3, "E-TARGET-NOT-EMPTY");
  refused(instead("--target", fmt::format("postgres://app@localhost:{}/postgres", free_port()),
                  {"--database", "shop"}),
          3, "E-UNREACHABLE");
  std::string untrusted = source;
  untrusted.replace(untrusted.find(pair.certificates().authority()), pair.certificates().authority().size(),
                    pair.certificates().other_authority());
  refused(instead("--from", untrusted, {}), 3, "E-TLS");
  refused(instead("--from", "postgres://app:s3cret@localhost/shop", {}), 2, "E-CONNECTION");
  const std::string nobody = fmt::format("postgres://nobody@localhost:{}/shop", pair.source().port());
  refused(instead("--from", nobody, {}), 3, "E-PASSWORD-MISSING");
  pair.source().sql("postgres", "CREATE ROLE nobody LOGIN PASSWORD 'x'");
  pair.write_passwords(pair.passwords() + "localhost:*:*:nobody:wrong\n");
  refused(instead("--from", nobody, {}), 3, "E-AUTH");
  pair.write_passwords(pair.passwords() + "localhost:*:*:nobody:x\n");
  refused(instead("--from", nobody, {}), 3, "E-NO-READ");
  refused(instead("--image", "pgupgrade-fixture/postgres:13", {"--database", "shop"}), 3,
          "E-CLIENT-PROGRAMS");
  pair.target().sql("postgres", "ALTER ROLE app CONNECTION LIMIT 3");
  refused(pair.migrate({"--database", "shop"}), 3, "E-CONNECTIONS");
  pair.target().sql("postgres", "ALTER ROLE app CONNECTION LIMIT -1 NOCREATEDB");
  refused(pair.migrate({"--database", "shop"}), 3, "E-NO-CREATE");
  pair.target().sql("postgres", "ALTER ROLE app CREATEDB");
  pair.source().sql("postgres", "CREATE ROLE boss");
  pair.source().sql(
      "shop", "CREATE TABLE other (a int); GRANT SELECT ON other TO app; ALTER TABLE other OWNER TO boss");
  refused(pair.migrate({"--database", "shop"}), 3, "E-ROLE-MISSING");
}

TEST_CASE("dump files of each format, another name, and roles that are carried over or left out") {
  const ServerPair pair(15, 17);
  const NetworkServer& source = pair.source();
  source.sql("postgres", "CREATE DATABASE shop OWNER app");
  source.sql("postgres", "CREATE ROLE boss LOGIN PASSWORD 'boss-s3cret'");
  source.sql("postgres", "CREATE ROLE reader");
  source.sql("postgres", "GRANT reader TO boss");
  source.sql("shop", kShop, "app");
  source.sql(
      "shop",
      "CREATE TABLE bosses (a int); INSERT INTO bosses VALUES (1); ALTER TABLE bosses OWNER TO boss; GRANT "
      "SELECT ON bosses TO app, reader");
  for (const std::string form : {"custom", "directory", "tar"}) {
    INFO(form);
    pair.must(pair.migrate({"--database", "shop", "--into", "shop_" + form, "--format", form, "--no-owner"}));
    CHECK(pair.target().sql("shop_" + form, "SELECT count(*) FROM sales.orders", "app") == "20000");
    CHECK(pair.target().sql("shop_" + form, "SELECT tableowner FROM pg_tables WHERE tablename = 'bosses'") ==
          "app");
  }
  CHECK(pair.target().databases() == "shop_custom, shop_directory, shop_tar");

  // Between superusers with everything.
  Words all = pair.migrate({"--all", "--roles"});
  for (std::string& word : all) {
    const std::size_t at = word.find("//app@");
    if (at != std::string::npos) word.replace(at, 6, "//postgres@");
  }
  pair.write_passwords(fmt::format("localhost:*:*:postgres:{}\n", kSuperPassword));
  const ProcessResult whole = pair.run(all);
  INFO(output_of(whole));
  // The target's own database "postgres" is there and empty, as the source's is.
  REQUIRE(whole.exit_code == 0);
  CHECK(pair.target().sql("shop", "SELECT tableowner FROM pg_tables WHERE tablename = 'bosses'") == "boss");
  CHECK(pair.target().sql("postgres", "SELECT rolpassword FROM pg_authid WHERE rolname = 'boss'") ==
        source.sql("postgres", "SELECT rolpassword FROM pg_authid WHERE rolname = 'boss'"));
  CHECK(pair.target().sql("postgres", "SELECT pg_has_role('boss', 'reader', 'MEMBER')") == "t");
}

}  // namespace pgupgrade::test
