#include "postgres/reprint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "pgupgrade/base/error.hpp"

namespace pgupgrade::postgres {
namespace {

constexpr const char* kPurpose = "read expressions of the old cluster again";

// How an expression is given to the server: what of, and what it may refer to.
enum class Form { rule, values, trigger, function };

struct Expression {
  std::string_view attribute;
  Form form;
  std::string_view relation;  // the attribute that names the relation; empty: there is none
};
constexpr Expression kExpressions[] = {
    {"adbin", Form::values, "adrelid"},    {"conbin", Form::values, "conrelid"},
    {"ev_action", Form::rule, "ev_class"}, {"indexprs", Form::values, "indrelid"},
    {"indpred", Form::values, "indrelid"}, {"partexprs", Form::values, "partrelid"},
    {"polqual", Form::values, "polrelid"}, {"polwithcheck", Form::values, "polrelid"},
    {"proargdefaults", Form::values, ""},  {"prosqlbody", Form::function, ""},
    {"prqual", Form::values, "prrelid"},   {"stxexprs", Form::values, "stxrelid"},
    {"tgqual", Form::trigger, "tgrelid"},  {"typdefaultbin", Form::values, ""},
};

std::string value_in(const Attributes& attributes, std::string_view name) {
  const auto found = attributes.find(std::string(name));
  return found == attributes.end() ? std::string() : found->second;
}

// The statements of one database, in one transaction of which nothing stays.
class Scratch {
 public:
  explicit Scratch(Session& session) : session_(session) {
    session_.execute("BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE", kPurpose);
    session_.execute("SET LOCAL quote_all_identifiers = on; SET LOCAL check_function_bodies = off", kPurpose);
    if (session_.is_superuser()) silence_event_triggers();
  }
  ~Scratch() {
    try {
      session_.execute("ROLLBACK", kPurpose);
    } catch (const Error&) {
      // The session is at its end, and so is the transaction.
    }
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  // The single value that the last statement yields; nothing when the server refuses one of them.
  std::optional<std::string> ask(const std::string& sql) {
    session_.execute("SAVEPOINT expression", kPurpose);
    std::optional<std::string> answer;
    try {
      const std::vector<Row> rows = session_.rows(sql, kPurpose);
      if (rows.size() == 1) answer = rows.front().front();
    } catch (const Error& error) {
      if (!error.is("E-SQL")) throw;
    }
    session_.execute("ROLLBACK TO SAVEPOINT expression; RELEASE SAVEPOINT expression", kPurpose);
    return answer;
  }

  std::optional<std::string> view(const std::string& query) {
    return ask("CREATE TEMPORARY VIEW pgupgrade_expression AS " + query +
               "; SELECT pg_get_viewdef('pg_temp.pgupgrade_expression'::regclass)");
  }

  std::string literal(const std::string& text) { return session_.quote_literal(text); }

 private:
  // Of those that are there without a superuser one may refuse the statements, whose texts are then left as
  // they are.
  void silence_event_triggers() {
    session_.execute("SET LOCAL session_replication_role = replica", kPurpose);
    // An event trigger that is enabled always would fire all the same.
    for (const std::string& name :
         session_.column("SELECT quote_ident(evtname) FROM pg_event_trigger", kPurpose))
      session_.execute("ALTER EVENT TRIGGER " + name + " DISABLE", kPurpose);
  }

  Session& session_;
};

std::string without_semicolon(std::string text) {
  while (!text.empty() && (text.back() == ';' || text.back() == ' ' || text.back() == '\n')) text.pop_back();
  return text;
}

// "rule \"name\" on \"schema\".\"table\"": the rule in the way, which the text makes again.
std::optional<std::string> print_rule(Scratch& scratch, const std::string& object,
                                      const std::string& relation, const std::string& text) {
  constexpr std::string_view kRule = "rule ";
  const std::size_t on = object.rfind(" on ");
  if (!object.starts_with(kRule) || on == std::string::npos) return std::nullopt;
  const std::string name = object.substr(kRule.size(), on - kRule.size());
  return scratch.ask(
      fmt::format("DROP RULE {} ON {}; {}; SELECT pg_get_ruledef(r.oid) FROM pg_rewrite r WHERE r.ev_class = "
                  "{}::regclass AND "
                  "quote_ident(r.rulename) = {}",
                  name, relation, without_semicolon(text), scratch.literal(relation), scratch.literal(name)));
}

// The function as it is, with the body in place of its own at the end of the definition.
std::optional<std::string> print_body(Scratch& scratch, const std::string& object, const std::string& text) {
  const std::size_t space = object.find(' ');
  const std::string function = scratch.literal(object.substr(space + 1)) + "::regprocedure";
  const auto head =
      scratch.ask(fmt::format("SELECT left(pg_get_functiondef(p.oid), strpos(pg_get_functiondef(p.oid), "
                              "pg_get_function_sqlbody(p.oid)) - "
                              "1) FROM pg_proc p WHERE p.oid = {}",
                              function));
  if (!head) return std::nullopt;
  return scratch.ask(*head + text + "; SELECT pg_get_function_sqlbody(" + function + ")");
}

std::optional<std::string> print(Scratch& scratch, const Expression& expression, const std::string& object,
                                 const Attributes& attributes, const std::string& text) {
  const std::string relation = value_in(attributes, expression.relation);
  const bool is_view = expression.form == Form::rule && !text.starts_with("CREATE RULE");
  if (is_view) return scratch.view(without_semicolon(text));
  if (expression.form == Form::rule) return print_rule(scratch, object, relation, text);
  if (expression.form == Form::function) return print_body(scratch, object, text);
  std::string from;
  if (!relation.empty() && relation != "-") {
    from = expression.form == Form::trigger ? fmt::format(" FROM {0} AS old, {0} AS new", relation)
                                            : " FROM ONLY " + relation;
  } else if (const std::string domain = value_in(attributes, "contypid"); !domain.empty() && domain != "-") {
    from = " FROM (SELECT NULL::" + domain + " AS value) AS value";
  }
  // A view's column cannot be a row, nor two of one name; a condition may hold any number of expressions.
  return scratch.view("SELECT 1 AS one" + from + " WHERE ROW(" + text + ") IS NOT NULL");
}

// What was printed of values is a query by then.
std::optional<std::string> print_again(Scratch& scratch, const Expression& expression,
                                       const std::string& object, const Attributes& attributes,
                                       const std::string& text) {
  const bool is_query = expression.form == Form::values || expression.form == Form::trigger;
  if (is_query) return scratch.view(without_semicolon(text));
  return print(scratch, expression, object, attributes, text);
}

// Some texts settle only when they are printed for the second time.
bool same_when_printed(Scratch& scratch, const Expression& expression, const std::string& object,
                       const Attributes& old, const Attributes& now, const std::string& was,
                       const std::string& is) {
  const auto old_text = print(scratch, expression, object, old, was);
  const auto new_text = print(scratch, expression, object, now, is);
  if (!old_text || !new_text) return false;
  if (*old_text == *new_text) return true;
  const auto old_again = print_again(scratch, expression, object, old, *old_text);
  return old_again && old_again == print_again(scratch, expression, object, now, *new_text);
}

}  // namespace

void settle_expressions(Session& session, Objects& old, const Objects& now) {
  std::optional<Scratch> scratch;
  for (auto& [name, attributes] : old) {
    const auto found = now.find(name);
    if (found == now.end() || found->second == attributes) continue;
    for (const Expression& expression : kExpressions) {
      const auto was = attributes.find(std::string(expression.attribute));
      const auto is = found->second.find(std::string(expression.attribute));
      if (was == attributes.end() || is == found->second.end() || was->second == is->second) continue;
      if (!scratch) scratch.emplace(session);
      if (same_when_printed(*scratch, expression, name, attributes, found->second, was->second, is->second))
        was->second = is->second;
    }
  }
}

}  // namespace pgupgrade::postgres
