// What planning has looked at, and what it has to say of it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "pgupgrade/model/plan.hpp"
#include "planning/checks.hpp"

namespace pgupgrade::planning {

// A line of the list, without what it says of a service.
struct CheckName {
  const char* title;  // what is so where nothing is found
  const char* codes;  // of what may be said, separated by spaces
};

class Review {
 public:
  // That was looked at; of a service, or of all when that is empty.
  void add(const CheckName& check, const std::string& service, Diagnostics found);
  // Nobody could look yet.
  void postpone(const CheckName& check);
  // What is of no check.
  void say(Diagnostics more);

  const Diagnostics& diagnostics() const { return diagnostics_; }
  const std::vector<CheckLine>& lines() const { return lines_; }

 private:
  CheckLine& line_of(const CheckName& check);
  Diagnostics diagnostics_;
  std::vector<CheckLine> lines_;
};

// Those that apply. Errors that the request accepts are warnings.
void run_checks(std::span<const Check> checks, const Subject& subject, Review& review);

// The server, whatever its state: running, answering, of a version that can be upgraded.
void check_standing(const Request& request, const ServiceFacts& service, Review& review);

// All that is to be said of one service, but for its new image and the disk, when it is upgraded by the
// request's strategy, which must be one of those that are.
void check_service(const Request& request, const ServiceFacts& service, Review& review);

// Of its new image, null while that is not on the engine.
void check_image(const TargetPlan& target, const ImageFacts* image, const Request& request, Review& review);

}  // namespace pgupgrade::planning
