using System.Text;

namespace Buffkit.Migrations.Postgres;

/// <summary>PostgreSQL's schema as SQL, from its catalog, so that no <c>pg_dump</c> of the right version has to be at hand.</summary>
internal sealed partial class PostgresDatabase
{
    public override async Task<string> DumpAsync(CancellationToken cancellation)
    {
        var dump = new StringBuilder();
        // With an empty search path the server writes every name with its schema.
        await ExecuteAsync("SET search_path = ''", cancellation);
        foreach (var query in DumpQueries)
        {
            await using var command = Npgsql.CreateCommand();
            command.CommandText = query;
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
            {
                dump.Append(reader.GetString(0).TrimEnd(';', '\n', ' ')).Append(";\n\n");
            }
        }

        await ExecuteAsync("RESET search_path", cancellation);
        return dump.ToString().TrimEnd() + (dump.Length > 0 ? "\n" : "");
    }

    /// <summary>Objects of users: not the system's, not an extension's, not the journal.</summary>
    private static string Own(string alias, string catalog, string schema) =>
        $"""
        {schema} !~ '^pg_' AND {schema} <> 'information_schema'
        AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.{catalog}'::pg_catalog.regclass AND e.objid = {alias}.oid AND e.deptype = 'e')
        """;

    private static readonly string NotTheJournal = $"c.relname NOT IN ('{Journal.TableName}', '{AdoptedJournal.TableName}')";

    private static readonly string[] DumpQueries =
    [
        $"SELECT format('CREATE SCHEMA %I', n.nspname) FROM pg_catalog.pg_namespace n WHERE {Own("n", "pg_namespace", "n.nspname")} AND n.nspname <> 'public' ORDER BY n.nspname",
        "SELECT format('CREATE EXTENSION IF NOT EXISTS %I WITH SCHEMA %I', x.extname, n.nspname) FROM pg_catalog.pg_extension x JOIN pg_catalog.pg_namespace n ON n.oid = x.extnamespace WHERE x.extname <> 'plpgsql' ORDER BY x.extname",
        $"""
        SELECT format('CREATE TYPE %I.%I AS ENUM (%s)', n.nspname, t.typname,
            (SELECT string_agg(quote_literal(l.enumlabel), ', ' ORDER BY l.enumsortorder) FROM pg_catalog.pg_enum l WHERE l.enumtypid = t.oid))
        FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
        WHERE t.typtype = 'e' AND {Own("t", "pg_type", "n.nspname")} ORDER BY n.nspname, t.typname
        """,
        $"""
        SELECT format('CREATE DOMAIN %I.%I AS %s%s%s%s', n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod),
            CASE WHEN t.typdefault IS NOT NULL THEN ' DEFAULT ' || t.typdefault ELSE '' END,
            CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END,
            coalesce((SELECT string_agg(format(' CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)), '' ORDER BY k.conname)
                FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'), ''))
        FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
        WHERE t.typtype = 'd' AND {Own("t", "pg_type", "n.nspname")} ORDER BY n.nspname, t.typname
        """,
        $"""
        SELECT format('CREATE TYPE %I.%I AS (%s)', n.nspname, c.relname,
            (SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)
                FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'c' AND {Own("c", "pg_class", "n.nspname")} ORDER BY n.nspname, c.relname
        """,
        $"""
        SELECT format('CREATE SEQUENCE %I.%I AS %s INCREMENT %s MINVALUE %s MAXVALUE %s START %s CACHE %s%s', n.nspname, c.relname,
            format_type(s.seqtypid, NULL), s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END)
        FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE {Own("c", "pg_class", "n.nspname")}
            AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'i')
        ORDER BY n.nspname, c.relname
        """,
        FunctionQuery("NOT"),
        $"""
        SELECT format('CREATE AGGREGATE %I.%I(%s) (SFUNC = %s, STYPE = %s%s%s)', n.nspname, p.proname, pg_get_function_arguments(p.oid),
            g.aggtransfn::regproc, format_type(g.aggtranstype, NULL),
            CASE WHEN g.aggfinalfn::oid <> 0 THEN ', FINALFUNC = ' || g.aggfinalfn::regproc ELSE '' END,
            CASE WHEN g.agginitval IS NOT NULL THEN ', INITCOND = ' || quote_literal(g.agginitval) ELSE '' END)
        FROM pg_catalog.pg_aggregate g JOIN pg_catalog.pg_proc p ON p.oid = g.aggfnoid JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE {Own("p", "pg_proc", "n.nspname")} ORDER BY n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)
        """,
        $"""
        SELECT CASE WHEN c.relispartition
            THEN format('CREATE TABLE %I.%I PARTITION OF %s %s%s', n.nspname, c.relname,
                (SELECT i.inhparent::regclass FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid), pg_get_expr(c.relpartbound, c.oid),
                CASE WHEN c.relkind = 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(c.oid) ELSE '' END)
            ELSE format(E'CREATE %sTABLE %I.%I (%s)%s%s', CASE WHEN c.relpersistence = 'u' THEN 'UNLOGGED ' ELSE '' END, n.nspname, c.relname,
                coalesce((SELECT E'\n    ' || string_agg(format('%I %s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
                    CASE WHEN a.attcollation <> t.typcollation THEN (SELECT format(' COLLATE %I.%I', cn.nspname, co.collname)
                        FROM pg_catalog.pg_collation co JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation) ELSE '' END,
                    CASE WHEN a.attidentity = 'a' THEN ' GENERATED ALWAYS AS IDENTITY'
                        WHEN a.attidentity = 'd' THEN ' GENERATED BY DEFAULT AS IDENTITY'
                        WHEN a.attgenerated = 's' THEN ' GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid) || ') STORED'
                        WHEN a.attgenerated = 'v' THEN ' GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid) || ')'
                        WHEN d.adbin IS NOT NULL THEN ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid) ELSE '' END,
                    CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END), E',\n    ' ORDER BY a.attnum) || E'\n'
                    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
                    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
                    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND (a.attislocal OR a.attinhcount = 0)), ''),
                coalesce((SELECT ' INHERITS (' || string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno) || ')'
                    FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid), ''),
                CASE WHEN c.relkind = 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(c.oid) ELSE '' END) END
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND {NotTheJournal} AND {Own("c", "pg_class", "n.nspname")}
        ORDER BY EXISTS (SELECT 1 FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid), n.nspname, c.relname
        """,
        FunctionQuery(""),
        $"""
        SELECT format('ALTER SEQUENCE %I.%I OWNED BY %s.%I', n.nspname, c.relname, d.refobjid::regclass, a.attname)
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_depend d ON d.objid = c.oid AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
            AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'a' AND d.refobjsubid > 0
        JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
        WHERE c.relkind = 'S' AND {Own("c", "pg_class", "n.nspname")} ORDER BY n.nspname, c.relname
        """,
        ConstraintQuery("k.contype IN ('p', 'u', 'c', 'x')"),
        $"""
        SELECT pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' /* invalid */' END
        FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND {NotTheJournal} AND NOT x.relispartition AND {Own("c", "pg_class", "n.nspname")}
            AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
        ORDER BY n.nspname, c.relname, x.relname
        """,
        $"""
        SELECT format(E'CREATE %s %I.%I AS\n%s', CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'MATERIALIZED VIEW' END, n.nspname, c.relname, rtrim(pg_get_viewdef(c.oid), ';'))
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('v', 'm') AND {Own("c", "pg_class", "n.nspname")} ORDER BY n.nspname, c.relname
        """,
        $"""
        SELECT pg_get_indexdef(i.indexrelid) FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
        JOIN pg_catalog.pg_class c ON c.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'm' AND {Own("c", "pg_class", "n.nspname")} ORDER BY n.nspname, c.relname, x.relname
        """,
        ConstraintQuery("k.contype = 'f'"),
        $"""
        SELECT pg_get_triggerdef(g.oid) FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT g.tgisinternal AND g.tgparentid = 0 AND {Own("c", "pg_class", "n.nspname")} ORDER BY n.nspname, c.relname, g.tgname
        """,
        $"""
        SELECT pg_get_ruledef(r.oid) FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE r.rulename <> '_RETURN' AND {Own("c", "pg_class", "n.nspname")} ORDER BY n.nspname, c.relname, r.rulename
        """,
        $"""
        SELECT format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY', n.nspname, c.relname)
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relrowsecurity AND {Own("c", "pg_class", "n.nspname")} ORDER BY n.nspname, c.relname
        """,
        """
        SELECT format('CREATE POLICY %I ON %I.%I AS %s FOR %s TO %s%s%s', p.policyname, p.schemaname, p.tablename, p.permissive, p.cmd,
            array_to_string(p.roles, ', '), coalesce(' USING (' || p.qual || ')', ''), coalesce(' WITH CHECK (' || p.with_check || ')', ''))
        FROM pg_catalog.pg_policies p ORDER BY p.schemaname, p.tablename, p.policyname
        """,
        $"""
        SELECT format('COMMENT ON %s %s IS %L',
            CASE WHEN d.objsubid > 0 THEN 'COLUMN' WHEN c.relkind = 'v' THEN 'VIEW' WHEN c.relkind = 'm' THEN 'MATERIALIZED VIEW' WHEN c.relkind = 'i' THEN 'INDEX' WHEN c.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
            format('%I.%I', n.nspname, c.relname) || coalesce((SELECT format('.%I', a.attname) FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = d.objsubid AND d.objsubid > 0), ''),
            d.description)
        FROM pg_catalog.pg_description d JOIN pg_catalog.pg_class c ON c.oid = d.objoid AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE {NotTheJournal} AND {Own("c", "pg_class", "n.nspname")} ORDER BY n.nspname, c.relname, d.objsubid
        """,
    ];

    /// <summary>Functions over the row type of a table come after the tables, all others before, where a default may need them.</summary>
    private static string FunctionQuery(string not) =>
        $"""
        SELECT pg_get_functiondef(p.oid) FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE p.prokind IN ('f', 'p', 'w') AND {Own("p", "pg_proc", "n.nspname")}
            AND {not} EXISTS (SELECT 1 FROM pg_catalog.pg_type t JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
                WHERE c.relkind IN ('r', 'p', 'v', 'm') AND (t.oid = p.prorettype OR t.typarray = p.prorettype
                    OR t.oid = ANY (coalesce(p.proallargtypes, p.proargtypes::oid[])) OR t.typarray = ANY (coalesce(p.proallargtypes, p.proargtypes::oid[]))))
        ORDER BY n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)
        """;

    private static string ConstraintQuery(string which) =>
        $"""
        SELECT format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s', n.nspname, c.relname, k.conname, pg_get_constraintdef(k.oid))
        FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE {which} AND k.conparentid = 0 AND k.coninhcount = 0 AND {NotTheJournal} AND {Own("c", "pg_class", "n.nspname")}
        ORDER BY n.nspname, c.relname, k.contype DESC, k.conname
        """;
}
