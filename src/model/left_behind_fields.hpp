#pragma once

#include <array>

#include "model/fields.hpp"
#include "pgupgrade/model/left_behind.hpp"

namespace pgupgrade {

template <class Archive, fields::Of<LeftObject> T>
void describe(Archive& archive, T& value) {
  archive("object", value.object);
  archive("cure", value.cure);
}

template <class Archive, fields::Of<GeneratedColumnFacts> T>
void describe(Archive& archive, T& value) {
  archive("table", value.table);
  archive.optional("whole", value.whole);
  archive("column", value.column);
  archive("changed", value.changed);
  archive("first_keys", value.first_keys);
  archive("problem", value.problem);
}

template <class Archive, fields::Of<OidColumnFacts> T>
void describe(Archive& archive, T& value) {
  archive("column", value.column);
  archive("values", value.values);
  archive.optional("gone", value.gone);
  archive("cure", value.cure);
  archive("problem", value.problem);
}

template <class Archive, fields::Of<RowFinding> T>
void describe(Archive& archive, T& value) {
  archive("rule", value.rule);
  archive("rows", value.rows);
  archive("first_keys", value.first_keys);
  archive("cure", value.cure);
  archive("problem", value.problem);
}

inline constexpr std::array<fields::Text<MemberChangeKind>, 3> texts_of(MemberChangeKind) {
  return {{{MemberChangeKind::added, "added"},
           {MemberChangeKind::removed, "removed"},
           {MemberChangeKind::altered, "altered"}}};
}

template <class Archive, fields::Of<MemberChange> T>
void describe(Archive& archive, T& value) {
  archive("kind", value.kind);
  archive("extension", value.extension);
  archive("type", value.type);
  archive("identity", value.identity);
  archive("attribute", value.attribute);
  archive("expected", value.expected);
  archive("value", value.value);
  archive("statement", value.statement);
}

template <class Archive, fields::Of<LeftBehind> T>
void describe(Archive& archive, T& value) {
  archive("catalog_objects", value.catalog_objects);
  archive("ownerless", value.ownerless);
  archive("invalid_indexes", value.invalid_indexes);
  archive("generated_columns", value.generated_columns);
  archive("oid_columns", value.oid_columns);
  archive("problems", value.problems);
  archive("members", value.members);
  archive("members_digest", value.members_digest);
  archive.optional("built_ins_digest", value.built_ins_digest);
  archive.optional("key_states", value.key_states);
  archive.optional("column_orders", value.column_orders);
  archive.optional("views", value.views);
  archive.optional("constructors", value.constructors);
  archive.optional("counters", value.counters);
  archive.optional("rows", value.rows);
  archive("unknown_extensions", value.unknown_extensions);
}

}  // namespace pgupgrade
