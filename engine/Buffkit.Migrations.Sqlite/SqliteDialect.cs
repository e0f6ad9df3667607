namespace Buffkit.Migrations.Sqlite;

/// <summary><see href="https://www.sqlite.org/lang.html"/>.</summary>
internal static class SqliteDialect
{
    public static SqlDialect Value { get; } = new()
    {
        BacktickNames = true,
        BracketNames = true,
        NulEndsText = true,
        BoundValues = true,
        CompoundObjects = SqlDialect.Words("TRIGGER"),
    };
}
