#include "planning/choose_strategy.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/text.hpp"
#include "pgupgrade/planning/estimates.hpp"
#include "pgupgrade/planning/preflight.hpp"
#include "planning/dump_from_copy.hpp"
#include "planning/strategy_rules.hpp"

namespace pgupgrade::planning {
namespace {

constexpr std::int64_t kQuick = 60'000;  // milliseconds

struct Candidate {
  StrategyOutlook outlook;
  Diagnostics refusals;   // the errors that only this strategy has
  bool possible = true;   // none of them is about more than what it would change
  bool observed = false;  // whether it suits could be found out
  bool suits() const { return refusals.empty(); }
};

// Until the new image is on the engine nobody knows its C library.
bool libc_changes(const ServiceFacts& service) {
  const bool known = service.copy && service.new_image_facts;
  return !known || service.copy->old_libc != service.new_image_facts->libc;
}

// Whether a copy would be dumped with --backup aside, as plan_place finds it once the strategy is known.
Plan with_copies(Plan draft, const Facts& facts) {
  for (TargetPlan& target : draft.targets)
    for (const ServiceFacts& service : facts.services) {
      if (service.service != target.service) continue;
      target.aside.copied_because = why_dumped_from_copy(service);
      target.aside.copied = !target.aside.copied_because.empty();
    }
  return draft;
}

Workload workload_for(const Request& request, const Facts& facts, const Plan& draft) {
  Workload workload = workload_of(draft.targets);
  workload.jobs = draft.jobs;
  workload.backs_up = request.backup != Backup::aside;
  for (const ServiceFacts& service : facts.services)
    if (standing_of(service, draft.targets.front().new_major) == Standing::upgradable)
      workload.libc_changes = workload.libc_changes || libc_changes(service);
  return workload;
}

// What only this strategy asks of the services, and would change there.
Diagnostics said_of(const StrategyRule& rule, const Request& request, const Facts& facts) {
  Diagnostics said = rule.refuses(request);
  for (const ServiceFacts& service : facts.services) {
    if (standing_of(service, request.target_major) != Standing::upgradable) continue;
    const DataPlacement place = place_data(service, request.target_major);
    const Subject subject{
        .request = request, .service = service, .inventory = *service.inventory, .place = place};
    for (Diagnostic& found : findings(rule.checks, subject)) said.push_back(std::move(found));
  }
  return with_acceptance(std::move(said), request.acknowledged);
}

Diagnostics said_of_room(const Request& request, const Facts& facts, const Plan& draft) {
  return check_disk(request, disk_needs(request, facts, draft.targets));
}

// What only a copy of the running server asks for is known where it was looked at.
bool is_observed(const StrategyRule& rule, const Facts& facts, int target_major) {
  return rule.name != std::string(kWarm) ||
         std::all_of(facts.services.begin(), facts.services.end(), [&](const ServiceFacts& service) {
           return service.copy || standing_of(service, target_major) != Standing::upgradable;
         });
}

std::string sentence(const Diagnostic& diagnostic) {
  return diagnostic.hint.empty() ? diagnostic.message
                                 : fmt::format("{} → {}", diagnostic.message, diagnostic.hint);
}

// Of the errors among them. What may be accepted is told by the words of `changes`, if there are any.
enum class Told { by_changes_too, by_itself };
void take_refusals(Candidate& candidate, const Diagnostics& said, Told told) {
  for (const Diagnostic& found : said) {
    if (found.severity != Severity::error) continue;
    candidate.refusals.push_back(found);
    if (told == Told::by_changes_too && can_be_accepted(found.code) && !candidate.outlook.changes.empty())
      continue;
    candidate.possible = false;
    candidate.outlook.obstacles.push_back(sentence(found));
  }
}

Candidate candidate_of(const StrategyRule& rule, const Request& request, const Facts& facts,
                       const Plan& draft, Workload workload) {
  Candidate candidate;
  workload.reads_rows = verify_of(request.with(rule.name)) == Verify::full;
  candidate.observed = is_observed(rule, facts, request.target_major);
  const Forecast expected = forecast(rule.name, workload, facts.past_runs);
  candidate.outlook = {.name = rule.name,
                       .downtime_ms = expected.ms,
                       .basis = expected.basis,
                       .way_back = rule.way_back(request)};
  for (const TargetPlan& target : draft.targets) {
    const Room room = rule.room(request, target);
    candidate.outlook.room_bytes += room.beside_data + room.engine + room.state;
    for (const std::string& change : rule.changes(target.inventory))
      candidate.outlook.changes.push_back(
          draft.targets.size() == 1 ? change : fmt::format("{}: {}", printable(target.service), change));
  }
  if (!candidate.observed) candidate.outlook.obstacles = {"not looked at"};
  take_refusals(candidate, said_of(rule, request, facts), Told::by_changes_too);
  take_refusals(candidate, said_of_room(request.with(rule.name), facts, draft), Told::by_itself);
  return candidate;
}

bool is_quick_and_harmless(const Candidate& candidate) {
  return candidate.suits() && candidate.outlook.changes.empty() && candidate.outlook.downtime_ms < kQuick;
}

// Of the others than the first; null where none suits, or none is better than it.
const Candidate* better_than_first(const std::vector<Candidate>& candidates) {
  const Candidate& first = candidates.front();
  const Candidate* best = nullptr;
  for (std::size_t i = 1; i < candidates.size(); ++i) {
    const Candidate& other = candidates[i];
    if (!other.observed || !other.suits()) continue;
    const bool first_will_do = first.suits() && first.outlook.changes.size() <= other.outlook.changes.size();
    if (first_will_do && other.outlook.downtime_ms >= first.outlook.downtime_ms) continue;
    if (best == nullptr || other.outlook.downtime_ms < best->outlook.downtime_ms) best = &other;
  }
  return best;
}

std::string why_not_first(const Candidate& first) {
  if (!first.possible) return fmt::format("{} does not suit", first.outlook.name);
  if (!first.outlook.changes.empty())
    return fmt::format("{} would change something: {}", first.outlook.name,
                       join(first.outlook.changes, ", "));
  return fmt::format("{} would be down for {}", first.outlook.name,
                     human_duration(first.outlook.downtime_ms));
}

// Nothing can be accepted or repaired by who does not hear of it.
Diagnostics ways_out(const Candidate& first, const std::vector<Candidate>& candidates) {
  Diagnostics notes;
  if (first.suits()) return notes;
  for (const Candidate& other : candidates) {
    if (&other == &first || !other.observed) continue;
    for (const Diagnostic& refusal : other.refusals)
      notes.push_back({.severity = Severity::note,
                       .code = "N-STRATEGY",
                       .message = fmt::format("strategy {} does not suit either: {}", other.outlook.name,
                                              refusal.message),
                       .hint = refusal.hint});
  }
  return notes;
}

void decide(Choice& choice, const std::vector<Candidate>& candidates) {
  const Candidate& first = candidates.front();
  choice.strategy = first.outlook.name;
  if (is_quick_and_harmless(first)) {
    choice.reason = "auto: quick, and changes nothing";
    return;
  }
  if (const Candidate* better = better_than_first(candidates)) {
    choice.strategy = better->outlook.name;
    choice.reason = "auto: " + why_not_first(first);
    return;
  }
  choice.reason = "auto: no other one suits better";
  choice.notes = ways_out(first, candidates);
}

}  // namespace

Choice choose_strategy(const Request& request, const Facts& facts, const Plan& draft) {
  const Plan outlined = with_copies(draft, facts);
  const Workload workload = workload_for(request, facts, outlined);
  if (request.strategy == kRehearsal)
    return {.strategy = kRehearsal,
            .downtime_ms = forecast("dump", workload, facts.past_runs).ms,
            .reason = {},
            .outlooks = {},
            .notes = {}};
  std::vector<Candidate> candidates;
  for (const StrategyRule& rule : strategy_rules())
    candidates.push_back(candidate_of(rule, request, facts, outlined, workload));
  Choice choice{.strategy = request.strategy, .reason = "asked for", .outlooks = {}, .notes = {}};
  if (request.strategy == kAuto) {
    decide(choice, candidates);
    if (draft.targets.size() > 1) choice.reason += "; one for all services";
  }
  for (Candidate& candidate : candidates) {
    if (candidate.outlook.name == choice.strategy) choice.downtime_ms = candidate.outlook.downtime_ms;
    choice.outlooks.push_back(std::move(candidate.outlook));
  }
  return choice;
}

}  // namespace pgupgrade::planning
