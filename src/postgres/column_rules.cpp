#include <algorithm>
#include <string>

#include "postgres/catalog_rules.hpp"

// The columns of the catalogs that need a word.
namespace pgupgrade::postgres {
namespace {

// Target, columns. Of regproc columns the type tells it. From 14 on pg_get_catalog_foreign_keys() says the
// same.
struct References {
  std::string_view catalog;
  std::string_view columns;
};
constexpr References kReferences[] = {
    {"pg_am", "amopmethod opcmethod opfmethod relam"},
    {"pg_authid",
     "cfgowner collowner conowner datdba defaclrole dictowner evtowner extowner fdwowner grantor lanowner "
     "lomowner member nspowner opcowner opfowner oprowner polroles proowner pubowner relowner roleid setrole "
     "spcowner srvowner stxowner subowner typowner umuser"},
    {"pg_class",
     "adrelid attrelid confrelid conindid conrelid ev_class extconfig ftrelid indexrelid indrelid inhparent "
     "inhrelid partrelid polrelid prrelid seqrelid stxrelid tgconstrindid tgconstrrelid tgrelid typrelid"},
    {"pg_collation", "attcollation indcollation partcollation rngcollation typcollation"},
    {"pg_constraint", "conparentid tgconstraint"},
    {"pg_database", "setdatabase subdbid"},
    {"pg_foreign_data_wrapper", "srvfdw"},
    {"pg_foreign_server", "ftserver subserver umserver"},
    {"pg_language", "prolang trflang"},
    {"pg_namespace",
     "cfgnamespace collnamespace connamespace connamespace defaclnamespace dictnamespace extnamespace "
     "opcnamespace opfnamespace oprnamespace pnnspid pronamespace prsnamespace relnamespace stxnamespace "
     "tmplnamespace typnamespace"},
    {"pg_opclass", "indclass partclass rngsubopc"},
    {"pg_operator", "aggsortop amopopr conexclop conffeqop conpfeqop conppeqop oprcom oprnegate"},
    {"pg_opfamily", "amopfamily amopsortfamily amprocfamily opcfamily"},
    {"pg_proc",
     "castfunc evtfoid fdwconnection fdwhandler fdwvalidator laninline lanplcallfoid lanvalidator tgfoid"},
    {"pg_publication", "pnpubid prpubid"},
    {"pg_tablespace", "dattablespace reltablespace"},
    {"pg_trigger", "tgparentid"},
    {"pg_ts_config", "mapcfg"},
    {"pg_ts_dict", "mapdict"},
    {"pg_ts_parser", "cfgparser"},
    {"pg_ts_template", "dicttemplate"},
    {"pg_type",
     "aggmtranstype aggtranstype amoplefttype amoprighttype amproclefttype amprocrighttype atttypid "
     "castsource casttarget contypid enumtypid opcintype opckeytype oprleft oprresult oprright "
     "proallargtypes proargtypes prorettype protrftypes provariadic reloftype rngmultitypid rngsubtype "
     "rngtypid seqtypid trftype typbasetype typelem"},
};

constexpr std::string_view kNumbering = "numbers are given anew; the object is known by its name";
constexpr std::string_view kStatistics = "VACUUM and ANALYZE measure it";
constexpr std::string_view kFlag = "the server keeps it as a hint, and may not take it back";
constexpr std::string_view kFollows = "it follows from rows that are compared themselves";
constexpr std::string_view kPartition =
    "a dump makes partitions as tables of their own and attaches them, which makes their columns and "
    "constraints local";
constexpr std::string_view kOfType = "it is a copy of the type's, which is compared";
constexpr std::string_view kDimensions =
    "the server does not enforce it, and a dump writes one pair of brackets";
constexpr std::string_view kVersioned = "the step refresh brings it up to date";
constexpr std::string_view kScript = "the extension's own script decides, and may be of another version";
constexpr std::string_view kUnset = "-1 and null mean the same; 17 changed from one to the other";
constexpr std::string_view kOrder = "their order means nothing";

#define IS_PARTITION(oid) "EXISTS (SELECT 1 FROM pg_class x WHERE x.oid = " oid " AND x.relispartition)"
#define SORTED(array) \
  "(SELECT array_agg(u.x ORDER BY u.x COLLATE \"C\") FROM unnest(" array "::text[]) u(x))::text"
#define OPTION_NAMES(array)                                                                         \
  "(SELECT array_agg(split_part(u.x, '=', 1) ORDER BY split_part(u.x, '=', 1) COLLATE \"C\") FROM " \
  "unnest(" array ") u(x))::text"

}  // namespace

const std::vector<ColumnRule>& column_rules() {
  static const std::vector<ColumnRule> kRules = {
      // What every catalog has.
      {"oid", How::identity},
      {"objoid", How::identity},
      {"classoid", How::identity},
      {"objsubid", How::identity},
      {"classid", How::identity},
      {"objid", How::identity},
      {"refclassid", How::identity},
      {"refobjid", How::identity},
      {"refobjsubid", How::identity},
      // Relations and their columns.
      {"relacl", How::grants,
       "acldefault((CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END)::\"char\", c.relowner)"},
      {"reltype", How::left_out, {}, kFollows},
      {"relfilenode", How::left_out, {}, kNumbering},
      {"relrewrite", How::left_out, {}, kNumbering},
      {"reltoastrelid", How::rendered,
       "(SELECT " SORTED("x.reloptions") " FROM pg_class x WHERE x.oid = c.reltoastrelid)",
       "a TOAST table follows from its table; its options are compared"},
      {"relpages", How::left_out, {}, kStatistics},
      {"reltuples", How::left_out, {}, kStatistics},
      {"relallvisible", How::left_out, {}, kStatistics},
      {"relallfrozen", How::left_out, {}, kStatistics},
      {"relnatts", How::left_out, {}, "it counts dropped columns, too; the columns are compared"},
      {"relhasindex", How::left_out, {}, kFlag},
      {"relhasrules", How::left_out, {}, kFlag},
      {"relhastriggers", How::left_out, {}, kFlag},
      {"relhassubclass", How::left_out, {}, kFlag},
      {"relhasoids", How::left_out, {}, "tables WITH OIDS ended with 12; the plan refuses them"},
      {"relispopulated", How::left_out, {}, kFollows},
      {"reloptions", How::rendered, SORTED("c.reloptions"), kOrder},
      {"relpartbound", How::expression, "pg_get_expr(c.relpartbound, c.oid)"},
      {"attnum", How::rendered,
       "CASE WHEN c.attnum > 0 AND NOT EXISTS (SELECT 1 FROM pg_inherits x WHERE x.inhrelid = c.attrelid) "
       "THEN "
       "(SELECT count(*) FROM pg_attribute x WHERE x.attrelid = c.attrelid AND x.attnum BETWEEN 1 AND "
       "c.attnum "
       "AND NOT x.attisdropped)::text END",
       "dropped columns leave gaps; a dump may arrange the columns of a table that has parents in another "
       "order"},
      {"attname", How::rendered, "CASE WHEN r.relkind NOT IN ('i', 'I') THEN c.attname::text END",
       "the server chooses names for the columns of an index, and does not rename them with the table's"},
      {"attisdropped", How::identity},
      {"attcacheoff", How::left_out, {}, "it has a meaning in memory only"},
      {"attlen", How::left_out, {}, kOfType},
      {"attbyval", How::left_out, {}, kOfType},
      {"attalign", How::left_out, {}, kOfType},
      {"attndims", How::left_out, {}, kDimensions},
      {"atthasmissing", How::left_out, {}, "it is how older rows are stored; the rows are compared"},
      {"attmissingval", How::left_out, {}, "it is how older rows are stored; the rows are compared"},
      {"attislocal", How::rendered,
       "CASE WHEN NOT " IS_PARTITION("c.attrelid") " THEN c.attislocal::text END", kPartition},
      {"attidentity", How::rendered,
       "CASE WHEN NOT " IS_PARTITION("c.attrelid") " THEN c.attidentity::text END",
       "a partition has its parent's; before 17 its columns do not say so"},
      {"attstattarget", How::rendered, "nullif(c.attstattarget, -1)::text", kUnset},
      {"attacl", How::grants, "NULL::aclitem[]"},
      {"attoptions", How::rendered,
       "(SELECT array_agg(u.x ORDER BY u.x COLLATE \"C\") FROM unnest(c.attoptions) u(x) WHERE u.x NOT LIKE "
       "'pg\\_attver=%')::text",
       "their order means nothing, and a server may keep a mark of its own there (pg_attver)"},
      {"adnum", How::identity},
      {"adbin", How::expression, "pg_get_expr(c.adbin, c.adrelid)"},
      {"adsrc", How::left_out, {}, "it is an outdated copy of the expression, and ended with 12"},
      {"inhseqno", How::rendered,
       "(SELECT count(*) FROM pg_inherits x WHERE x.inhrelid = c.inhrelid AND x.inhseqno <= "
       "c.inhseqno)::text",
       "parents that are gone leave gaps"},
      {"partattrs", How::columns, "c.partrelid"},
      {"partdefid", How::left_out, {}, kFollows},
      {"partexprs", How::expression, "pg_get_expr(c.partexprs, c.partrelid)"},
      // Indexes, constraints, triggers, rules, policies, statistics.
      {"indkey", How::columns, "c.indrelid"},
      {"indoption", How::value},
      {"indexprs", How::expression, "pg_get_expr(c.indexprs, c.indrelid)"},
      {"indpred", How::expression, "pg_get_expr(c.indpred, c.indrelid)"},
      {"indcheckxmin",
       How::left_out,
       {},
       "it is how an index was built; a new one has no older transactions"},
      {"conname", How::rendered,
       "CASE WHEN NOT ({conparentid} <> 0 AND c.contype = 'f') OR {conparentid} IS NULL THEN c.conname::text "
       "END",
       "the server chooses the names of a foreign key's copies for partitions", "pg_constraint"},
      {"conparentid", How::rendered, "(c.conparentid <> 0)::text",
       "the parent of a copy may have a name that the server chose"},
      {"connoinherit", How::rendered, "CASE WHEN c.contype IN ('c', 'n') THEN c.connoinherit::text END",
       "it matters for check and not-null constraints only"},
      {"conislocal", How::rendered,
       "CASE WHEN NOT " IS_PARTITION("c.conrelid") " THEN c.conislocal::text END", kPartition},
      {"coninhcount", How::rendered,
       "CASE WHEN NOT " IS_PARTITION("c.conrelid") " THEN c.coninhcount::text END", kPartition},
      {"conkey", How::rendered,
       "CASE WHEN c.conkey IS NOT NULL THEN ARRAY(SELECT quote_ident(a.attname) FROM unnest(c.conkey) WITH "
       "ORDINALITY u(x, n) LEFT JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = u.x ORDER BY "
       "CASE WHEN c.contype <> 'c' THEN u.n END, a.attname COLLATE \"C\")::text END",
       "a check constraint lists its columns by their numbers"},
      {"confkey", How::columns, "c.confrelid"},
      {"confdelsetcols", How::columns, "c.conrelid"},
      {"conbin", How::expression, "pg_get_expr(c.conbin, c.conrelid)"},
      {"consrc", How::left_out, {}, "it is an outdated copy of the expression, and ended with 12"},
      {"tgattr", How::columns, "c.tgrelid"},
      {"tgisinternal", How::identity},
      {"tgparentid", How::rendered, "(c.tgparentid <> 0)::text",
       "a copy in a partition has its parent's name"},
      {"tgargs", How::rendered, "encode(c.tgargs, 'escape')", "it is a text in bytes"},
      {"tgqual", How::expression,
       "substring(pg_get_triggerdef(c.oid) from ' WHEN \\((.*)\\) EXECUTE (?:FUNCTION|PROCEDURE) ')"},
      {"ev_qual", How::left_out, {}, "it is printed with the rule's action"},
      {"ev_action", How::expression,
       "CASE WHEN c.ev_type = '1' THEN pg_get_viewdef(c.ev_class) ELSE pg_get_ruledef(c.oid) END"},
      {"polroles", How::references, "pg_authid"},
      {"polqual", How::expression, "pg_get_expr(c.polqual, c.polrelid)"},
      {"polwithcheck", How::expression, "pg_get_expr(c.polwithcheck, c.polrelid)"},
      {"stxkeys", How::column_set, "c.stxrelid"},
      {"stxkind", How::rendered, SORTED("c.stxkind"), kOrder},
      {"stxstattarget", How::rendered, "nullif(c.stxstattarget, -1)::text", kUnset},
      {"stxexprs", How::expression, "pg_get_expr(c.stxexprs, c.stxrelid)"},
      // Functions, types, enums.
      {"proacl", How::grants, "acldefault('f', c.proowner)"},
      {"proargdefaults", How::expression, "pg_get_expr(c.proargdefaults, 0)"},
      {"prosqlbody", How::expression, "pg_get_function_sqlbody(c.oid)"},
      {"protransform", How::reference, "pg_proc"},
      {"proisagg", How::left_out, {}, "11 says prokind instead, as which it is compared"},
      {"proiswindow", How::left_out, {}, "11 says prokind instead, as which it is compared"},
      {"proconfig", How::rendered, SORTED("c.proconfig"), kOrder},
      {"typacl", How::grants, "acldefault('T', c.typowner)"},
      {"typarray", How::left_out, {}, kFollows},
      {"typndims", How::left_out, {}, kDimensions},
      {"typdefaultbin", How::expression, "pg_get_expr(c.typdefaultbin, 0)"},
      {"typdefault", How::rendered, "CASE WHEN c.typdefaultbin IS NULL THEN c.typdefault END",
       "it repeats the expression, in the spelling of the version that read it"},
      {"enumsortorder", How::rendered,
       "(SELECT count(*) FROM pg_enum x WHERE x.enumtypid = c.enumtypid AND x.enumsortorder <= "
       "c.enumsortorder)::text",
       "labels that were added later have fractions; their order is compared"},
      // Schemas, languages, foreign data, extensions.
      {"nspacl", How::grants, "acldefault('n', c.nspowner)"},
      {"lanacl", How::grants, "acldefault('l', c.lanowner)"},
      {"defaclacl", How::grants, "NULL::aclitem[]"},
      {"initprivs", How::grants, "NULL::aclitem[]"},
      {"fdwacl", How::grants, "acldefault('F', c.fdwowner)"},
      {"srvacl", How::grants, "acldefault('S', c.srvowner)"},
      {"umuser", How::reference, "pg_authid"},
      {"fdwoptions", How::rendered, SORTED("c.fdwoptions"), kOrder},
      {"srvoptions", How::rendered, SORTED("c.srvoptions"), kOrder},
      {"ftoptions", How::rendered, SORTED("c.ftoptions"), kOrder},
      {"attfdwoptions", How::rendered, SORTED("c.attfdwoptions"), kOrder},
      {"umoptions", How::rendered, OPTION_NAMES("c.umoptions"),
       "options hold passwords, so that only their names are compared"},
      {"collcollate", How::rendered, "CASE WHEN c.collprovider <> 'i' THEN c.collcollate::text END",
       "a collation of ICU has its locale here before 15"},
      {"collctype", How::rendered, "CASE WHEN c.collprovider <> 'i' THEN c.collctype::text END",
       "a collation of ICU has its locale here before 15"},
      {"colliculocale", How::left_out, {}, "15 and 16 call colllocale so, as which it is compared"},
      {"collversion", How::left_out, {}, kVersioned},
      {"extowner", How::left_out, {}, "no dump can hold it: who restores an extension owns it"},
      {"extversion", How::left_out, {}, "the new server's own version is installed"},
      {"extrelocatable", How::left_out, {}, kScript},
      {"extconfig", How::left_out, {}, kScript},
      {"extcondition", How::left_out, {}, kScript},
      {"evttags", How::rendered, SORTED("c.evttags"), kOrder},
      // Replication.
      {"roident", How::left_out, {}, kNumbering},
      {"prattrs", How::column_set, "c.prrelid"},
      {"prqual", How::expression, "pg_get_expr(c.prqual, c.prrelid)"},
      {"subpublications", How::rendered, SORTED("c.subpublications"), kOrder},
      {"subconninfo", How::left_out, {}, "it holds passwords"},
      {"subenabled", How::left_out, {}, "a dump makes subscriptions disabled"},
      {"subskiplsn", How::left_out, {}, "it is the state of replication, which begins anew"},
      {"subretentionactive", How::left_out, {}, "it is the state of replication, which begins anew"},
      {"subtwophasestate", How::rendered, "(c.subtwophasestate <> 'd')::text",
       "pending and enabled differ by the state of replication"},
      // Roles, databases, tablespaces.
      {"rolpassword", How::rendered, "CASE WHEN c.rolpassword IS NOT NULL THEN 'yes' END",
       "it is a secret, and the step scram replaces md5 verifiers"},
      {"setconfig", How::rendered, SORTED("c.setconfig"), kOrder},
      {"encoding", How::rendered, "pg_encoding_to_char(c.encoding)::text", "its number is not for people"},
      {"datacl", How::grants, "acldefault('d', c.datdba)"},
      {"datlastsysoid", How::left_out, {}, kNumbering},
      {"dathasloginevt", How::left_out, {}, kFlag},
      {"daticulocale", How::left_out, {}, "15 and 16 call datlocale so, as which it is compared"},
      {"datcollversion", How::left_out, {}, kVersioned},
      {"spcacl", How::grants, "acldefault('t', c.spcowner)"},
      {"spcoptions", How::rendered, SORTED("c.spcoptions"), kOrder},
      {"paracl", How::grants, "acldefault('p', 10)"},
  };
  return kRules;
}

const std::vector<ExtraRule>& extra_rules() {
  static const std::vector<ExtraRule> kRules = {
      {"pg_collation", "colllocale", 0, 150000,
       "CASE WHEN c.collprovider = 'i' THEN c.collcollate::text END"},
      {"pg_collation", "colllocale", 150000, 170000, "c.colliculocale"},
      {"pg_database", "datlocale", 150000, 170000, "c.daticulocale"},
      {"pg_proc", "prokind", 0, 110000,
       "CASE WHEN c.proisagg THEN 'a' WHEN c.proiswindow THEN 'w' ELSE 'f' END"},
      // DISABLE TRIGGER ALL switches a foreign key off.
      {"pg_constraint", "tgenabled", 0, 990000,
       "(SELECT string_agg(y.state, ', ' ORDER BY y.state COLLATE \"C\") FROM (SELECT DISTINCT "
       "concat(x.tgenabled, ' ', "
       "p.proname, ' on ', x.tgrelid::regclass) FROM pg_trigger x JOIN pg_proc p ON p.oid = x.tgfoid WHERE "
       "x.tgconstraint = c.oid AND x.tgisinternal AND x.tgenabled <> 'O') y(state))"},
  };
  return kRules;
}

const ColumnRule* find_column_rule(std::string_view catalog, std::string_view column) {
  const auto& rules = column_rules();
  const auto found = std::find_if(rules.begin(), rules.end(), [&](const ColumnRule& rule) {
    return rule.column == column && (rule.catalog.empty() || rule.catalog == catalog);
  });
  return found == rules.end() ? nullptr : &*found;
}

std::string_view referenced_catalog(std::string_view column) {
  const std::string word = " " + std::string(column) + " ";
  for (const References& references : kReferences) {
    if ((" " + std::string(references.columns) + " ").find(word) != std::string::npos)
      return references.catalog;
  }
  return {};
}

}  // namespace pgupgrade::postgres
