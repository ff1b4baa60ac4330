#include "pgupgrade/model/version_differences.hpp"

#include <algorithm>
#include <cctype>
#include <set>

namespace pgupgrade {
namespace {

constexpr int kMajor = 10'000;  // of server_version_num

std::string value_of(const Attributes& attributes, const std::string& name) {
  const auto found = attributes.find(name);
  return found == attributes.end() ? std::string() : found->second;
}

// A column that the older version does not have. What it says of an object that came from there is known.
struct NewColumn {
  std::string_view name;
  int since;
  std::string_view value;
  std::string_view reason;
};

constexpr std::string_view kAny = "*";
constexpr std::string_view kNotThere = "what came from an older version has the value that it always had";
constexpr std::string_view kDerived = "the server derives it";

constexpr NewColumn kNewColumns[] = {
    {"aggfinalmodify", 11, "r", kNotThere},
    {"aggmfinalmodify", 11, "r", kNotThere},
    {"attcompression", 14, "", kNotThere},
    {"attgenerated", 12, "", kNotThere},
    {"collisdeterministic", 12, "true", kNotThere},
    {"conenforced", 18, "true", kNotThere},
    {"conparentid", 11, "false", kNotThere},
    {"conperiod", 18, "false", kNotThere},
    {"datlocprovider", 15, "c", kNotThere},
    {"fdwconnection", 19, "-", kNotThere},
    {"indnkeyatts", 11, kAny, "it counts the columns of indexes without INCLUDE, which are compared"},
    {"indnullsnotdistinct", 15, "false", kNotThere},
    {"inhdetachpending", 14, "false", kNotThere},
    {"inherit_option", 16, kAny, "a membership gets the role's own INHERIT, which is compared"},
    {"prexcept", 19, "false", kNotThere},
    {"prosupport", 12, "-", kNotThere},
    {"puballsequences", 19, "false", kNotThere},
    {"pubgencols", 18, "n", kNotThere},
    {"pubtruncate", 11, kAny, "a publication of an older version publishes no TRUNCATE"},
    {"pubviaroot", 13, "false", kNotThere},
    {"rngconstruct2, rngconstruct3, rngmltconstruct0, rngmltconstruct1, rngmltconstruct2", 19, kAny,
     "they are the functions that the server makes with a range type"},
    {"rngmultitypid", 14, kAny, "each range type has a multirange type of its own"},
    {"set_option", 16, "true", kNotThere},
    {"subbinary", 14, "false", kNotThere},
    {"subdisableonerr", 15, "false", kNotThere},
    {"subfailover", 17, "false", kNotThere},
    {"suborigin", 16, "any", kNotThere},
    {"submaxretention", 19, "0", kNotThere},
    {"subpasswordrequired", 16, "true", kNotThere},
    {"subretaindeadtuples", 19, "false", kNotThere},
    {"subrunasowner", 16, kAny, "a dump keeps the way in which older versions ran"},
    {"subserver", 19, "-", kNotThere},
    {"substream", 14, "f", kNotThere},
    {"subtwophasestate", 15, "false", kNotThere},
    {"subwalrcvtimeout", 19, "-1", kNotThere},
    {"tgparentid", 13, kAny, kDerived},
    {"typsubscript", 14, kAny, kDerived},
};

using Explains = bool (*)(const ComparedObject&, const std::string& was, const std::string& is);

// An attribute whose value changes.
struct Change {
  std::string_view name;
  int since;
  std::string_view difference;
  std::string_view reason;
  Explains explains;
};

bool becomes_permanent(const ComparedObject& object, const std::string& was, const std::string& is) {
  return object.name.starts_with("partitioned ") && was == "u" && is == "p";
}

// "{a,"b c"}" of texts without backslashes: the elements, quotes and all.
std::set<std::string> grants_in(const std::string& array) {
  std::set<std::string> grants;
  std::string grant;
  bool quoted = false;
  for (std::size_t at = 1; at + 1 < array.size(); ++at) {
    if (array[at] == '\\') {
      grant += array[++at];
      continue;
    }
    if (array[at] == '"') quoted = !quoted;
    if (array[at] == ',' && !quoted) {
      grants.insert(std::move(grant));
      grant.clear();
    } else if (array[at] != '"') {
      grant += array[at];
    }
  }
  if (!grant.empty()) grants.insert(std::move(grant));
  return grants;
}

// Who had all seven privileges on a table has the eighth as well, and so has the owner.
bool adds_maintain(const ComparedObject&, const std::string& was, const std::string& is) {
  static constexpr const char* kAllBefore[] = {"SELECT",   "INSERT",     "UPDATE", "DELETE",
                                               "TRUNCATE", "REFERENCES", "TRIGGER"};
  constexpr std::string_view kMaintain = "=MAINTAIN";
  const std::set<std::string> before = grants_in(was);
  std::set<std::string> after = grants_in(is);
  for (auto at = after.begin(); at != after.end();) {
    const std::size_t word = at->find(kMaintain);
    bool is_expected = false;
    if (word != std::string::npos) {
      const std::string grantee = at->substr(0, word);
      const std::string rest = at->substr(word + kMaintain.size());  // "*/grantor"
      is_expected = rest == "/" + grantee ||
                    std::all_of(std::begin(kAllBefore), std::end(kAllBefore), [&](const char* privilege) {
                      return before.contains(grantee + "=" + privilege + rest);
                    });
    }
    at = is_expected ? after.erase(at) : std::next(at);
  }
  return before == after;
}

// "de@collation=phonebook" is "de-u-co-phonebk": the language is the same.
bool becomes_tag(const ComparedObject& object, const std::string& was, const std::string& is) {
  if (value_of(object.old_attributes, "collprovider") != "i" &&
      value_of(object.old_attributes, "datlocprovider") != "i")
    return false;
  const auto language = [](const std::string& locale) {
    std::string word;
    for (const char c : locale) {
      if (std::isalpha(static_cast<unsigned char>(c)) == 0) break;
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return word == "root" || word == "und" ? std::string() : word;
  };
  return language(was) == language(is);
}

// "iso8859_1_to_utf8(integer,integer,cstring,internal,integer)" and one argument more.
bool takes_no_error(const ComparedObject&, const std::string& was, const std::string& is) {
  constexpr std::string_view kMore = ",boolean)";
  return was.ends_with(')') && is.ends_with(kMore) &&
         is.substr(0, is.size() - kMore.size()) == was.substr(0, was.size() - 1);
}

bool has_heap(const ComparedObject&, const std::string& was, const std::string& is) {
  return was == "-" && is == "\"heap\"";
}

// array_append(anyarray,anyelement) and others take anycompatiblearray and anycompatible.
bool becomes_compatible(const ComparedObject&, const std::string& was, const std::string& is) {
  std::string text = is;
  for (const auto& [now, then] :
       {std::pair<std::string_view, std::string_view>{"anycompatiblearray", "anyarray"},
        {"anycompatible", "anyelement"}}) {
    for (std::size_t at = 0; (at = text.find(now, at)) != std::string::npos; at += then.size())
      text.replace(at, now.size(), then);
  }
  return text == was && is.find('.') == std::string::npos;
}

bool any_change(const ComparedObject&, const std::string&, const std::string&) {
  return true;
}

constexpr Change kChanges[] = {
    {"aggtransfn, aggfinalfn, aggcombinefn, aggmtransfn, aggminvtransfn, aggmfinalfn, oprcode", 14,
     "functions of arrays take compatible types", "14 has them in place of those of equal types",
     becomes_compatible},
    {"colllocale, datlocale", 16, "a locale of ICU is spelled as a language tag",
     "the new server spells it so", becomes_tag},
    {"conproc", 14, "the function of a conversion has one argument more",
     "14 lets it be asked not to fail; functions of that form alone are taken", takes_no_error},
    {"grantor of memberships", 16, "the grantor may be another",
     "a grantor must have ADMIN OPTION from 16 on; older versions kept any name", any_change},
    {"relacl, defaclacl", 17, "the owner of a table, and who had all privileges on it, has MAINTAIN, too",
     "17 has this privilege", adds_maintain},
    {"relam", 12, "a table has the access method heap", "12 has access methods for tables", has_heap},
    {"relpersistence", 18, "unlogged partitioned tables and indexes are permanent",
     "a table that holds no rows cannot be unlogged from 18 on; its partitions are compared",
     becomes_permanent},
};

bool names(std::string_view list, const std::string& attribute) {
  return (", " + std::string(list) + ",").find(", " + attribute + ",") != std::string::npos;
}

bool is_about(const Change& change, const ComparedObject& object, const std::string& attribute) {
  if (change.name == "grantor of memberships")
    return attribute == "grantor" && object.name.starts_with("membership ");
  return names(change.name, attribute);
}

using ExplainsObject = bool (*)(const std::string& name, const Attributes& attributes, const Objects& all);

// Objects that the newer version has of itself.
struct NewObjects {
  std::string_view name;
  int since;
  std::string_view difference;
  std::string_view reason;
  ExplainsObject explains;
};

bool is_not_null_of_table(const std::string& name, const Attributes& attributes, const Objects&) {
  return name.starts_with("not-null constraint ") && value_of(attributes, "conrelid") != "-";
}

bool is_not_null_of_domain(const std::string& name, const Attributes& attributes, const Objects&) {
  return name.starts_with("not-null constraint ") && value_of(attributes, "conrelid") == "-";
}

bool is_copy_of_foreign_key(const std::string& name, const Attributes&, const Objects&) {
  return name.starts_with("copy of foreign key ");
}

bool is_copy_of_trigger(const std::string& name, const Attributes& attributes, const Objects&) {
  return name.starts_with("trigger ") && value_of(attributes, "tgparentid") == "true";
}

bool is_multirange(const std::string& name, const Attributes& attributes, const Objects& all) {
  return std::any_of(all.begin(), all.end(), [&](const auto& other) {
    const std::string type = value_of(other.second, "rngmultitypid");
    return !type.empty() && (name == "type " + type || name == "type " + type + "[]" ||
                             value_of(attributes, "casttarget") == type ||
                             (value_of(attributes, "prorettype") == type &&
                              value_of(attributes, "prosrc").starts_with("multirange_constructor")));
  });
}

constexpr NewObjects kNewObjects[] = {
    {"copies of foreign keys", 0, "a partition has more copies of a foreign key",
     "older servers left some out; they follow from the foreign key, which is compared",
     is_copy_of_foreign_key},
    {"multirange types", 14, "each range type has one, with its array, functions and cast",
     "the server makes them with the range type", is_multirange},
    {"copies of row triggers", 15, "a partition lists the triggers of its parent",
     "they were internal before, and are compared with the parent's", is_copy_of_trigger},
    {"NOT NULL of domains", 17, "it is a constraint with a name", "the domain's typnotnull is compared",
     is_not_null_of_domain},
    {"NOT NULL of tables", 18, "it is a constraint with a name", "the column's attnotnull is compared",
     is_not_null_of_table},
};

bool applies(int since, int old_version, int new_version) {
  if (since == 0) return true;
  return old_version < since * kMajor && new_version >= since * kMajor;
}

}  // namespace

std::vector<VersionDifference> version_differences() {
  std::vector<VersionDifference> all;
  for (const NewColumn& column : kNewColumns)
    all.push_back({column.name, column.since, "a new column", column.reason});
  for (const Change& change : kChanges)
    all.push_back({change.name, change.since, change.difference, change.reason});
  for (const NewObjects& objects : kNewObjects)
    all.push_back({objects.name, objects.since, objects.difference, objects.reason});
  return all;
}

bool is_explained(const ComparedObject& object, const std::string& attribute, const std::string* was,
                  const std::string* is) {
  if (was == nullptr && is != nullptr) {
    return std::any_of(std::begin(kNewColumns), std::end(kNewColumns), [&](const NewColumn& column) {
      return names(column.name, attribute) && applies(column.since, object.old_version, object.new_version) &&
             (column.value == kAny || column.value == *is);
    });
  }
  if (was == nullptr || is == nullptr) return false;
  return std::any_of(std::begin(kChanges), std::end(kChanges), [&](const Change& change) {
    return is_about(change, object, attribute) &&
           applies(change.since, object.old_version, object.new_version) &&
           change.explains(object, *was, *is);
  });
}

bool is_explained(int old_version, int new_version, const std::string& object, const Objects& all) {
  return std::any_of(std::begin(kNewObjects), std::end(kNewObjects), [&](const NewObjects& objects) {
    return applies(objects.since, old_version, new_version) && objects.explains(object, all.at(object), all);
  });
}

}  // namespace pgupgrade
