using System.Text;
using System.Text.RegularExpressions;
using MySqlConnector;

namespace Buffkit.Migrations.MySql;

/// <summary>Whether a DDL statement took effect whose runner was killed: the objects that it names tell.</summary>
/// <remarks>
/// DDL is atomic, but on InnoDB and since 8.0 only, and CREATE TABLE … SELECT since 8.0.21. What is not atomic, and what
/// leaves no trace in a definition, is left to a person. Asked is the session of the script: what it has under LOCK TABLES,
/// another one could wait for without end, and its temporary tables no other one sees.
/// </remarks>
internal sealed partial class MySqlJudge(MySqlDatabase database) : StatementJudge
{
    private static readonly Version AtomicSince = new(8, 0, 21);

    private const string Absent = "absent";

    public override string WhereToLook(Statement statement) =>
        MySqlDdl.Parse(statement) is { Objects: { Count: > 0 } objects }
            ? string.Join("; ", objects.Select(named => named.ShowCreate()))
            : base.WhereToLook(statement);

    protected override async Task<string?> FingerprintAsync(Statement statement, CancellationToken cancellation)
    {
        if (MySqlDdl.Parse(statement) is not { } ddl || !IsAtomic())
        {
            return null;
        }

        // Written down, because USE may come again before the question does.
        await using var command = database.Working.CreateCommand();
        command.CommandText = "SELECT DATABASE()";
        var schema = await command.ExecuteScalarAsync(cancellation) as string ?? database.Guard.Database;
        return await DefinitionsAsync(ddl, schema, cancellation) is { } definitions ? $"{definitions}@{schema}" : null;
    }

    protected override async Task<StatementOutcome> CompareAsync(
        Statement statement, string? fingerprint, CancellationToken cancellation)
    {
        if (MySqlDdl.Parse(statement) is not { } ddl || fingerprint is null || !IsAtomic())
        {
            return StatementOutcome.Unknown;
        }

        var (before, schema) = (fingerprint[..fingerprint.IndexOf('@', StringComparison.Ordinal)], fingerprint[(fingerprint.IndexOf('@', StringComparison.Ordinal) + 1)..]);
        return await DefinitionsAsync(ddl, schema, cancellation) switch
        {
            null => StatementOutcome.Unknown,
            var now when now == before => StatementOutcome.NotDone,
            _ => StatementOutcome.Done,
        };
    }

    private bool IsAtomic() =>
        !database.Guard.ServerVersion.Contains("MariaDB", StringComparison.OrdinalIgnoreCase)
        && LeadingVersion().Match(database.Guard.ServerVersion) is { Success: true } match
        && Version.Parse(match.Value) >= AtomicSince;

    /// <returns>A hash of the objects' definitions; <see langword="null"/> if one of them is a table of another engine.</returns>
    private async Task<string?> DefinitionsAsync(MySqlDdl ddl, string schema, CancellationToken cancellation)
    {
        var definitions = new StringBuilder();
        foreach (var named in ddl.Objects)
        {
            var definition = await DefinitionAsync(named, schema, cancellation);
            if (definition is null)
            {
                return null;
            }

            if (TableEngine().Match(definition) is { Success: true } engine && engine.Groups["engine"].Value != "InnoDB")
            {
                return null;
            }

            definitions.Append(definition).Append('\0');
        }

        return ScriptFile.ChecksumOf(definitions.ToString());
    }

    /// <returns><see langword="null"/> where the session may not look.</returns>
    private async Task<string?> DefinitionAsync(MySqlObject named, string schema, CancellationToken cancellation)
    {
        try
        {
            var definition = await ShowCreateAsync(database.Working, named.ShowCreate(schema), cancellation) ?? "hidden";
            // Rows move the counter, and an event that has run for the last time disables itself.
            return EventStatus().Replace(AutoIncrement().Replace(definition, ""), "");
        }
        catch (MySqlException e) when (e.ErrorCode is MySqlErrorCode.NoSuchTable or MySqlErrorCode.StoredProcedureDoesNotExist
            or MySqlErrorCode.TriggerDoesNotExist or MySqlErrorCode.EventDoesNotExist or MySqlErrorCode.UnknownDatabase)
        {
            return Absent;
        }
        catch (MySqlException e) when (e.ErrorCode is MySqlErrorCode.TableNotLocked)
        {
            return null;
        }
    }

    /// <returns><see langword="null"/> for what the login may not see.</returns>
    private static async Task<string?> ShowCreateAsync(MySqlConnection session, string show, CancellationToken cancellation)
    {
        await using var command = session.CreateCommand();
        command.CommandText = show;
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        // The column's place differs by kind, its name does not: "Create Table", "SQL Original Statement".
        for (var column = 0; column < reader.FieldCount; column++)
        {
            var title = reader.GetName(column);
            if (title.StartsWith("Create ", StringComparison.OrdinalIgnoreCase) || title == "SQL Original Statement")
            {
                return await reader.IsDBNullAsync(column, cancellation) ? null : reader.GetString(column);
            }
        }

        return null;
    }

    /// <summary>Where a table's counter stands.</summary>
    [GeneratedRegex(@" AUTO_INCREMENT=\d+")]
    public static partial Regex AutoIncrement();

    [GeneratedRegex(@"^\d+\.\d+\.\d+")]
    private static partial Regex LeadingVersion();

    [GeneratedRegex(@"^\) ENGINE=(?<engine>\w+)", RegexOptions.Multiline)]
    private static partial Regex TableEngine();

    [GeneratedRegex(@"(?<=ON COMPLETION (?:NOT )?PRESERVE) (?:ENABLE|DISABLE(?: ON (?:SLAVE|REPLICA))?)")]
    private static partial Regex EventStatus();
}
