// What the hashes of rows see: every value of every type, and nothing else.
#include <sys/stat.h>

#include <map>
#include <memory>

#include "pgupgrade/base/cancel.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/server.hpp"
#include "support/catch.hpp"
#include "support/project.hpp"

namespace pgupgrade::test {
namespace {

constexpr const char* kDatabase = "values";
const std::vector<int> kMajors = {13, 17, 18};

// A value of a type, and one that is nearly the same.
struct Pair {
  std::string name;  // of the table
  std::string type;
  std::string value;  // SQL expressions
  std::string other;
  int since = 0;
};

std::string literal(const std::string& text) {
  return "'" + text + "'";
}

// By the name of the type, as format_type() writes it.
struct Sample {
  const char* value;
  const char* other;
};
const std::map<std::string, Sample> kSamples = {
    {"boolean", {"t", "f"}},
    {"bytea", {"\\x00ff", "\\x00fe"}},
    {"\"char\"", {"a", "b"}},
    {"name", {"select", "Select"}},
    {"bigint", {"9223372036854775807", "9223372036854775806"}},
    {"smallint", {"-1", "1"}},
    {"integer", {"10", "100"}},
    {"regproc", {"now", "pi"}},
    {"text", {"a", "a "}},
    {"oid", {"4294967295", "4294967294"}},
    {"tid", {"(1,2)", "(1,3)"}},
    {"xid", {"7", "8"}},
    {"cid", {"7", "8"}},
    {"json", {"{\"a\":1}", "{\"a\": 1}"}},
    {"xml", {"<a/>", "<a></a>"}},
    {"point", {"(0.1,0)", "(0.1,-0)"}},
    {"lseg", {"[(0,0),(0.1,1)]", "[(0,0),(0.10000000000000002,1)]"}},
    {"path", {"((0,0),(1,1))", "[(0,0),(1,1)]"}},
    {"box", {"(1,1),(0,0)", "(1,1),(0,1e-300)"}},
    {"polygon", {"((0,0),(1,1))", "((0,0),(1,1.0000000000000002))"}},
    {"line", {"{1,2,0.3}", "{1,2,0.30000000000000004}"}},
    {"cidr", {"10.0.0.0/8", "10.0.0.0/9"}},
    {"real", {"0.1", "0.10000001"}},
    {"double precision", {"0.1", "0.10000000000000002"}},
    {"circle", {"<(0,0),0.1>", "<(0,0),0.10000000000000002>"}},
    {"macaddr8", {"08:00:2b:01:02:03:04:05", "08:00:2b:01:02:03:04:06"}},
    {"money", {"12345678901234.56", "12345678901234.57"}},
    {"macaddr", {"08:00:2b:01:02:03", "08:00:2b:01:02:04"}},
    {"inet", {"10.0.0.1", "10.0.0.1/24"}},
    {"aclitem", {"postgres=r/postgres", "postgres=r*/postgres"}},
    {"character", {"a", "b"}},
    {"character varying", {"a", "a "}},
    {"date", {"2024-02-03", "2024-03-02"}},
    {"time without time zone", {"00:00:00.000001", "00:00:00.000002"}},
    {"timestamp without time zone", {"2024-02-03 04:05:06.000001", "2024-02-03 04:05:06.000002"}},
    {"timestamp with time zone", {"2024-02-03 04:05:06.000001+00", "2024-02-03 04:05:06.000001+01"}},
    {"interval", {"1 mon", "30 days"}},
    {"time with time zone", {"12:00:00+00", "13:00:00+01"}},
    {"bit", {"1", "0"}},
    {"bit varying", {"0101", "101"}},
    {"numeric", {"1.0", "1.00"}},
    {"refcursor", {"a", "b"}},
    {"regprocedure", {"now()", "random()"}},
    {"regoper", {"|/", "||/"}},
    {"regoperator", {"+(integer,integer)", "+(bigint,integer)"}},
    {"regclass", {"json_table", "json_tables"}},  // a keyword from 17 on
    {"regtype", {"integer", "bigint"}},
    {"uuid", {"00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"}},
    {"txid_snapshot", {"10:20:10,14", "10:20:10,15"}},
    {"pg_lsn", {"0/16B3748", "1/016B3748"}},
    {"tsvector", {"a:1 b:2", "a:1A b:2"}},
    {"tsquery", {"a <-> b", "a <2> b"}},
    {"regconfig", {"simple", "english"}},
    {"regdictionary", {"simple", "english_stem"}},
    {"jsonb", {"{\"a\": 1.0}", "{\"a\": 1.00}"}},
    {"int4range", {"[1,2)", "[1,3)"}},
    {"numrange", {"[1.0,2)", "[1.00,2)"}},
    {"tsrange", {"[2024-01-01,2024-01-02)", "[2024-01-01,2024-01-02]"}},
    {"tstzrange", {"[2024-01-01 00:00+00,)", "(2024-01-01 00:00+00,)"}},
    {"daterange", {"empty", "(,)"}},
    {"int8range", {"[1,)", "(,1)"}},
    {"jsonpath", {"$.a ? ((@.b + 1) > 2)", "$.a ? ((@.b + 1) > 3)"}},
    {"regnamespace", {"pg_catalog", "public"}},
    {"regrole", {"postgres", "weak"}},
    {"regcollation", {"\"C\"", "\"POSIX\""}},
    {"int4multirange", {"{[1,2)}", "{[1,2),[3,4)}"}},
    {"nummultirange", {"{[1.0,2)}", "{[1.00,2)}"}},
    {"tsmultirange", {"{}", "{[2024-01-01,2024-01-02)}"}},
    {"tstzmultirange", {"{}", "{(,)}"}},
    {"datemultirange", {"{}", "{(,)}"}},
    {"int8multirange", {"{}", "{(,)}"}},
    {"pg_snapshot", {"10:20:10,14", "10:20:10,15"}},
    {"xid8", {"18446744073709551615", "18446744073709551614"}},
    {"int2vector", {"1 2", "1 3"}},
    {"oidvector", {"1 2", "1 3"}},
};
// A table cannot be restored with a value of these: what they are read from is refused.
const Words kWithoutInput = {"pg_node_tree",
                             "pg_ndistinct",
                             "pg_dependencies",
                             "gtsvector",
                             "pg_mcv_list",
                             "pg_brin_bloom_summary",
                             "pg_brin_minmax_multi_summary"};

const std::vector<Pair> kSpecial = {
    {"zero", "float8", "0", "'-0'", 0},
    {"float4_zero", "float4", "0", "'-0'", 0},
    {"tiny", "float8", "5e-324", "1e-323", 0},
    {"infinite", "float8", "'Infinity'", "'-Infinity'", 0},
    {"missing", "text", "''", "NULL", 0},
    {"word_null", "text", "'NULL'", "NULL", 0},
    {"char_n", "char(5)", "'a'", "'b'", 0},
    {"bpchar", "bpchar", "'a '", "'a'", 0},
    {"short_text", "varchar(20)", "'a'", "'a '", 0},
    {"quotes", "text", "'\"'", "'\"\"'", 0},
    {"backslash", "text", "E'\\\\'", "E'\\\\\\\\'", 0},
    {"control", "text", "E'\\t'", "E'\\n'", 0},
    {"composed", "text", "U&'\\00E9'", "U&'e\\0301'", 0},
    {"ignorable", "text COLLATE any_case", "'a'", "'A'", 0},
    {"empty_array", "int[]", "'{}'", "NULL", 0},
    {"null_element", "text[]", "'{NULL}'", "'{\"NULL\"}'", 0},
    {"lower_bound", "int[]", "'{1,2}'", "'[0:1]={1,2}'", 0},
    {"nested_array", "int[]", "'{{1,2}}'", "'{{1},{2}}'", 0},
    {"float_array", "float8[]", "'{0.1}'", "'{0.10000000000000002}'", 0},
    {"lsn_bounds", "pg_lsn[]", "'{0/1}'", "'[2:2]={0/1}'", 0},
    {"an_enum", "mood", "'sad'", "'glad'", 0},
    {"enum_array", "mood[]", "'{sad,glad}'", "'{glad,sad}'", 0},
    {"composite", "pair", "ROW(0.1, 'a')", "ROW(0.10000000000000002, 'a')", 0},
    {"composite_null", "pair", "ROW(NULL, NULL)", "NULL", 0},
    {"composite_special", "special", "ROW(high(0), '0/1', 'json_table', 1)",
     "ROW(high(1), '0/1', 'json_table', 1)", 0},
    {"composite_lsn", "special", "ROW('a', '0/1', 'json_table', 1)", "ROW('a', '0/2', 'json_table', 1)", 0},
    {"composite_field", "special", "ROW(NULL, NULL, NULL, NULL)", "NULL", 0},
    {"composite_array", "special[]", "ARRAY[ROW(high(0), '0/1', 'json_table', 1)::special, NULL]",
     "ARRAY[NULL, ROW(high(0), '0/1', 'json_table', 1)::special]", 0},
    {"composite_bounds", "special[]", "'[2:2]={NULL}'", "'{NULL}'", 0},
    {"composite_empty", "special[]", "'{}'", "NULL", 0},
    {"domain_float", "positive", "0.1", "0.10000000000000002", 0},
    {"domain_composite", "special_domain", "ROW(high(0), '0/1', 'json_table', 1)",
     "ROW(high(0), '0/1', 'json_table', 2)", 0},
    {"domain_array", "floats", "'{0.1}'", "'{0.2}'", 0},
    {"domain_elements", "positive[]", "'{0.1}'", "'{0.2}'", 0},
    {"high_char", "\"char\"", "high(0)", "high(1)", 0},
    {"high_chars", "\"char\"[]", "ARRAY[high(0)]", "ARRAY[high(1)]", 0},
    {"domain_char", "one_char", "high(0)", "high(1)", 0},
    {"float_range", "float_range", "'[0.1,1)'", "'[0.10000000000000002,1)'", 0},
    {"lsn_range", "lsn_range", "'[0/1,0/3)'", "'[0/1,0/2)'", 0},
    {"lsn_range_empty", "lsn_range", "'empty'", "NULL", 0},
    {"range_array", "lsn_range[]", "'{\"[0/1,0/3)\"}'", "'{\"[0/1,0/2)\"}'", 0},
    {"own_multirange", "lsn_multirange", "'{[0/1,0/3)}'", "'{[0/1,0/2)}'", 14},
    {"long_text", "text", "repeat('\"\\', 600000)", "repeat('\"\\', 599999) || 'xx'", 0},
    {"long_bytes", "bytea", "decode(repeat('00', 3000000), 'hex')", "decode(repeat('00', 3000001), 'hex')",
     0},
};

// Equal though their bits are not: a restore reads both as "NaN".
const std::vector<Pair> kEqual = {
    {"nan", "float8", "'NaN'", "'Infinity'::float8 - 'Infinity'::float8", 0},
    {"nan_in_point", "point", "'(NaN,0)'", "point('Infinity'::float8 - 'Infinity'::float8, 0)", 0},
    {"plain_char_n", "char(5)", "'a'", "'a   '", 0},
};

const char* kTypes =
    // What the text of a high byte means differs between versions.
    "CREATE FUNCTION high(int) RETURNS \"char\" LANGUAGE sql AS 'SELECT (-128 + $1)::\"char\"';\n"
    "CREATE ROLE weak;\nCREATE TABLE public.json_table (i int);\nCREATE TABLE public.json_tables (i int);\n"
    "CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);\n"
    "CREATE TYPE mood AS ENUM ('sad', 'glad');\n"
    "CREATE TYPE pair AS (number float8, word text);\n"
    "CREATE TYPE special AS (\"a \"\"b\" \"char\", place pg_lsn, relation regclass, number int);\n"
    "CREATE DOMAIN positive AS float8 CHECK (value > 0);\nCREATE DOMAIN one_char AS \"char\";\n"
    "CREATE DOMAIN special_domain AS special;\nCREATE DOMAIN floats AS float8[];\n"
    "CREATE TYPE float_range AS RANGE (subtype = float8);\nCREATE TYPE lsn_range AS RANGE (subtype = "
    "pg_lsn);\n";

// What a database may set, and no hash may depend on.
const char* kHostile =
    "ALTER DATABASE \"values\" SET DateStyle = 'German';\n"
    "ALTER DATABASE \"values\" SET IntervalStyle = 'iso_8601';\n"
    "ALTER DATABASE \"values\" SET TimeZone = 'Asia/Kathmandu';\n"
    "ALTER DATABASE \"values\" SET extra_float_digits = -15;\n"
    "ALTER DATABASE \"values\" SET bytea_output = 'escape';\n"
    "ALTER DATABASE \"values\" SET xmlbinary = 'hex';\n"
    "ALTER DATABASE \"values\" SET quote_all_identifiers = on;\n"
    "ALTER DATABASE \"values\" SET client_encoding = 'LATIN1';\n"
    "ALTER DATABASE \"values\" SET search_path = '';\n"
    "ALTER DATABASE \"values\" SET statement_timeout = '1ms';\n"
    "ALTER DATABASE \"values\" SET session_preload_libraries = 'no_such_library';\n"
    "ALTER DATABASE \"values\" SET role = 'weak';\n"
    "ALTER DATABASE \"values\" SET session_replication_role = 'replica';\n"
    "ALTER DATABASE \"values\" SET default_transaction_isolation = 'serializable';\n"
    "ALTER DATABASE \"values\" SET default_transaction_deferrable = on;\n"
    "ALTER DATABASE \"values\" SET row_security = off;\n"
    "ALTER DATABASE \"values\" SET zero_damaged_pages = on;\n"
    "ALTER DATABASE \"values\" SET array_nulls = off;\n"
    "ALTER DATABASE \"values\" SET temp_file_limit = '64kB';\n"
    "ALTER DATABASE \"values\" SET transform_null_equals = on;\n"
    "ALTER ROLE postgres SET DateStyle = 'SQL';\n"
    "ALTER ROLE postgres SET lc_monetary = 'de_DE.UTF-8';\n"
    "ALTER ROLE postgres SET lc_numeric = 'de_DE.UTF-8';\n"
    "ALTER ROLE postgres IN DATABASE \"values\" SET role = 'weak';\n";

// Every built-in type that a column may have, by its name, but for arrays and those of catalogs' rows.
const char* kBuiltIn =
    "SELECT format_type(oid, NULL) FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype "
    "IN "
    "('b', 'r', 'm') AND typcategory <> 'P' AND typoutput::text <> 'array_out' ORDER BY oid";

std::vector<Pair> pairs_for(const Project& project, const std::string& service, int major) {
  std::vector<Pair> pairs;
  for (const std::string& type : split_lines(project.sql(service, "template1", kBuiltIn))) {
    if (std::find(kWithoutInput.begin(), kWithoutInput.end(), type) != kWithoutInput.end()) continue;
    INFO("a sample for type " << type);
    const auto sample = kSamples.find(type);
    REQUIRE(sample != kSamples.end());
    const std::string value = literal(sample->second.value) + "::" + type;
    const std::string other = literal(sample->second.other) + "::" + type;
    pairs.push_back({type, type, value, other, 0});
    if (!type.ends_with("vector") || type == "tsvector")
      pairs.push_back(
          {type + "[]", type + "[]", "ARRAY[" + value + ", NULL]", "ARRAY[" + other + ", NULL]", 0});
  }
  for (const auto* list : {&kSpecial, &kEqual})
    for (const Pair& pair : *list)
      if (pair.since <= major) pairs.push_back(pair);
  return pairs;
}

std::string table(const std::string& name) {
  std::string quoted = "\"";
  for (const char c : name) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

// A table for each value, and one with all of them in one row.
void fill(const Project& project, const std::string& service, int major) {
  std::string script = kTypes;
  std::string columns;
  std::string all;
  for (const Pair& pair : pairs_for(project, service, major)) {
    script += "CREATE TABLE " + table(pair.name + " 1") + " (v " + pair.type + ");\nINSERT INTO " +
              table(pair.name + " 1") + " VALUES (" + pair.value + ");\n";
    script += "CREATE TABLE " + table(pair.name + " 2") + " (v " + pair.type + ");\nINSERT INTO " +
              table(pair.name + " 2") + " VALUES (" + pair.other + ");\n";
    if (pair.since > 0 || pair.type.find("multirange") != std::string::npos) continue;
    columns += (columns.empty() ? "" : ", ") + table(pair.name) + " " + pair.type;
    all += (all.empty() ? "" : ", ") + pair.value;
  }
  script +=
      "CREATE TABLE \"every type\" (" + columns + ");\nINSERT INTO \"every type\" VALUES (" + all + ");\n";
  project.sql(service, "template1", "CREATE DATABASE \"values\"");
  project.script(service, kDatabase, script + kHostile);
}

}  // namespace

TEST_CASE("equal values of every type have equal hashes on every version, and others have others") {
  Project project("values");
  std::string compose = "services:\n";
  for (const int major : kMajors) {
    const std::string name = "v" + std::to_string(major);
    REQUIRE(::mkdir((project / name).c_str(), 0777) == 0);
    REQUIRE(::chmod((project / name).c_str(), 0777) == 0);
    compose += "  " + name + ":\n    image: pgupgrade-fixture/postgres:" + std::to_string(major) +
               "\n    environment: { POSTGRES_HOST_AUTH_METHOD: trust }\n    network_mode: none\n    "
               "volumes: [\"./" +
               name + ":/run/postgresql\"]\n    healthcheck: { test: [CMD, pg_isready, -h, 127.0.0.1, -U, " +
               "postgres], interval: 1s, retries: 60 }\n";
  }
  project.write("docker-compose.yml", compose);
  project.up();
  Cancellation cancellation;
  const auto connector = postgres::make_connector(cancellation);
  const std::string row_hash = postgres::best_row_hash(130000);
  std::map<int, std::map<std::string, TablePrint>> tables;
  for (const int major : kMajors) {
    const std::string name = "v" + std::to_string(major);
    fill(project, name, major);
    const auto server = connector->connect({.directory = (project / name).native(), .superuser = "postgres"},
                                           std::chrono::seconds(60), {});
    tables[major] = server->fingerprint(row_hash, 2, {}).databases.at(kDatabase).tables;
  }
  const auto shown = [](const std::string& name) {
    const bool plain = name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
    return "public." + (plain ? name : table(name));
  };
  for (const int major : kMajors) {
    for (const auto& [name, print] : tables[major]) {
      for (const int other : kMajors) {
        const auto found = tables[other].find(name);
        if (found == tables[other].end()) continue;
        INFO(name << " on " << major << " and " << other);
        CHECK(print.rows == found->second.rows);
        CHECK(print.digest == found->second.digest);
      }
    }
    for (const Pair& pair : pairs_for(project, "v" + std::to_string(major), major)) {
      INFO(pair.name << " on " << major);
      const bool equal = std::any_of(kEqual.begin(), kEqual.end(),
                                     [&](const Pair& candidate) { return candidate.name == pair.name; });
      const std::string& digest = tables[major].at(shown(pair.name + " 1")).digest;
      CHECK((digest == tables[major].at(shown(pair.name + " 2")).digest) == equal);
    }
  }
  CHECK(tables[17].count(shown("every type")) == 1);
}

}  // namespace pgupgrade::test
