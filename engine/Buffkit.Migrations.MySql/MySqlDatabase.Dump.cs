using System.Text;
using System.Text.RegularExpressions;
using MySqlConnector;

namespace Buffkit.Migrations.MySql;

/// <summary>MySQL's schema as SQL, by SHOW CREATE.</summary>
internal sealed partial class MySqlDatabase
{
    public override async Task<string> DumpAsync(CancellationToken cancellation)
    {
        var dump = new StringBuilder();
        var tables = await NamesAsync(
            $"SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' AND LOWER(TABLE_NAME) NOT IN ('{Journal.TableName}', '{AdoptedJournal.TableName}') ORDER BY TABLE_NAME",
            cancellation);
        if (tables.Count > 0)
        {
            // Tables stand by name, not by who refers to whom.
            dump.Append("SET FOREIGN_KEY_CHECKS = 0;\n\n");
        }

        foreach (var table in tables)
        {
            // Where the counter stands is data.
            dump.Append(AutoIncrement().Replace(await DumpAsync("TABLE", table, cancellation), "")).Append(";\n\n");
        }

        if (tables.Count > 0)
        {
            dump.Append("SET FOREIGN_KEY_CHECKS = 1;\n\n");
        }

        await AppendAsync(dump, "FUNCTION", "SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_TYPE = 'FUNCTION' ORDER BY ROUTINE_NAME", body: true, cancellation);
        await AppendAsync(dump, "PROCEDURE", "SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_TYPE = 'PROCEDURE' ORDER BY ROUTINE_NAME", body: true, cancellation);
        await AppendAsync(dump, "VIEW", "SELECT TABLE_NAME FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME", body: false, cancellation);
        await AppendAsync(dump, "TRIGGER", "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER", body: true, cancellation);
        await AppendAsync(dump, "EVENT", "SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE() ORDER BY EVENT_NAME", body: true, cancellation);
        return dump.ToString().TrimEnd() + (dump.Length > 0 ? "\n" : "");
    }

    private async Task AppendAsync(StringBuilder dump, string kind, string names, bool body, CancellationToken cancellation)
    {
        foreach (var name in await NamesAsync(names, cancellation))
        {
            var definition = await DumpAsync(kind, name, cancellation);
            dump.Append(body ? $"DELIMITER $$\n{definition}$$\nDELIMITER ;\n\n" : $"{definition};\n\n");
        }
    }

    private async Task<List<string>> NamesAsync(string sql, CancellationToken cancellation)
    {
        await using var command = Guard.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var names = new List<string>();
        while (await reader.ReadAsync(cancellation))
        {
            names.Add(reader.GetString(0));
        }

        return names;
    }

    private async Task<string> DumpAsync(string kind, string name, CancellationToken cancellation) =>
        await ShowCreateAsync(Guard, new MySqlObject(kind, null, name).ShowCreate(), cancellation)
            ?? $"-- {kind} {name}: the login may not see it";

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

    [GeneratedRegex(@" AUTO_INCREMENT=\d+")]
    private static partial Regex AutoIncrement();
}
