#include "postgres/row_forms.hpp"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <set>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "postgres/names.hpp"
#include "postgres/sql_fragments.hpp"

namespace pgupgrade::postgres {
namespace {

// Types of PostgreSQL's own have the same oid on each version.
constexpr int kFirstOwnOid = 16384;
constexpr int kChar = 18;
constexpr int kText = 25;
constexpr int kVarchar = 1043;
constexpr int kBytea = 17;

// Of no fixed length, but never long enough to be hashed by themselves.
const std::set<int> kShort = {1700 /* numeric */, 869 /* inet */, 650 /* cidr */};

// The text of names in them has quotes where a version has the word for a keyword; that of an aclitem in
// other cases, too.
const std::set<int> kQuoted = {24 /* regproc */,
                               2202 /* regprocedure */,
                               2203 /* regoper */,
                               2204 /* regoperator */,
                               2205 /* regclass */,
                               2206 /* regtype */,
                               3734 /* regconfig */,
                               3769 /* regdictionary */,
                               4089 /* regnamespace */,
                               4096 /* regrole */,
                               4191 /* regcollation */,
                               8326 /* regdatabase */,
                               1033 /* aclitem */};

// From 16 on high bytes of a "char" are escaped, from 19 on a pg_lsn has leading zeros.
const std::map<int, std::string> kBinary = {{kChar, "charsend"}, {3220, "pg_lsn_send"}};
const std::map<int, std::string> kBinaryBefore12 = {
    {700, "float4send"}, {701, "float8send"}, {600, "point_send"}, {601, "lseg_send"},  {602, "path_send"},
    {603, "box_send"},   {604, "poly_send"},  {628, "line_send"},  {718, "circle_send"}};

struct Field {
  std::string name;
  int type = 0;
};

struct Type {
  char kind = 'b';
  std::string name;  // with its schema, quoted
  int length = 0;
  int within = 0;
  std::string output;  // the function; empty when it is that of another type (of text, for refcursor)
  std::vector<Field> fields;
};

int number(const std::optional<std::string>& text) {
  int value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

class Forms {
 public:
  Forms(const std::vector<Row>& rows, const RowHash& hash) : hash_(hash) {
    for (const Row& row : rows) {
      Type& type = types_[number(row.at(0))];
      type.kind = text_of(row.at(1)).front();
      type.name = quoted_identifier(text_of(row.at(2))) + "." + quoted_identifier(text_of(row.at(3)));
      type.length = number(row.at(4));
      type.within = number(row.at(5));
      if (row.at(7))
        type.output = quoted_identifier(text_of(row.at(6))) + "." + quoted_identifier(*row.at(7));
      if (row.at(8)) type.fields.push_back({.name = *row.at(8), .type = number(row.at(9))});
    }
  }

  std::vector<std::pair<std::string, std::string>> all() {
    std::vector<std::pair<std::string, std::string>> forms;
    for (const auto& [oid, type] : types_) {
      std::string form = form_of(oid, kValue);
      if (form != kValue) forms.emplace_back(std::to_string(oid), std::move(form));
    }
    return forms;
  }

 private:
  // Whether the text of such a value, or of one within it, is not the same on each version.
  bool is_special(int oid) const {
    if (kQuoted.count(oid) != 0 || !send_of(oid).empty()) return true;
    const auto found = types_.find(oid);
    if (found == types_.end()) return false;
    const Type& type = found->second;
    if (type.kind == 'c') {
      for (const Field& field : type.fields)
        if (is_special(field.type)) return true;
      return false;
    }
    // Base types have elements, too: name that of "char".
    return type.kind != 'b' && type.within != 0 && is_special(type.within);
  }

  std::string send_of(int oid) const {
    if (const auto found = kBinary.find(oid); found != kBinary.end()) return found->second;
    if (!hash_.binary_floats) return {};
    const auto found = kBinaryBefore12.find(oid);
    return found == kBinaryBefore12.end() ? std::string() : found->second;
  }

  std::string form_of(int oid, const std::string& value) const {
    const auto found = types_.find(oid);
    if (found == types_.end()) return value;
    const Type& type = found->second;
    if (type.kind == 'd') {
      const auto base = types_.find(type.within);
      if (base == types_.end()) return value;
      const std::string form = form_of(type.within, kValue);
      return form == kValue ? value : substituted(form, "(" + value + ")::" + base->second.name);
    }
    if (oid == kText || oid == kVarchar) return hash_of(hash_, value + "::pg_catalog.text");
    if (oid == kBytea) return hash_of(hash_, hex_of(value));
    if (is_special(oid)) return special_form(oid, type, value);
    if (type.length > 0 || kShort.count(oid) != 0) return value;
    return hash_of(hash_, text_by_output(type, value));
  }

  std::string special_form(int oid, const Type& type, const std::string& value) const {
    if (kQuoted.count(oid) != 0) return without_quotes(text_by_output(type, value));
    if (const std::string send = send_of(oid); !send.empty()) {
      const std::string bytes = "pg_catalog." + send + "(" + value + ")";
      return type.length > 0 ? bytes : hash_of(hash_, hex_of(bytes));
    }
    switch (type.kind) {
      case 'a':
        return array_form(type, value);
      case 'c':
        return composite_form(type, value);
      case 'm':
        return hash_of(hash_, hex_of("pg_catalog.multirange_send(" + value + ")"));
      default:
        return hash_of(hash_, hex_of("pg_catalog.range_send(" + value + ")"));
    }
  }

  // The binary form of an array has the oid of its elements' type, which is the same on both sides for types
  // of PostgreSQL's own only.
  std::string array_form(const Type& type, const std::string& value) const {
    if (kQuoted.count(type.within) != 0) return hash_of(hash_, without_quotes(text_by_output(type, value)));
    if (type.within < kFirstOwnOid) return hash_of(hash_, hex_of("pg_catalog.array_send(" + value + ")"));
    // unnest() in FROM would make a column of each field of a composite value.
    const std::string elements = fmt::format(
        "(SELECT pg_catalog.string_agg({1}::pg_catalog.text, ' ' ORDER BY u.place) FROM (SELECT "
        "pg_catalog.unnest({0}) AS value, pg_catalog.generate_series(1, "
        "pg_catalog.cardinality({0})) AS place) u)",
        value, hash_of_row(hash_, form_of(type.within, "u.value")));
    return fmt::format("CASE WHEN {} IS NOT NULL THEN {} END", value,
                       hash_of_row(hash_, "pg_catalog.array_dims(" + value + "), " + elements));
  }

  std::string composite_form(const Type& type, const std::string& value) const {
    std::string fields;
    for (const Field& field : type.fields)
      fields += (fields.empty() ? "" : ", ") +
                form_of(field.type, "(" + value + ")." + quoted_identifier(field.name));
    return "CASE WHEN " + text_by_output(type, value) + " IS NOT NULL THEN " + hash_of_row(hash_, fields) +
           " END";
  }

  // A cast to text could be one of the user's, and leaves out the blanks at the end of a char(n).
  static std::string text_by_output(const Type& type, const std::string& value) {
    if (type.output.empty())
      return "CASE WHEN " + value + " IS NOT NULL THEN pg_catalog.concat(" + value + ") END";
    return "pg_catalog.textin(" + type.output + "(" + value + "))";
  }

  static std::string without_quotes(const std::string& text) {
    return "pg_catalog.translate(" + text + ", '\"\\', '')";
  }

  static std::string hex_of(const std::string& bytes) { return "pg_catalog.encode(" + bytes + ", 'hex')"; }

  static std::string substituted(std::string form, const std::string& value) {
    const std::string_view mark = kValue;
    for (std::size_t at = form.find(mark); at != std::string::npos; at = form.find(mark, at + value.size()))
      form.replace(at, mark.size(), value);
    return form;
  }

  const RowHash& hash_;
  std::map<int, Type> types_;
};

std::string name_of(const RowHash& hash) {
  return hash.function + " of columns" + (hash.binary_floats ? ", floating-point numbers in binary" : "");
}

}  // namespace

RowHash row_hash_named(const std::string& name) {
  for (const bool binary_floats : {false, true})
    for (const char* function : {"hashtextextended", "hashtext"}) {
      const RowHash hash{.function = function, .binary_floats = binary_floats};
      if (name == name_of(hash)) return hash;
    }
  throw Error(ErrorKind::failed, "E-FINGERPRINT-FORMAT",
              "cannot compare with rows that were hashed by \"" + printable(name) +
                  "\", which is another version of pgupgrade's way",
              "run `pgupgrade rollback`, then start over");
}

std::string best_row_hash(int version_num) {
  return name_of({.function = version_num >= 110000 ? "hashtextextended" : "hashtext",
                  .binary_floats = version_num < 120000});
}

std::string hash_of(const RowHash& hash, const std::string& text) {
  return "pg_catalog." + hash.function + "((" + text + ") COLLATE pg_catalog.\"C\"" +
         (hash.function == "hashtext" ? "" : ", 0::pg_catalog.int8") + ")";
}

std::string hash_of_row(const RowHash& hash, const std::string& expressions) {
  return hash_of(hash, "ROW(" + expressions + ")::pg_catalog.text");
}

std::string types_sql(int version_num) {
  return fmt::format(
      R"(WITH RECURSIVE used(oid) AS (
  SELECT DISTINCT a.atttypid FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND {user}
  UNION
  SELECT part.oid FROM used JOIN pg_type t ON t.oid = used.oid, LATERAL (
    SELECT t.typbasetype UNION ALL SELECT t.typelem
    UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE r.rngtypid = t.oid{multirange}
    UNION ALL SELECT a.atttypid FROM pg_attribute a
      WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
  ) part(oid) WHERE part.oid <> 0::oid
)
SELECT t.oid::text, CASE WHEN t.typelem <> 0::oid AND f.proname = 'array_out' THEN 'a' ELSE t.typtype::text END,
  n.nspname::text, t.typname::text, t.typlen::text,
  coalesce(nullif(t.typbasetype, 0::oid), nullif(t.typelem, 0::oid), range.within)::text,
  fn.nspname::text, CASE WHEN t.typtype <> 'b' OR f.proname = 'array_out' OR f.proargtypes[0] = t.oid
    THEN f.proname::text END, a.attname::text, a.atttypid::text
FROM used JOIN pg_type t ON t.oid = used.oid JOIN pg_namespace n ON n.oid = t.typnamespace
JOIN pg_proc f ON f.oid = t.typoutput JOIN pg_namespace fn ON fn.oid = f.pronamespace
LEFT JOIN (SELECT rngtypid, rngsubtype FROM pg_range{ranges}) range(type, within) ON range.type = t.oid
LEFT JOIN pg_attribute a ON t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY t.oid, a.attnum)",
      fmt::arg("user", sql::user_schema("n")),
      fmt::arg("multirange",
               version_num >= 140000
                   ? "\n    UNION ALL SELECT r.rngtypid FROM pg_range r WHERE r.rngmultitypid = t.oid"
                   : ""),
      fmt::arg("ranges",
               version_num >= 140000 ? " UNION ALL SELECT rngmultitypid, rngtypid FROM pg_range" : ""));
}

std::vector<std::pair<std::string, std::string>> row_forms(const std::vector<Row>& types,
                                                           const RowHash& hash) {
  return Forms(types, hash).all();
}

}  // namespace pgupgrade::postgres
