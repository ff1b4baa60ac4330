#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pgupgrade::test {

// What Debian's python3-jsonschema finds wrong with documents (JSON texts) held against a schema of src/: a
// line for each finding, "document N: place: what". `schema` is relative to src/. Throws when the schema
// itself is wrong.
std::vector<std::string> schema_findings(const std::filesystem::path& schema,
                                         const std::vector<std::string>& documents);

}  // namespace pgupgrade::test
