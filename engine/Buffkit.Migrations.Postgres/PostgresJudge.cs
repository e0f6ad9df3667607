using System.Text.RegularExpressions;

namespace Buffkit.Migrations.Postgres;

/// <summary>Whether a statement took effect that runs outside of transactions and whose runner was killed.</summary>
internal sealed partial class PostgresJudge(PostgresDatabase database) : StatementJudge
{
    private const string Absent = "absent";
    private const string Valid = "valid";
    private const string Invalid = "invalid";

    public override string WhereToLook(Statement statement) =>
        IndexOf(statement) is { } index ? $"the index {index}" : base.WhereToLook(statement);

    public override bool LeavesRemains(Statement statement) => CreateIndex().IsMatch(statement.Bare);

    protected override async Task<string?> FingerprintAsync(Statement statement, CancellationToken cancellation) =>
        IndexOf(statement) is { } index ? await IndexStateAsync(index, cancellation) : null;

    protected override async Task<StatementOutcome> CompareAsync(
        Statement statement, string? fingerprint, CancellationToken cancellation)
    {
        if (IndexOf(statement) is not { } index || fingerprint is null)
        {
            return Repeatable().IsMatch(statement.Bare) ? StatementOutcome.NotDone : StatementOutcome.Unknown;
        }

        await RemoveRemainsAsync(statement, cancellation);
        var now = await IndexStateAsync(index, cancellation);
        var done = CreateIndex().IsMatch(statement.Bare) ? now == Valid && fingerprint != Valid : now == Absent && fingerprint != Absent;
        return done ? StatementOutcome.Done : StatementOutcome.NotDone;
    }

    /// <remarks>A CREATE INDEX CONCURRENTLY that was interrupted leaves an invalid index, which must go before it can run again.</remarks>
    protected override async Task RemoveRemainsAsync(Statement statement, CancellationToken cancellation)
    {
        if (LeavesRemains(statement) && IndexOf(statement) is { } index && await IndexStateAsync(index, cancellation) == Invalid)
        {
            await database.ExecuteAsync($"DROP INDEX CONCURRENTLY IF EXISTS {index}", cancellation);
        }
    }

    /// <summary>The index that the statement creates or drops, as the statement writes it.</summary>
    private static string? IndexOf(Statement statement)
    {
        if (CreateIndex().Match(statement.Bare) is { Success: true } create)
        {
            // It is in its table's schema.
            var table = create.Groups["table"].Value;
            return table[..(table.LastIndexOf('.') + 1)] + create.Groups["name"].Value;
        }

        return DropIndex().Match(statement.Bare) is { Success: true } drop ? drop.Groups["name"].Value : null;
    }

    private async Task<string> IndexStateAsync(string name, CancellationToken cancellation)
    {
        await using var command = database.Npgsql.CreateCommand();
        command.CommandText = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(@name)";
        command.Parameters.AddWithValue("name", name);
        return await command.ExecuteScalarAsync(cancellation) switch
        {
            true => Valid,
            false => Invalid,
            _ => Absent,
        };
    }

    private const string Identifier = PostgresKinds.Identifier;

    [GeneratedRegex(@"^(?:VACUUM|ANALYZE|REINDEX|CLUSTER|CHECKPOINT|ALTER\s+SYSTEM)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Repeatable();

    [GeneratedRegex($@"^CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF\s+NOT\s+EXISTS\s+)?(?!ON\s)(?<name>{Identifier})\s+ON\s+(?:ONLY\s+)?(?<table>{Identifier}(?: ?\. ?{Identifier})?)", RegexOptions.IgnoreCase)]
    private static partial Regex CreateIndex();

    [GeneratedRegex($@"^DROP\s+INDEX\s+CONCURRENTLY\s+(?:IF\s+EXISTS\s+)?(?<name>{Identifier}(?: ?\. ?{Identifier})?)\s*(?:CASCADE|RESTRICT)?\s*$", RegexOptions.IgnoreCase)]
    private static partial Regex DropIndex();
}
