#pragma once

#include "pgupgrade/compose/cli.hpp"
#include "support/world/engine.hpp"

namespace pgupgrade::test {

// Compose over the simulated engine. It reads the real files, of which it understands services with image,
// restart, environment, volumes and depends_on, one item a line.
class SimulatedCompose final : public compose::Cli {
 public:
  SimulatedCompose(SimulatedEngine& engine, std::string project)
      : engine_(engine), project_(std::move(project)) {}

  std::string version() override { return "2.40.3"; }
  compose::Project load(const ProjectLocation& location) override;
  compose::Project load_with(const ProjectLocation& location,
                             const std::map<std::string, std::string>& contents) override;
  void up(const ProjectLocation& location, const std::vector<std::string>& services,
          std::chrono::milliseconds timeout) override;
  void create(const ProjectLocation& location, const std::vector<std::string>& services,
              std::chrono::milliseconds timeout) override;

  std::function<void(const std::string& change)> on_change;  // before each call that changes something
  std::map<std::string, std::string> addresses;              // service -> its containers' address
  int proofs = 0;                                            // how often it was asked of other texts
  std::string problem;                                       // what keeps it from making any container

 private:
  void refuse_where_broken() const;
  std::string make(const ProjectLocation& location, const std::string& service,
                   const compose::Service& declared, const std::string& restart, const std::string& name);
  std::string make_as_declared(const ProjectLocation& location, const std::string& service);

  SimulatedEngine& engine_;
  std::string project_;
};

}  // namespace pgupgrade::test
