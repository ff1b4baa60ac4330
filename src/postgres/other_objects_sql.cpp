#include "postgres/objects_sql.hpp"
#include "postgres/sql_fragments.hpp"

namespace pgupgrade::postgres {
namespace {

using namespace sql;

std::string from_schemaless(const std::string& catalogue, const std::string& alias) {
  return " FROM " + catalogue + " " + alias + " WHERE " + alias + ".oid >= 16384 AND " +
         not_in_extension(catalogue, alias + ".oid");
}

std::string from_in_schema(const std::string& catalogue, const std::string& alias,
                           const std::string& schema) {
  return " FROM " + catalogue + " " + alias + " JOIN pg_namespace n ON n.oid = " + alias + "." + schema +
         " WHERE " + user_schema("n") + " AND " + not_in_extension(catalogue, alias + ".oid");
}

std::vector<ObjectQuery> schemas() {
  const std::string from =
      " FROM pg_namespace n WHERE " + user_schema("n") + " AND " + not_in_extension("pg_namespace", "n.oid");
  return {
      {"owners of schemas",
       "SELECT 'schema', NULL, n.nspname, " + fact("owner", role_name("n.nspowner")) + from},
      {"privileges on schemas",
       "SELECT 'privileges of schema', NULL, n.nspname, " + grants("n.nspacl", 'n', "n.nspowner") + from},
  };
}

// How an ICU locale is written changed with 16, which turns it into a language tag; libc's are compared.
ObjectQuery collations(int version) {
  const std::string locale =
      "CASE WHEN k.collprovider = 'c' THEN concat(k.collcollate, ' ', k.collctype) END";
  return {"collations", "SELECT 'collation', n.nspname, k.collname, " +
                            facts({fact("provider", "k.collprovider::text"), fact("locale", locale),
                                   version >= 120000 ? flag("nondeterministic", "NOT k.collisdeterministic")
                                                     : std::string(),
                                   fact("owner", role_name("k.collowner"))}) +
                            from_in_schema("pg_collation", "k", "collnamespace")};
}

std::vector<ObjectQuery> text_search() {
  const std::string map =
      "(SELECT string_agg(m.maptokentype || ' ' || " +
      object_name("pg_ts_dict", "dictname", "dictnamespace", "m.mapdict") +
      ", ', ' ORDER BY m.maptokentype, m.mapseqno) FROM pg_ts_config_map m WHERE m.mapcfg = k.oid)";
  return {
      {"text search configurations",
       "SELECT 'text search configuration', n.nspname, k.cfgname, " +
           facts({fact("parser", object_name("pg_ts_parser", "prsname", "prsnamespace", "k.cfgparser")),
                  fact("map", map), fact("owner", role_name("k.cfgowner"))}) +
           from_in_schema("pg_ts_config", "k", "cfgnamespace")},
      {"text search dictionaries",
       "SELECT 'text search dictionary', n.nspname, k.dictname, " +
           facts({fact("template",
                       object_name("pg_ts_template", "tmplname", "tmplnamespace", "k.dicttemplate")),
                  fact("options", "k.dictinitoption"), fact("owner", role_name("k.dictowner"))}) +
           from_in_schema("pg_ts_dict", "k", "dictnamespace")},
      {"text search parsers", "SELECT 'text search parser', n.nspname, k.prsname, " +
                                  facts({fact("start", function_name("k.prsstart"))}) +
                                  from_in_schema("pg_ts_parser", "k", "prsnamespace")},
      {"text search templates", "SELECT 'text search template', n.nspname, k.tmplname, " +
                                    facts({fact("lexize", function_name("k.tmpllexize"))}) +
                                    from_in_schema("pg_ts_template", "k", "tmplnamespace")},
  };
}

// Values of a user mapping may be passwords: only their names are looked at.
std::vector<ObjectQuery> foreign_data() {
  return {
      {"foreign-data wrappers",
       "SELECT 'foreign-data wrapper', NULL, k.fdwname, " +
           facts({fact("handler", function_name("k.fdwhandler")),
                  fact("validator", function_name("k.fdwvalidator")),
                  fact("options", sorted_texts("k.fdwoptions")), fact("owner", role_name("k.fdwowner")),
                  fact("grants", grants("k.fdwacl", 'F', "k.fdwowner"))}) +
           from_schemaless("pg_foreign_data_wrapper", "k")},
      {"foreign servers",
       "SELECT 'foreign server', NULL, k.srvname, " +
           facts({fact("wrapper",
                       "SELECT w.fdwname::text FROM pg_foreign_data_wrapper w WHERE w.oid = k.srvfdw"),
                  fact("type", "k.srvtype"), fact("version", "k.srvversion"),
                  fact("options", sorted_texts("k.srvoptions")), fact("owner", role_name("k.srvowner")),
                  fact("grants", grants("k.srvacl", 'S', "k.srvowner"))}) +
           from_schemaless("pg_foreign_server", "k")},
      {"user mappings",
       "SELECT 'user mapping', NULL, s.srvname || ' for ' || CASE WHEN k.umuser = 0 THEN 'PUBLIC' ELSE " +
           role_name("k.umuser") +
           " END, coalesce((SELECT string_agg(split_part(o.t, '=', 1), ', ' ORDER BY split_part(o.t, '=', 1) "
           "COLLATE \"C\") FROM unnest(k.umoptions) o(t)), '') FROM pg_user_mapping k JOIN pg_foreign_server "
           "s "
           "ON s.oid = k.umserver",
       true},
  };
}

std::vector<ObjectQuery> replication(int version) {
  const std::string row_filter =
      version >= 150000
          ? "CASE WHEN m.prqual IS NOT NULL THEN ' where' ELSE '' END || CASE WHEN m.prattrs IS "
            "NOT NULL THEN ' (' || " +
                column_names("m.prrelid", "string_to_array(m.prattrs::text, ' ')") + " || ')' ELSE '' END"
          : "''";
  const std::string tables =
      "(SELECT string_agg(tables.t, ', ' ORDER BY tables.t COLLATE \"C\") FROM (SELECT " +
      relation_name("m.prrelid") + " || " + row_filter +
      " AS t FROM pg_publication_rel m WHERE m.prpubid = k.oid) tables)";
  const std::string in_schemas =
      version >= 150000 ? fact("schemas",
                               "SELECT string_agg(sn.nspname::text, ', ' ORDER BY sn.nspname::text "
                               "COLLATE \"C\") FROM pg_publication_namespace m JOIN pg_namespace sn ON "
                               "sn.oid = m.pnnspid WHERE m.pnpubid = k.oid")
                        : std::string();
  return {
      {"publications",
       "SELECT 'publication', NULL, k.pubname, " +
           facts({flag("all tables", "k.puballtables"), flag("insert", "k.pubinsert"),
                  flag("update", "k.pubupdate"), flag("delete", "k.pubdelete"),
                  version >= 110000 ? flag("truncate", "k.pubtruncate") : "",
                  version >= 130000 ? flag("via root", "k.pubviaroot") : "", fact("tables", tables),
                  in_schemas, fact("owner", role_name("k.pubowner"))}) +
           from_schemaless("pg_publication", "k")},
      // A dump brings a subscription back disabled, so that is not compared.
      {"subscriptions",
       "SELECT 'subscription', NULL, k.subname, " +
           facts({fact("publications", sorted_texts("k.subpublications")),
                  fact("slot", "k.subslotname::text"), fact("owner", role_name("k.subowner"))}) +
           " FROM pg_subscription k WHERE k.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = "
           "current_database())"},
  };
}

std::vector<ObjectQuery> procedural() {
  return {
      {"languages",
       "SELECT 'language', NULL, k.lanname, " +
           facts({flag("trusted", "k.lanpltrusted"), fact("handler", function_name("k.lanplcallfoid")),
                  fact("owner", role_name("k.lanowner"))}) +
           from_schemaless("pg_language", "k")},
      // Also those that were made with the cluster or by an extension.
      {"privileges on languages", "SELECT 'privileges of language', NULL, k.lanname, " +
                                      grants("k.lanacl", 'l', "k.lanowner") +
                                      " FROM pg_language k WHERE k.lanpltrusted"},
      {"event triggers",
       "SELECT 'event trigger', NULL, k.evtname, " +
           facts({fact("event", "k.evtevent::text"), fact("function", function_name("k.evtfoid")),
                  fact("enabled", "k.evtenabled::text"), fact("tags", sorted_texts("k.evttags")),
                  fact("owner", role_name("k.evtowner"))}) +
           from_schemaless("pg_event_trigger", "k")},
      {"access methods",
       "SELECT 'access method', NULL, k.amname, " +
           facts({fact("type", "k.amtype::text"), fact("handler", function_name("k.amhandler"))}) +
           from_schemaless("pg_am", "k")},
      {"transforms",
       "SELECT 'transform', NULL, " + type_name("k.trftype") +
           " || ' for ' || (SELECT l.lanname FROM pg_language l WHERE l.oid = k.trflang), " +
           facts({fact("from", function_name("k.trffromsql")), fact("to", function_name("k.trftosql"))}) +
           from_schemaless("pg_transform", "k"),
       true},
      {"conversions", "SELECT 'conversion', n.nspname, k.conname, " +
                          facts({fact("from", "pg_encoding_to_char(k.conforencoding)::text"),
                                 fact("to", "pg_encoding_to_char(k.contoencoding)::text"),
                                 fact("function", function_name("k.conproc")),
                                 flag("default", "k.condefault"), fact("owner", role_name("k.conowner"))}) +
                          from_in_schema("pg_conversion", "k", "connamespace")},
  };
}

ObjectQuery default_privileges() {
  return {"default privileges",
          "SELECT 'default privileges', NULL, concat_ws(' ', " + role_name("k.defaclrole") +
              ", k.defaclobjtype::text, " + schema_name("nullif(k.defaclnamespace, 0)") + "), " +
              explicit_grants("k.defaclacl") + " FROM pg_default_acl k",
          true};
}

// "standard public schema" comes with the cluster. Objects of the system cannot be commented on lastingly: a
// dump leaves them out.
ObjectQuery comments() {
  return {
      "comments",
      "SELECT 'comment on ' || i.type, NULL, replace(i.identity, '\"', ''), d.description FROM "
      "pg_description "
      "d, LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i WHERE (d.objoid >= 16384 OR "
      "(d.objoid = to_regnamespace('public') AND d.classoid = 'pg_namespace'::regclass AND d.description <> "
      "'standard public schema')) AND NOT EXISTS (SELECT 1 FROM pg_depend member WHERE member.classid = "
      "d.classoid AND member.objid = d.objoid AND member.deptype = 'e')",
      true};
}

ObjectQuery security_labels() {
  return {"security labels",
          "SELECT 'security label on ' || i.type, NULL, replace(i.identity, '\"', ''), k.provider || ' ' || "
          "k.label FROM pg_seclabel k, LATERAL pg_identify_object(k.classoid, k.objoid, k.objsubid) i",
          true};
}

// What was granted on functions and tables of the system or of an extension, over what they came with.
std::vector<ObjectQuery> added_grants() {
  const auto added = [](const std::string& acl, const std::string& catalogue, const std::string& oid) {
    return "(SELECT string_agg(added.t, ', ' ORDER BY added.t COLLATE \"C\") FROM (SELECT CASE WHEN "
           "x.grantee = 0 "
           "THEN 'PUBLIC' ELSE " +
           role_name("x.grantee") +
           " END || '=' || x.privilege_type AS t FROM (SELECT e.grantee, e.privilege_type FROM aclexplode(" +
           acl +
           ") e EXCEPT SELECT e.grantee, e.privilege_type FROM pg_init_privs ip, LATERAL "
           "aclexplode(ip.initprivs) e "
           "WHERE ip.objoid = " +
           oid + " AND ip.classoid = '" + catalogue +
           "'::regclass AND ip.objsubid = 0) x WHERE x.privilege_type <> 'MAINTAIN' AND x.grantee NOT IN (0, "
           "10)) "
           "added)";
  };
  const auto foreign = [](const std::string& catalogue, const std::string& oid) {
    return "(NOT " + user_schema("n") + " OR NOT (" + not_in_extension(catalogue, oid) + "))";
  };
  return {
      {"grants on functions of the system",
       "SELECT * FROM (SELECT 'added privileges of function', n.nspname, p.proname || '(' || " +
           type_list("p.proargtypes") + " || ')', " + added("p.proacl", "pg_proc", "p.oid") +
           " AS granted FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.proacl IS NOT "
           "NULL "
           "AND " +
           foreign("pg_proc", "p.oid") + ") a WHERE a.granted IS NOT NULL",
       true},
      {"grants on tables of the system",
       "SELECT * FROM (SELECT 'added privileges of table', n.nspname, c.relname, " +
           added("c.relacl", "pg_class", "c.oid") +
           " AS granted FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relacl IS NOT "
           "NULL "
           "AND " +
           foreign("pg_class", "c.oid") + ") a WHERE a.granted IS NOT NULL"},
  };
}

}  // namespace

std::vector<ObjectQuery> other_queries(int version_num) {
  std::vector<ObjectQuery> queries = {
      collations(version_num),
      default_privileges(),
      comments(),
      security_labels(),
  };
  for (std::vector<ObjectQuery>& group :
       std::vector<std::vector<ObjectQuery>>{schemas(), text_search(), foreign_data(),
                                             replication(version_num), procedural(), added_grants()}) {
    for (ObjectQuery& query : group) queries.push_back(std::move(query));
  }
  return queries;
}

std::vector<ObjectQuery> object_queries(int version_num) {
  std::vector<ObjectQuery> queries = relation_queries(version_num);
  for (ObjectQuery& query : routine_queries(version_num)) queries.push_back(std::move(query));
  for (ObjectQuery& query : other_queries(version_num)) queries.push_back(std::move(query));
  return queries;
}

}  // namespace pgupgrade::postgres
