namespace Buffkit.Migrations.MySql;

/// <summary><see href="https://dev.mysql.com/doc/refman/8.4/en/language-structure.html"/>.</summary>
internal static class MySqlDialect
{
    public static SqlDialect Value { get; } = new()
    {
        BackslashEscapes = true,
        DoubleQuotedStrings = true,
        BacktickNames = true,
        HashComments = true,
        ExecutableComments = true,
        DelimiterCommand = true,
        FlowBlocks = true,
        DashesNeedSpace = true,
        DollarNames = true,
        DollarQuotesInRoutines = true,
        CompoundObjects = SqlDialect.Words("PROCEDURE", "FUNCTION", "TRIGGER", "EVENT"),
    };
}
