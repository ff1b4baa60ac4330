#include "pgupgrade/postgres/members.hpp"

#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/base/json.hpp"
#include "postgres/ask.hpp"
#include "postgres/members_sql.hpp"

namespace pgupgrade::postgres {

std::string name_of(const ExtensionMember& member) {
  return member.type + " " + member.identity;
}

ExtensionMember member_of_json(const std::string& row) {
  const boost::json::object object = parse_row(row, "the members of extensions");
  return {.extension = json::get_string(object, "extension"),
          .type = json::get_string(object, "type"),
          .identity = json::get_string(object, "identity"),
          .attributes = json::get_string_map(object, "attributes")};
}

std::vector<ExtensionMember> read_members(SqlReader& reader, const std::string& database, int version_num) {
  std::vector<ExtensionMember> members;
  for (const std::string& row : reader.query(database, members_sql(version_num)))
    members.push_back(member_of_json(row));
  return members;
}

std::vector<ExtensionMember> read_others(SqlReader& reader, const std::string& database, int version_num,
                                         const std::vector<std::string>& names) {
  std::vector<ExtensionMember> others;
  if (names.empty()) return others;
  for (const std::string& row : reader.query(database, others_sql(version_num, names)))
    others.push_back(member_of_json(row));
  return others;
}

namespace {

std::string digest(const std::vector<ExtensionMember>& members, bool of_initdb) {
  std::string text;
  for (const ExtensionMember& member : members) {
    if (member.extension.empty() != of_initdb) continue;
    text += member.extension + '\n' + member.type + '\n' + member.identity + '\n';
    for (const auto& [name, value] : member.attributes) text += name + '\n' + value + '\n';
  }
  return sha256_hex(text);
}

}  // namespace

std::string digest_of_members(const std::vector<ExtensionMember>& members) {
  return digest(members, false);
}

std::string digest_of_built_ins(const std::vector<ExtensionMember>& members) {
  return digest(members, true);
}

}  // namespace pgupgrade::postgres
