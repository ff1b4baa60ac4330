#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pgupgrade/model/fingerprint.hpp"

namespace pgupgrade {

// A difference between the catalogs of two clusters that the newer version makes by itself, in everyone's
// cluster. README's table "Differences that versions make" lists them.
struct VersionDifference {
  std::string_view name;  // of a column, or of a kind of objects
  int since;              // the major version from which on it is so, when the old one is older; 0: always
  std::string_view difference;
  std::string_view reason;
};
std::vector<VersionDifference> version_differences();

// The two versions and an object that both clusters have.
struct ComparedObject {
  int old_version;  // server_version_num
  int new_version;
  const std::string& name;  // its key in Objects
  const Attributes& old_attributes;
  const Attributes& new_attributes;
};
// Whether a version explains the difference between two values of an attribute; null where there is none.
bool is_explained(const ComparedObject& object, const std::string& attribute, const std::string* was,
                  const std::string* is);
// Whether a version explains an object that only the new cluster has, among `all` of the database.
bool is_explained(int old_version, int new_version, const std::string& object, const Objects& all);

}  // namespace pgupgrade
