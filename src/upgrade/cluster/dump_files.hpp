#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "pgupgrade/model/fingerprint.hpp"
#include "upgrade/run/context.hpp"
#include "upgrade/sandbox/client_work.hpp"

namespace pgupgrade::upgrade {

// What the dump volume of a target must hold, written down when it was made: <run>/dump-<service>.json.
struct DumpedDatabase {
  std::string name;
  std::string directory;                        // in the volume: "db-0"
  std::map<std::string, std::int64_t> objects;  // the catalog's counts, kind -> number
  std::vector<std::string> missing;             // built-ins that it lacks (Server::missing_built_ins)
  bool marked = false;                          // it holds marks of columns (Server::clear_column_marks)
};
struct DumpRecord {
  std::vector<DumpedDatabase> databases;       // template1 first, then postgres, then by name
  std::map<std::string, std::string> digests;  // file in the volume -> sha256
};

std::string dump_record_text(const DumpRecord& record);
DumpRecord parse_dump_record(const std::string& text);

// The record that the dump step wrote, proven by the digest in the journal.
DumpRecord read_dump_record(StepContext& context, const TargetPlan& target);

// Makes the dump volume anew, empty.
void make_dump_volume(StepContext& context, const TargetPlan& target);
// For the work container that dumps, first and last: leaves the volume to root alone, since the verifiers of
// all passwords will lie in it; and reads every file again.
ClientCommand close_dump_volume(const TargetPlan& target);
ClientCommand digest_dump(const TargetPlan& target);
// What the latter has read: file in the volume -> sha256.
std::map<std::string, std::string> parse_digests(const TargetPlan& target, const WorkResult& result);

// Error(failed, "E-DUMP-DAMAGED") names the first file that is not as recorded.
void verify_dump_digests(StepContext& context, const TargetPlan& target, const DumpRecord& record);
// The same, and all tables of contents as list_dumps.
std::vector<std::string> verify_dump_files(StepContext& context, const TargetPlan& target,
                                           const DumpRecord& record);

// The old cluster's fingerprint. Error(failed, "E-FINGERPRINT-FORMAT") when it is of another format, with
// which the new cluster could not be compared.
Fingerprint parse_old_fingerprint(const std::string& text, const TargetPlan& target);

// One small file of the dump volume.
std::string read_dump_file(StepContext& context, const TargetPlan& target, const std::string& file);
// Small files into it, name -> content.
void write_dump_files(StepContext& context, const TargetPlan& target,
                      const std::map<std::string, std::string>& files);

// The tables of contents of databases' dumps, in their order, as pg_restore prints them. Error(failed,
// "E-DUMP-DAMAGED") names the database whose dump cannot be read.
std::vector<std::string> list_dumps(StepContext& context, const TargetPlan& target,
                                    const std::vector<DumpedDatabase>& databases);

}  // namespace pgupgrade::upgrade
