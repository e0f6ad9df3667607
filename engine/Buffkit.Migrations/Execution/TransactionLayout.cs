namespace Buffkit.Migrations;

/// <summary>Which statements of a script stand inside the transaction that it runs in.</summary>
internal static class TransactionLayout
{
    /// <summary>
    /// Takes out what cannot stand inside our transaction: the script's own BEGIN and COMMIT around everything, which
    /// ours replaces, and on SQLite the PRAGMAs, ATTACH and DETACH before and after, which have no effect inside.
    /// </summary>
    /// <returns>Indexes of statements.</returns>
    /// <exception cref="MigrationFailedException">The script has transactions in its midst.</exception>
    public static (IReadOnlyList<int> Before, IReadOnlyList<int> Inside, IReadOnlyList<int> After) Of(
        MigrationScript script, MigrationDatabase database)
    {
        var statements = script.File.Statements(database.Engine);
        var kinds = statements.Select(database.Engine.Kinds.Of).ToList();
        var all = Enumerable.Range(0, statements.Count).ToList();
        var before = new List<int>();
        var after = new List<int>();
        before.AddRange(all.TakeWhile(index => database.Engine.Kinds.StandsOutside(statements[index])));
        after.AddRange(all.Skip(before.Count).Reverse().TakeWhile(index => database.Engine.Kinds.StandsOutside(statements[index])).Reverse());
        var inside = all.Skip(before.Count).Take(all.Count - before.Count - after.Count).ToList();
        var own = inside.Where(index => kinds[index] is StatementKind.Begin or StatementKind.Commit or StatementKind.Rollback).ToList();
        if (own.Count == 0)
        {
            return (before, inside, after);
        }

        var wraps = own is [var begin, var commit]
            && kinds[begin] == StatementKind.Begin && kinds[commit] == StatementKind.Commit
            && commit == inside[^1]
            && inside.TakeWhile(index => index != begin).All(index => kinds[index] == StatementKind.Session);
        if (!wraps)
        {
            var statement = statements[own[0]];
            throw new MigrationFailedException(
                $"{script.File.Path}:{statement.Line}: the script has transactions of its own ({statement.Summary}). "
                + "Remove them, since each migration is one transaction anyway, or put '-- no-transaction' into its header.");
        }

        return (before, inside.Where(index => !own.Contains(index)).ToList(), after);
    }
}
