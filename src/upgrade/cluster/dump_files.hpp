#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "pgupgrade/model/fingerprint.hpp"
#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

// What the dump volume of a target must hold, written down when it was made: <run>/dump-<service>.json.
struct DumpedDatabase {
  std::string name;
  std::string directory;                        // in the volume: "db-0"
  std::map<std::string, std::int64_t> objects;  // the catalog's counts, kind -> number
  std::vector<std::string> missing;             // built-ins that it lacks (Server::missing_built_ins)
};
struct DumpRecord {
  std::vector<DumpedDatabase> databases;       // template1 first, then postgres, then by name
  std::map<std::string, std::string> digests;  // file in the volume -> sha256
};

std::string dump_record_text(const DumpRecord& record);
DumpRecord parse_dump_record(const std::string& text);

// The record that the dump step wrote, proven by the digest in the journal.
DumpRecord read_dump_record(StepContext& context, const TargetPlan& target);

// Makes the dump volume anew, empty, for root alone: the verifiers of all passwords will lie in it.
void make_dump_volume(StepContext& context, const TargetPlan& target);

// sha256 of every file in the dump volume, read in a work container.
std::map<std::string, std::string> digest_dump(StepContext& context, const TargetPlan& target);

// Error(failed, "E-DUMP-DAMAGED") names the first file that is not as recorded.
void verify_dump_digests(StepContext& context, const TargetPlan& target, const DumpRecord& record);

// The old cluster's fingerprint. Error(failed, "E-FINGERPRINT-FORMAT") when it is of another format, with
// which the new cluster could not be compared.
Fingerprint parse_old_fingerprint(const std::string& text, const TargetPlan& target);

// One small file of the dump volume.
std::string read_dump_file(StepContext& context, const TargetPlan& target, const std::string& file);
void write_dump_file(StepContext& context, const TargetPlan& target, const std::string& file,
                     const std::string& content);

}  // namespace pgupgrade::upgrade
