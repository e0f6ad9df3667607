namespace Buffkit.Tests;

/// <summary>What a server says of a schema.</summary>
internal static class SchemaQueries
{
    private const string NotOurs = "NOT IN ('migration_journal', 'schemaversions')";

    public static string Of(TestEngine engine) => engine switch
    {
        TestEngine.Postgres =>
            $"""
            SELECT 'column', table_name, column_name, data_type, udt_name, is_nullable, column_default, is_identity, character_maximum_length FROM information_schema.columns WHERE table_schema = 'public' AND table_name {NotOurs} ORDER BY table_name, ordinal_position;
            SELECT CASE contype WHEN 'f' THEN 'foreign key' ELSE 'constraint' END, conname, convalidated, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text {NotOurs} ORDER BY conrelid::regclass::text, conname;
            SELECT 'index', indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename {NotOurs} ORDER BY indexname;
            SELECT 'view', viewname, definition FROM pg_views WHERE schemaname = 'public' ORDER BY viewname;
            SELECT 'type', t.typname, l.enumlabel FROM pg_enum l JOIN pg_type t ON t.oid = l.enumtypid WHERE t.typnamespace = 'public'::regnamespace ORDER BY t.typname, l.enumsortorder;
            SELECT 'domain', typname, format_type(typbasetype, typtypmod) FROM pg_type WHERE typtype = 'd' AND typnamespace = 'public'::regnamespace ORDER BY typname;
            SELECT 'routine', oid::regprocedure::text, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 2;
            SELECT 'trigger', pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 2;
            """,
        TestEngine.MySql =>
            $"""
            SELECT 'column', TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, EXTRA FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME {NotOurs} ORDER BY TABLE_NAME, ORDINAL_POSITION;
            SELECT CONSTRAINT_TYPE, TABLE_NAME, CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE() AND TABLE_NAME {NotOurs} ORDER BY TABLE_NAME, CONSTRAINT_NAME;
            SELECT 'key', TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE WHERE CONSTRAINT_SCHEMA = DATABASE() AND TABLE_NAME {NotOurs} ORDER BY TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION;
            SELECT 'index', TABLE_NAME, INDEX_NAME, COLUMN_NAME, NON_UNIQUE FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME {NotOurs} ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX;
            SELECT 'view', TABLE_NAME, REPLACE(VIEW_DEFINITION, DATABASE(), '') FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME;
            SELECT 'routine', ROUTINE_NAME, ROUTINE_DEFINITION FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() ORDER BY ROUTINE_NAME;
            SELECT 'trigger', TRIGGER_NAME, ACTION_STATEMENT FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() ORDER BY TRIGGER_NAME;
            """,
        _ => $"SELECT type, name, sql FROM sqlite_schema WHERE tbl_name NOT IN ('migration_journal', 'SchemaVersions', 'schemaversions') AND name NOT LIKE 'sqlite%' ORDER BY type, name",
    };
}
