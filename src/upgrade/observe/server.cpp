#include <fmt/format.h>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/hash.hpp"
#include "pgupgrade/docker/exec_psql.hpp"
#include "pgupgrade/postgres/inspect.hpp"
#include "pgupgrade/postgres/left_behind.hpp"
#include "pgupgrade/postgres/program_errors.hpp"
#include "pgupgrade/postgres/row_rules.hpp"
#include "upgrade/clients/passwords.hpp"
#include "upgrade/observe/observe_parts.hpp"
#include "upgrade/run/names.hpp"
#include "upgrade/sandbox/hidden_settings.hpp"
#include "upgrade/sandbox/reference.hpp"

namespace pgupgrade::upgrade {

void observe_server(ServiceFacts& facts, World& world, const compose::Project& project,
                    const Request& request, ImageLooks& images) {
  if (!facts.running) return;
  const auto container = world.engine.inspect_container(facts.container_id);
  if (!container) return;
  try {
    auto login = docker::ExecPsql::find_login(world.engine, *container, postgres::opening_questions());
    docker::ExecPsql& psql = login.psql;
    postgres::expect_observation(psql, login.database);
    facts.inventory = postgres::read_inventory(psql, login.database);
    hide_passwords(*facts.inventory);
    postgres::read_left_behind(psql, *facts.inventory, world.clock);
    if (request.deep && request.strategy != kWarm)
      postgres::read_row_rules(psql, *facts.inventory, world.clock);
    compare_with_reference(world, kObservation + random_hex(4), facts.service, facts.image_id, psql,
                           *facts.inventory);
    facts.inventory->wal_outside_data =
        docker::wal_is_linked(world.engine, container->id, facts.inventory->data_directory);
    if (facts.inventory->major() < request.target_major)
      observe_copying(facts, world, psql, login.database, images);
    const auto verifiers = postgres::read_md5_verifiers(psql, login.database);
    if (verifiers.empty()) return;
    const auto candidates = collect_passwords(world.engine, project, facts.service, &*container,
                                              request.password_file ? request.password_file->string() : "");
    for (const auto& [role, verifier] : verifiers) {
      const auto found = postgres::find_password(role, verifier.reveal(), candidates);
      facts.md5_passwords.push_back({.role = role, .origin = found ? found->origin : ""});
    }
  } catch (const Error& error) {
    // A password file that cannot be used is the user's to fix; anything else is a fact about the server.
    if (error.kind() != ErrorKind::failed) throw;
    facts.inventory.reset();
    facts.inventory_problem = error.what();
    auto failure = postgres::parse_failure(error.what());
    if (failure.error.empty()) failure.error = error.what();
    const std::string cure = postgres::explain(failure).cure;
    facts.inventory_hint = cure.empty() ? error.hint() : cure;
  }
}

}  // namespace pgupgrade::upgrade
