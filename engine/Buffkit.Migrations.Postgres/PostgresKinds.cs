using System.Text.RegularExpressions;

namespace Buffkit.Migrations.Postgres;

/// <summary>What statements are to a runner on PostgreSQL.</summary>
internal sealed partial class PostgresKinds : StatementKinds
{
    /// <summary>A name, quoted or not, in a statement's code.</summary>
    public const string Identifier = """(?:"(?:[^"]|"")+"|[\w$]+)""";

    public override StatementKind Of(Statement statement)
    {
        var words = StatementWords.Leading(statement, 4);
        return words switch
        {
            ["BEGIN", ..] or ["START", "TRANSACTION", ..] => StatementKind.Begin,
            ["COMMIT", "PREPARED", ..] or ["ROLLBACK", "PREPARED", ..] => StatementKind.Alone,
            ["COMMIT", ..] or ["END", ..] => StatementKind.Commit,
            ["ROLLBACK", "TO", ..] or ["ROLLBACK", "WORK" or "TRANSACTION", "TO", ..] => StatementKind.Data,
            ["ROLLBACK", ..] or ["ABORT", ..] => StatementKind.Rollback,
            ["SET", ..] or ["RESET", ..] or ["DISCARD", ..] or ["PREPARE", ..] or ["DEALLOCATE", ..] => StatementKind.Session,
            ["LISTEN" or "UNLISTEN" or "LOAD", ..] => StatementKind.Session,
            ["CREATE", "TEMP" or "TEMPORARY", ..] or ["CREATE", "LOCAL" or "GLOBAL", "TEMP" or "TEMPORARY", ..] => StatementKind.Session,
            ["CREATE", "OR", "REPLACE", "TEMP" or "TEMPORARY"] or ["CREATE", "UNLOGGED", "TEMP" or "TEMPORARY", ..] => StatementKind.Session,
            ["SELECT", "PG_CATALOG", "SET_CONFIG", ..] or ["SELECT", "SET_CONFIG", ..] => StatementKind.Session,
            ["VACUUM", ..] or ["CALL", ..] or ["REINDEX", "DATABASE" or "SYSTEM" or "SCHEMA", ..] => StatementKind.Alone,
            ["CREATE" or "DROP", "DATABASE" or "TABLESPACE", ..] or ["ALTER", "SYSTEM", ..] => StatementKind.Alone,
            ["CREATE" or "DROP" or "ALTER", "SUBSCRIPTION", ..] or ["CLUSTER"] => StatementKind.Alone,
            // A block that commits cannot run inside a transaction either.
            ["DO", ..] when EndsTransactions().IsMatch(BodyOf(statement)) => StatementKind.Alone,
            _ when Concurrently().IsMatch(statement.Bare) => StatementKind.Alone,
            ["INSERT" or "UPDATE" or "DELETE" or "MERGE" or "SELECT" or "WITH" or "COPY" or "VALUES", ..] => StatementKind.Data,
            _ => StatementKind.Schema,
        };
    }

    /// <remarks>A function may do to the session whatever a statement may, and nothing in its name says so.</remarks>
    public override bool Touches(Statement statement) =>
        Of(statement) == StatementKind.Session || CallsOrTemporary().IsMatch(statement.Bare);

    public override string? ReasonToRefuse(Statement statement) =>
        statement.Text[0] is 'D' or 'd' or 'S' or 's' && ReleaseOfAllLocks().IsMatch(statement.Bare)
            ? "would release the runner's lock. Release single locks with pg_advisory_unlock(key); the session is cleaned after each file anyway."
            : null;

    /// <summary>The code of a DO block, without comments and strings where it can be read as SQL.</summary>
    private static string BodyOf(Statement statement)
    {
        var lexer = new SqlLexer(statement.Text, statement.Dialect);
        while (lexer.TryReadCode(out var token))
        {
            if (token.Kind == SqlTokenKind.String)
            {
                return CodeOf(lexer.ValueOf(token), statement.Dialect);
            }
        }

        return statement.Text;
    }

    private static string CodeOf(string body, SqlDialect dialect)
    {
        try
        {
            return StatementCode.Bare(body, dialect);
        }
        catch (ScriptSyntaxException)
        {
            return body;
        }
    }

    [GeneratedRegex(@"^(?:DISCARD\s+ALL\b|SELECT\s+(?:pg_catalog\.)?pg_advisory_unlock_all\b)", RegexOptions.IgnoreCase)]
    private static partial Regex ReleaseOfAllLocks();

    [GeneratedRegex(@"^(?:SELECT|WITH|CALL|DO|EXECUTE|DECLARE|TABLE|VALUES)\b|\bTEMP(?:ORARY)?\b|\bpg_temp\b", RegexOptions.IgnoreCase)]
    private static partial Regex CallsOrTemporary();

    [GeneratedRegex(@"\b(?:COMMIT|ROLLBACK)\b", RegexOptions.IgnoreCase)]
    private static partial Regex EndsTransactions();

    [GeneratedRegex($@"^(?:(?:CREATE (?:UNIQUE )?INDEX|DROP INDEX|REINDEX(?: ?\([^)]*\))? \w+) CONCURRENTLY\b|REINDEX ?\([^)]*\bCONCURRENTLY\b(?! ?(?:FALSE|OFF|0))|ALTER TABLE .* DETACH PARTITION {Identifier}(?: ?\. ?{Identifier})? CONCURRENTLY\b)", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Concurrently();
}
