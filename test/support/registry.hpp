// A server with a database "registry" of schemas, for scripts to be tried on a copy within it.
#pragma once

#include <filesystem>
#include <string>

#include "support/server_pair.hpp"

namespace pgupgrade::test {

// The role "app", who is no superuser, has the database, and in it the schemas "production" and "working",
// with what a copy has to bring along; the schema "other" is not to be copied. It goes with all that is in
// it.
class Registry {
 public:
  explicit Registry(int major);

  const NetworkServer& server() const { return server_; }
  std::filesystem::path directory() const { return directory_.path(); }
  std::string script(const std::string& name, const std::string& text) const;  // its path
  void passwords(const std::string& lines) const;                              // of the file for libpq
  std::string uri(const std::string& database) const;
  // A rehearsal of the two schemas in "alt_db"; `more` follows.
  Words command(const Words& scripts, const Words& more = {}) const;
  ProcessResult run(Words words, Variables variables = {}) const;  // pgupgrade
  // The state of the database that is not to change.
  std::string registry() const;
  std::string databases() const { return server_.databases(); }
  std::string dump() const;                  // the file; empty: none
  std::filesystem::path state_file() const;  // of the one rehearsal

 private:
  Certificates certificates_;
  NetworkServer server_;
  int major_;
  TemporaryDirectory directory_;
};

// What registry() gives at first.
inline constexpr const char* kRegistryBefore = "1.0 id,name,size,price 3000";

}  // namespace pgupgrade::test
