// What failures of PostgreSQL's programs mean, and what cures those that are known.
#include <fmt/format.h>

#include <array>
#include <optional>
#include <string_view>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/postgres/program_errors.hpp"
#include "pgupgrade/postgres/without_passwords.hpp"
#include "postgres/names.hpp"

namespace pgupgrade::postgres {
namespace {

constexpr std::size_t kShown = 2000;  // far beyond any cause; only against floods

// A name at the beginning, quoted or not, with its schema; the text moves on behind it.
std::string take_name(std::string_view& text) {
  std::string name;
  for (;;) {
    std::string part;
    if (text.starts_with('"')) {
      std::size_t at = 1;
      for (; at < text.size(); ++at) {
        if (text[at] == '"' && !text.substr(at + 1).starts_with('"')) break;
        if (text[at] == '"') ++at;
        part += text[at];
      }
      text.remove_prefix(std::min(at + 1, text.size()));
      part = display_name(part);
    } else {
      const std::size_t end = std::min(text.find_first_of(" .\"(;,\n\t"), text.size());
      part = text.substr(0, end);
      text.remove_prefix(end);
    }
    name += part;
    if (part.empty() || !text.starts_with('.')) return printable(name);
    name += '.';
    text.remove_prefix(1);
  }
}

void skip(std::string_view& text, std::string_view word) {
  text = trim(text);
  if (text.starts_with(word)) text.remove_prefix(word.size());
  text = trim(text);
}

// How a statement begins that makes an object, and what that is called.
struct Beginning {
  std::string_view words;
  std::string_view kind;
};
constexpr std::array<Beginning, 36> kBeginnings = {
    {{"CREATE TABLE ", "table"},
     {"CREATE UNLOGGED TABLE ", "table"},
     {"CREATE FOREIGN TABLE ", "foreign table"},
     {"CREATE VIEW ", "view"},
     {"CREATE OR REPLACE VIEW ", "view"},
     {"CREATE RECURSIVE VIEW ", "view"},
     {"CREATE MATERIALIZED VIEW ", "materialized view"},
     {"REFRESH MATERIALIZED VIEW ", "materialized view"},
     {"CREATE FUNCTION ", "function"},
     {"CREATE PROCEDURE ", "procedure"},
     {"CREATE AGGREGATE ", "aggregate"},
     {"CREATE OPERATOR CLASS ", "operator class"},
     {"CREATE OPERATOR FAMILY ", "operator family"},
     {"CREATE OPERATOR ", "operator"},
     {"CREATE TYPE ", "type"},
     {"CREATE DOMAIN ", "domain"},
     {"CREATE SEQUENCE ", "sequence"},
     {"CREATE SCHEMA ", "schema"},
     {"CREATE EXTENSION IF NOT EXISTS ", "extension"},
     {"CREATE COLLATION ", "collation"},
     {"CREATE STATISTICS ", "statistics"},
     {"CREATE TRIGGER ", "trigger"},
     {"CREATE CONSTRAINT TRIGGER ", "trigger"},
     {"CREATE EVENT TRIGGER ", "event trigger"},
     {"CREATE RULE ", "rule"},
     {"CREATE POLICY ", "policy"},
     {"CREATE SERVER ", "server"},
     {"CREATE PUBLICATION ", "publication"},
     {"CREATE DATABASE ", "database"},
     {"CREATE ROLE ", "role"},
     {"ALTER ROLE ", "role"},
     {"ALTER DATABASE ", "database"},
     {"ALTER TABLE ", "table"},
     {"CREATE TEXT SEARCH CONFIGURATION ", "text search configuration"},
     {"CREATE TEXT SEARCH DICTIONARY ", "text search dictionary"},
     {"COPY ", "table"}}};

std::string index_of(std::string_view statement) {
  for (const std::string_view words : {"CREATE UNIQUE INDEX ", "CREATE INDEX "}) {
    if (!statement.starts_with(words)) continue;
    statement.remove_prefix(words.size());
    const std::string index = take_name(statement);
    skip(statement, "ON ");
    skip(statement, "ONLY ");
    return fmt::format("index {} of table {}", index, take_name(statement));
  }
  return {};
}

std::string privileges_of(std::string_view statement) {
  const std::size_t at = statement.find(" ON ");
  if ((!statement.starts_with("GRANT ") && !statement.starts_with("REVOKE ")) || at == std::string_view::npos)
    return {};
  statement.remove_prefix(at + 4);
  const std::string kind = lower(std::string(statement.substr(0, statement.find(' '))));
  statement.remove_prefix(std::min(statement.find(' ') + 1, statement.size()));
  return fmt::format("the privileges of {} {}", kind, take_name(statement));
}

std::string object_of_statement(std::string_view statement) {
  if (const std::string index = index_of(statement); !index.empty()) return index;
  if (const std::string privileges = privileges_of(statement); !privileges.empty()) return privileges;
  for (const Beginning& known : kBeginnings) {
    if (!statement.starts_with(known.words)) continue;
    std::string_view rest = statement.substr(known.words.size());
    skip(rest, "ONLY ");
    const std::string object = fmt::format("{} {}", known.kind, take_name(rest));
    constexpr std::string_view kConstraint = "ADD CONSTRAINT ";
    const std::size_t at = rest.find(kConstraint);
    if (at == std::string_view::npos) return object;
    rest.remove_prefix(at + kConstraint.size());
    return fmt::format("constraint {} of {}", take_name(rest), object);
  }
  return {};
}

std::string object_of(const ProgramFailure& failure) {
  if (!failure.table.empty()) return "table " + printable(failure.table);
  const std::string made = object_of_statement(failure.statement);
  if (!made.empty()) return made;
  return printable(failure.entry);
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string quoted_in(std::string_view text, std::string_view before) {
  const std::size_t at = text.find(std::string(before) + "\"");
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + before.size());
  return take_name(text);
}

// The function that was running: "PL/pgSQL function public.is_kind(integer,text) line 1 at RETURN", "SQL
// function "short_id" during inlining".
std::string running_function(const ProgramFailure& failure) {
  const std::size_t at = failure.context.find("function ");
  if (at == std::string::npos) return {};
  std::string_view text = std::string_view(failure.context).substr(at + 9);
  if (text.starts_with('"')) return take_name(text);
  const std::size_t end = text.find(')');
  return end == std::string_view::npos ? std::string() : printable(text.substr(0, end + 1));
}

std::optional<std::string> search_path(const ProgramFailure& failure) {
  const std::string function = running_function(failure);
  if (!has(failure.error, "does not exist") || function.empty()) return std::nullopt;
  return fmt::format(
      "a restore has an empty search_path; on the old server: ALTER FUNCTION {} SET search_path "
      "= public, pg_temp, or name the schemas in its body",
      function);
}

// "ALTER ROLE x IN DATABASE d", "ALTER DATABASE d" of the statement that sets the parameter.
std::optional<std::string> parameter(const ProgramFailure& failure) {
  const std::string name = quoted_in(failure.error, "unrecognized configuration parameter ");
  if (name.empty()) return std::nullopt;
  for (const std::string& line : split_lines(failure.statement)) {
    const std::size_t set = line.find(" SET ");
    if (!line.starts_with("ALTER ") || set == std::string::npos || !has(line, name)) continue;
    std::string owner;
    std::string_view rest = std::string_view(line).substr(0, set);
    while (!rest.empty()) {
      const std::size_t quote = std::min(rest.find('"'), rest.size());
      owner += rest.substr(0, quote);
      rest.remove_prefix(quote);
      if (!rest.empty()) owner += take_name(rest);
    }
    return fmt::format("on the old server: {} RESET {}", printable(owner, kShown), name);
  }
  return fmt::format("on the old server: RESET {} where it is set (\\drds in psql shows roles and databases)",
                     name);
}

std::optional<std::string> duplicates(const ProgramFailure& failure) {
  const std::string index = quoted_in(failure.error, "could not create unique index ");
  if (index.empty()) return std::nullopt;
  return fmt::format(
      "on the old server, find them without the index (SET enable_indexscan = off; SET "
      "enable_indexonlyscan = off; SET enable_bitmapscan = off), remove all but one, then REINDEX "
      "INDEX {}",
      index);
}

std::optional<std::string> orphans(const ProgramFailure& failure) {
  if (!has(failure.error, "violates foreign key constraint")) return std::nullopt;
  return fmt::format(
      "on the old server, delete the rows of table {} that refer to nothing, or add what they "
      "refer to",
      quoted_in(failure.error, "on table "));
}

std::optional<std::string> not_null_name(const ProgramFailure& failure) {
  const std::string name = quoted_in(failure.error, "constraint ");
  if (name.empty() || !has(failure.error, "already exists") || !name.ends_with("_not_null"))
    return std::nullopt;
  return fmt::format(
      "from 18 on NOT NULL is a constraint that has this name; on the old server: ALTER TABLE {} "
      "RENAME CONSTRAINT {} TO another name",
      quoted_in(failure.error, "relation "), name);
}

std::optional<std::string> lost_owner(const ProgramFailure& failure) {
  constexpr std::string_view kBefore = "role with OID ";
  const std::size_t at = failure.error.find(kBefore);
  if (at == std::string::npos) return std::nullopt;
  const std::string oid = failure.error.substr(
      at + kBefore.size(), failure.error.find(' ', at + kBefore.size()) - at - kBefore.size());
  return fmt::format(
      "find what it owned: SELECT pg_describe_object(classid, objid, objsubid) FROM pg_shdepend "
      "WHERE refobjid = {}; and give each an owner: ALTER … OWNER TO",
      printable(oid));
}

std::optional<std::string> node_tree(const ProgramFailure& failure) {
  if (!has(failure.error, "cannot accept a value of type pg_node_tree")) return std::nullopt;
  constexpr std::string_view kColumn = ", column ";
  const std::size_t at = failure.context.find(kColumn);
  std::string_view column = at == std::string::npos
                                ? std::string_view("…")
                                : std::string_view(failure.context).substr(at + kColumn.size());
  column = column.substr(0, column.find(':'));
  return fmt::format("on the old server: ALTER TABLE {} ALTER COLUMN {} TYPE text, or drop the table",
                     printable(failure.table), printable(column));
}

std::optional<std::string> login(const ProgramFailure& failure) {
  if (!has(failure.error, "is not permitted to log in")) return std::nullopt;
  return fmt::format("as another superuser: ALTER ROLE {} LOGIN", quoted_in(failure.error, "role "));
}

std::optional<std::string> superuser(const ProgramFailure& failure) {
  if (!has(failure.error, "is no superuser")) return std::nullopt;
  return fmt::format("as another superuser: ALTER ROLE {} SUPERUSER", quoted_in(failure.error, "role "));
}

std::optional<std::string> changed_system_view(const ProgramFailure& failure) {
  if (!has(failure.error, "is ambiguous") || !failure.statement.starts_with("CREATE VIEW "))
    return std::nullopt;
  return fmt::format(
      "a system view that it reads has more columns in the new version; on the old server, drop {}, "
      "and create it again after the upgrade",
      object_of(failure));
}

std::optional<std::string> gone(const ProgramFailure& failure) {
  if (!has(failure.error, "does not exist")) return std::nullopt;
  if (failure.statement.starts_with("GRANT ") && has(failure.error, "function "))
    return "the function has other arguments in the new version, or is gone; on the old server, REVOKE the "
           "grant, "
           "and GRANT it again after the upgrade";
  const std::string object = object_of_statement(failure.statement);
  if (object.empty() || has(failure.error, "role ")) return std::nullopt;
  return fmt::format("the new version may no longer have it; on the old server, change or drop {}", object);
}

using Cure = std::optional<std::string> (*)(const ProgramFailure&);
constexpr std::array<Cure, 11> kCures = {search_path,   parameter,           duplicates, orphans,
                                         not_null_name, lost_owner,          node_tree,  login,
                                         superuser,     changed_system_view, gone};

// Where a few words are all that the cure depends on.
struct KnownCause {
  std::string_view part;  // of error or detail
  std::string_view cure;
};
constexpr std::array<KnownCause, 15> kKnownCauses = {{
    {"Postfix operators are not supported",
     "on the old server, drop the operator and use a function in its place"},
    {"Cipher cannot be initialized",
     "OpenSSL 3 of the new image has no Blowfish, CAST5 and DES; on the old server, drop what computes with "
     "them, "
     "and encrypt with aes what the applications have to read"},
    {"violates check constraint",
     "on the old server, correct the row, or drop the constraint and add it again NOT VALID"},
    {"violates partition constraint",
     "the new version hashes or compares the partition key otherwise (a collation of ICU, an enum); on the "
     "old "
     "server, partition the table by another key"},
    {"has no equivalent in encoding", "on the old server: ALTER DATABASE … RESET client_encoding"},
    {"stack depth limit exceeded",
     "raise max_stack_depth of the old server, which holds for the restore as well"},
    {"No space left on device", "free some space, then: pgupgrade resume"},
    {"missing chunk number",
     "the value is damaged: find its row, and restore it from a backup or set it to null"},
    {"invalid page in block", "the table is damaged: bring it back from a backup"},
    {"security label provider",
     "no library that the new server loads knows these labels: choose an image that has it with --image, or "
     "on "
     "the old server: SECURITY LABEL FOR … ON … IS NULL"},
    {"could not open extension control file", "choose an image that has the extension with --image"},
    {"/tsearch_data/",
     "the new image lacks the file: mount it in the service where the message says (beside where the old "
     "version has it), recreate the container and run again, or choose an image that has it with --image"},
    {"password authentication failed",
     "let local connections of the superuser in (pg_hba.conf), or set POSTGRES_USER and POSTGRES_PASSWORD"},
    {"no pg_hba.conf entry", "let local connections of the superuser in (pg_hba.conf)"},
    {"could not connect to server \"",
     "the foreign server cannot be asked while the upgrade runs: drop what reads "
     "it, and create it again after the upgrade"},
}};

std::string cure_of(const ProgramFailure& failure) {
  for (const Cure cure : kCures)
    if (const auto text = cure(failure)) return *text;
  for (const KnownCause& known : kKnownCauses)
    if (has(failure.error, known.part) || has(failure.detail, known.part)) return std::string(known.cure);
  return {};
}

}  // namespace

Explanation explain(const ProgramFailure& failure) {
  if (failure.error.empty()) return {};
  const auto shown = [](const std::string& text) { return printable(without_passwords(text), kShown); };
  Explanation explanation{
      .object = object_of(failure), .cause = shown(failure.error), .cure = cure_of(failure)};
  std::string detail = failure.detail;
  if (detail.ends_with('.')) detail.pop_back();
  if (!detail.empty()) explanation.cause += fmt::format(" ({})", shown(detail));
  const std::string function = running_function(failure);
  if (!function.empty()) explanation.cause += fmt::format(", in function {}", function);
  if (explanation.cure.empty()) explanation.cure = shown(failure.hint);
  return explanation;
}

}  // namespace pgupgrade::postgres
