#include "pgupgrade/model/fingerprint.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "model/shown.hpp"
#include "pgupgrade/base/text.hpp"
#include "pgupgrade/model/version_differences.hpp"

namespace pgupgrade {

namespace {

// Collects sentences until there are as many as were asked for.
class Sentences {
 public:
  explicit Sentences(std::size_t limit) : limit_(limit) {}
  void set_subject(std::string subject) { subject_ = std::move(subject); }
  bool full() const { return list_.size() >= limit_; }
  void add(const std::string& sentence) {
    if (!full()) list_.push_back(subject_ + sentence);
  }
  std::vector<std::string> take() { return std::move(list_); }

 private:
  std::size_t limit_;
  std::string subject_;
  std::vector<std::string> list_;
};

// Walks two maps in step, so that a comparison stays linear. `name_of` makes the subject of a sentence from
// a key; `compare` is called for keys that both have.
template <class Value, class NameOf, class Compare>
void compare_maps(const std::map<std::string, Value>& expected, const std::map<std::string, Value>& actual,
                  Sentences& sentences, NameOf name_of, Compare compare) {
  auto left = expected.begin();
  auto right = actual.begin();
  while ((left != expected.end() || right != actual.end()) && !sentences.full()) {
    if (right == actual.end() || (left != expected.end() && left->first < right->first)) {
      sentences.add(name_of(left->first) + " is missing");
      ++left;
    } else if (left == expected.end() || right->first < left->first) {
      sentences.add(name_of(right->first) + " is not in the old cluster");
      ++right;
    } else {
      compare(left->first, left->second, right->second);
      ++left;
      ++right;
    }
  }
}

std::string quoted(const std::string& name) {
  return "\"" + printable(name) + "\"";
}

// For values that can be read, such as an owner: both are shown.
void compare_values(const std::map<std::string, std::string>& expected,
                    const std::map<std::string, std::string>& actual, Sentences& sentences,
                    const std::string& noun) {
  const auto name_of = [&](const std::string& key) { return noun + " " + printable(key); };
  compare_maps(expected, actual, sentences, name_of,
               [&](const std::string& key, const std::string& was, const std::string& is) {
                 if (was != is) {
                   sentences.add(fmt::format("{} is {}, expected {}", name_of(key), quoted(is), quoted(was)));
                 }
               });
}

// The versions of two clusters.
struct Versions {
  int expected;
  int actual;
};

void compare_attributes(const ComparedObject& object, Sentences& sentences) {
  const auto value_in = [](const Attributes& attributes, const std::string& name) {
    const auto found = attributes.find(name);
    return found == attributes.end() ? nullptr : &found->second;
  };
  const auto compare = [&](const std::string& name, const std::string* was, const std::string* is) {
    if ((was == nullptr) == (is == nullptr) && (was == nullptr || *was == *is)) return;
    if (is_explained(object, name, was, is)) return;
    sentences.add(fmt::format("{}: {}", shown_object(object.name), shown_difference(name, was, is)));
  };
  for (const auto& [name, was] : object.old_attributes)
    compare(name, &was, value_in(object.new_attributes, name));
  for (const auto& [name, is] : object.new_attributes) {
    if (!object.old_attributes.contains(name)) compare(name, nullptr, &is);
  }
}

void compare_objects(const Objects& expected, const Objects& actual, Versions versions,
                     Sentences& sentences) {
  for (const auto& [name, was] : expected) {
    const auto found = actual.find(name);
    if (found == actual.end()) {
      sentences.add(shown_object(name) + " is missing");
    } else if (was != found->second) {
      compare_attributes({.old_version = versions.expected,
                          .new_version = versions.actual,
                          .name = name,
                          .old_attributes = was,
                          .new_attributes = found->second},
                         sentences);
    }
  }
  for (const auto& [name, is] : actual) {
    if (!expected.contains(name) && !is_explained(versions.expected, versions.actual, name, actual))
      sentences.add(shown_object(name) + " is not in the old cluster");
  }
}

// The stored generated columns whose values are others.
std::string generated_of(const TablePrint& was, const TablePrint& is) {
  std::string columns;
  for (const auto& [column, digest] : was.generated) {
    const auto found = is.generated.find(column);
    if (found == is.generated.end() || found->second == digest) continue;
    columns += (columns.empty() ? "" : ", ") + quoted(column);
  }
  return columns;
}

void compare_tables(const DatabasePrint& expected, const DatabasePrint& actual, Sentences& sentences) {
  const auto name_of = [](const std::string& key) { return "table " + printable(key); };
  compare_maps(expected.tables, actual.tables, sentences, name_of,
               [&](const std::string& key, const TablePrint& was, const TablePrint& is) {
                 if (was.rows != is.rows) {
                   sentences.add(fmt::format("{} has {} rows, expected {}", name_of(key), is.rows, was.rows));
                 } else if (was.digest != is.digest) {
                   const std::string columns = generated_of(was, is);
                   sentences.add(fmt::format(
                       "{} has {} rows as expected, but other {}", name_of(key), is.rows,
                       columns.empty()
                           ? "contents"
                           : "values in generated columns (" + columns + "), which a restore computes anew"));
                 }
               });
}

void compare_not_dumped(const DatabasePrint& expected, const DatabasePrint& actual, Sentences& sentences) {
  for (const auto& [table, rows] : expected.not_dumped) {
    const auto found = actual.not_dumped.find(table);
    const std::string subject =
        fmt::format("table {}, which an extension owns and a dump leaves out,", printable(table));
    if (found == actual.not_dumped.end())
      sentences.add(subject + " is missing");
    else if (found->second < rows)
      sentences.add(fmt::format("{} has {} rows, expected {}", subject, found->second, rows));
  }
}

void compare_databases(const DatabasePrint& expected, const DatabasePrint& actual, Versions versions,
                       Sentences& sentences) {
  compare_tables(expected, actual, sentences);
  compare_not_dumped(expected, actual, sentences);
  compare_values(expected.sequences, actual.sequences, sentences, "sequence");
  compare_objects(expected.objects, actual.objects, versions, sentences);
  if (expected.large_objects != actual.large_objects) {
    sentences.add(
        fmt::format("there are {} large objects, expected {}", actual.large_objects, expected.large_objects));
  } else if (expected.large_objects_digest != actual.large_objects_digest) {
    sentences.add(
        fmt::format("there are {} large objects as expected, but with other contents", actual.large_objects));
  }
}

}  // namespace

std::int64_t Fingerprint::table_count() const {
  std::int64_t count = 0;
  for (const auto& [name, database] : databases) count += static_cast<std::int64_t>(database.tables.size());
  return count;
}

Fingerprint only_rows(Fingerprint print) {
  print.shared.clear();
  for (auto& [name, database] : print.databases) {
    database.not_dumped.clear();
    database.sequences.clear();
    database.objects.clear();
  }
  return print;
}

std::int64_t Fingerprint::row_count() const {
  std::int64_t count = 0;
  for (const auto& [name, database] : databases) {
    for (const auto& [table, print] : database.tables) count += print.rows;
  }
  return count;
}

std::int64_t Fingerprint::sequence_count() const {
  std::int64_t count = 0;
  for (const auto& [name, database] : databases) {
    count += static_cast<std::int64_t>(database.sequences.size());
  }
  return count;
}

std::int64_t Fingerprint::role_count() const {
  return std::count_if(shared.begin(), shared.end(),
                       [](const auto& object) { return object.first.starts_with("role "); });
}

std::vector<std::string> differences(const Fingerprint& expected, const Fingerprint& actual,
                                     std::size_t limit) {
  Sentences sentences(limit);
  if (expected.format != actual.format) {
    sentences.add(fmt::format("the fingerprints cannot be compared: format {}, expected {}", actual.format,
                              expected.format));
    return sentences.take();
  }
  // Digests made by two functions always differ: a sentence for each table would say nothing.
  if (expected.row_hash != actual.row_hash) {
    sentences.add(fmt::format("the fingerprints cannot be compared: rows hashed by {}, expected {}",
                              quoted(actual.row_hash), quoted(expected.row_hash)));
    return sentences.take();
  }
  const Versions versions{.expected = expected.version_num, .actual = actual.version_num};
  const auto database = [](const std::string& name) { return "database " + quoted(name); };
  compare_maps(expected.databases, actual.databases, sentences, database,
               [&](const std::string& name, const DatabasePrint& was, const DatabasePrint& is) {
                 sentences.set_subject(database(name) + ": ");
                 compare_databases(was, is, versions, sentences);
                 sentences.set_subject({});
               });
  compare_objects(expected.shared, actual.shared, versions, sentences);
  return sentences.take();
}

}  // namespace pgupgrade
