#include "backup/errors.hpp"

#include "pgupgrade/backup/archive.hpp"
#include "pgupgrade/base/error.hpp"

namespace pgupgrade::backup {

void throw_cut(const std::string& message) {
  throw Error(ErrorKind::failed, "E-BACKUP-CUT", message, "the data was not touched: run it again");
}

void throw_damaged(const std::string& message) {
  throw Error(ErrorKind::failed, "E-BACKUP-DAMAGED", message,
              "do not use this backup; check the disk that holds it");
}

void throw_hostile(const std::string& message) {
  throw Error(ErrorKind::failed, "E-BACKUP-HOSTILE", message,
              "find out who put it there; no data directory of PostgreSQL holds such a thing");
}

bool is_damage(const Error& error) {
  return error.is("E-BACKUP-DAMAGED") || error.is("E-BACKUP-HOSTILE");
}

}  // namespace pgupgrade::backup
