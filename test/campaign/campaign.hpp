// Campaigns: what is tried on the real engine at every place and in every way, and so takes longer than a
// test may. Each part is one file and one line in catalog.cpp.
#pragma once

#include <functional>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

namespace pgupgrade::test::campaign {

// An invariant that does not hold.
class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Throws the Violation unless it is so.
void require(bool holds, const std::string& what);
// The same for two texts; names the lines in which they differ.
void require_same(const std::string& before, const std::string& after, const std::string& what);

// Runs the cases of a part and counts them. Those whose names do not match are left out, without counting.
class Cases {
 public:
  explicit Cases(const std::string& match) : match_(match) {}

  bool wants(const std::string& name) const { return std::regex_search(name, match_); }
  // What is thrown ends the campaign; the name of the case is told with it.
  void run(const std::string& name, const std::function<void()>& body);
  std::size_t passed() const { return passed_; }

 private:
  std::regex match_;
  std::size_t passed_ = 0;
};

struct Part {
  std::string name;
  std::string shows;  // for the table
  void (*run)(Cases& cases);
};

// All parts, in the order of a whole campaign.
const std::vector<Part>& catalog();

// The parts, each defined in the file of its name.
void archives(Cases& cases);
void kill(Cases& cases);
void kill_warm(Cases& cases);
void kill_rehearsal(Cases& cases);
void kill_parts(Cases& cases);
void kill_alternate(Cases& cases);
void cases(Cases& cases);
void names(Cases& cases);
void secrets(Cases& cases);
void engine(Cases& cases);
void state(Cases& cases);
void signals(Cases& cases);
void races(Cases& cases);
void interventions(Cases& cases);
void damage(Cases& cases);
void disk(Cases& cases);
void drift(Cases& cases);
void migrate(Cases& cases);

}  // namespace pgupgrade::test::campaign
