#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pgupgrade/docker/engine.hpp"
#include "pgupgrade/postgres/sql.hpp"

namespace pgupgrade::docker {

// SQL through psql inside a user's running Postgres container (over its own local socket; when that asks for
// a password the container's own POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE is used inside the container and
// never passes through us). Each answer ends with a sentinel row, so an output that was cut short is
// Error(failed, "E-EXEC-CUT"). Statements must be read-only; they run under default_transaction_read_only.
class ExecPsql final : public postgres::SqlReader {
 public:
  // `role` is a superuser to log in as; see find_login.
  ExecPsql(Engine& engine, std::string container, std::string role);
  std::vector<std::string> query(const std::string& database, const std::string& sql) override;
  // They go together with the first of them that is asked, in one exec. One that fails is asked by itself.
  void expect(const std::vector<postgres::Question>& questions) override;

  struct Login;
  // Tries POSTGRES_USER, "postgres" and the like against the databases that should exist; returns the
  // bootstrap superuser (oid 10) and a database that answers. `soon` will be asked there next. Throws
  // Error(failed, "E-NO-SUPERUSER").
  static Login find_login(Engine& engine, const ContainerInfo& container,
                          const std::vector<std::string>& soon = {});

 private:
  void ask_expected();
  void ask_together(const std::vector<postgres::Question>& questions);
  Engine* engine_;  // never null
  std::string container_;
  std::string role_;
  std::size_t route_ = 0;  // the way to the server that worked last
  std::vector<postgres::Question> expected_;
  std::map<postgres::Question, std::vector<std::string>> answers_;
};

struct ExecPsql::Login {
  std::string role;
  std::string database;
  ExecPsql psql;  // as that role
};

// Whether pg_wal of a running container's data directory is a symbolic link, which SQL cannot tell: fills
// Inventory::wal_outside_data. Error(failed, "E-EXEC-CUT") when the container does not answer that question.
bool wal_is_linked(Engine& engine, const std::string& container, const std::string& data_directory);

}  // namespace pgupgrade::docker
