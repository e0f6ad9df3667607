using System.Text;

namespace Buffkit.Migrations;

/// <summary>What a dump program wrote, without what differs from run to run: versions, times, what guards its own commands.</summary>
internal static class DumpText
{
    /// <summary>The statements alone, one below the other; empty if the schema is.</summary>
    /// <param name="dump">What the program wrote.</param>
    /// <param name="dialect">The rules by which it reads.</param>
    /// <param name="isSetting">Whether a statement only prepares for others.</param>
    /// <param name="write">The statement as it stands in a script.</param>
    public static string Of(string dump, SqlDialect dialect, Func<Statement, bool> isSetting, Func<Statement, string> write)
    {
        var statements = StatementSplitter.Split(dump, dialect);
        if (statements.All(isSetting))
        {
            return "";
        }

        var text = new StringBuilder();
        foreach (var statement in statements)
        {
            text.Append(text.Length > 0 ? "\n" : "").Append(write(statement));
        }

        return text.ToString();
    }
}
