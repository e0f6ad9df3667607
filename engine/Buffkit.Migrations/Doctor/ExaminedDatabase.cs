using System.Globalization;

namespace Buffkit.Migrations;

/// <summary>What a check looks at.</summary>
/// <param name="Database">The database; open, where the check needs a session.</param>
/// <param name="Services">How the runner would use it.</param>
internal sealed record ExaminedDatabase(MigrationDatabase Database, RunnerServices Services)
{
    public MigrationOptions Options => Services.Options;

    /// <summary>Asks for one value.</summary>
    /// <returns>As text; <see langword="null"/> for none.</returns>
    public async Task<string?> ValueAsync(string sql, CancellationToken cancellation)
    {
        await using var command = Database.JournalSession.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync(cancellation) is { } value and not DBNull ? Convert.ToString(value, CultureInfo.InvariantCulture) : null;
    }

    /// <summary>Asks for rows of a name and a value, as servers list their settings. One that a server lacks is left out.</summary>
    public async Task<IReadOnlyDictionary<string, string>> PairsAsync(string sql, CancellationToken cancellation)
    {
        var pairs = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        await using var command = Database.JournalSession.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            pairs[reader.GetString(0)] = Convert.ToString(reader.GetValue(1), CultureInfo.InvariantCulture) ?? "";
        }

        return pairs;
    }
}
