namespace Buffkit.Migrations.Postgres;

/// <summary><see href="https://www.postgresql.org/docs/current/sql-syntax-lexical.html"/>.</summary>
internal static class PostgresDialect
{
    public static SqlDialect Value { get; } = new()
    {
        DollarQuotes = true,
        NestedComments = true,
        CopyData = true,
        NulEndsText = true,
        AtomicBlocks = true,
        EscapeStrings = true,
        ReturnEndsComment = true,
        CompoundObjects = SqlDialect.Words("FUNCTION", "PROCEDURE"),
    };
}
