#pragma once

#include "pgupgrade/model/plan.hpp"
#include "pgupgrade/postgres/server.hpp"
#include "upgrade/run/context.hpp"

// What somebody has changed of extensions and of initdb's objects, which a dump leaves out
// (LeftBehind::members of the plan). Each of these may be called again.
namespace pgupgrade::upgrade {

// Objects that were added to an extension are taken out of it, so that they are dumped and compared like
// others, and those that were taken out are members again, since CREATE EXTENSION will make them; and back.
void take_members_out(postgres::Server& server, const TargetPlan& target);
void put_members_back(postgres::Server& server, const TargetPlan& target);

// For a rollback that leaves the data as it is: the dump may have been cut off while they were out.
void tell_of_members_out(StepContext& context, const TargetPlan& target);

// Error(failed, "E-EXTENSIONS-CHANGED") when members are not those of the plan; none may be out.
void refuse_changed_members(postgres::Server& server, const TargetPlan& target);

// The statements that make the changes of one database again, on the new server: once the types and
// extensions are there, before rows and indexes, which may depend on them; and once all else is there.
std::vector<std::string> first_statements(const TargetPlan& target, const std::string& database);
std::vector<std::string> last_statements(const TargetPlan& target, const std::string& database);

// Those that pg_upgrade leaves to do: it carries extensions over as they are.
std::vector<std::string> statements_after_conversion(const TargetPlan& target, const std::string& database);

// Whether constraints of the database have triggers that are not simply enabled.
bool has_key_states(const TargetPlan& target, const std::string& database);

enum class Whose { all, initdb };
// Each change that the new server does not show as the old one did, as a sentence.
std::vector<std::string> missing_member_changes(postgres::Server& server, const TargetPlan& target,
                                                Whose whose);

}  // namespace pgupgrade::upgrade
