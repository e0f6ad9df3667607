using System.Globalization;
using SolutionNamespace.ServiceDefaults;

namespace SolutionNamespace.Api;

/// <summary>The table, on whichever engine the application's database is.</summary>
internal sealed class SingularNameStore(AppDatabase database)
{
    public async Task<SingularName> AddAsync(NewSingularName added, CancellationToken cancellationToken)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        //#if (mysql)
        command.CommandText = "INSERT INTO pluralname (name) VALUES (@name)"
            + (database.Provider is DatabaseProvider.MySql ? "; SELECT LAST_INSERT_ID()" : " RETURNING id");
        ////#else
        //command.CommandText = "INSERT INTO pluralname (name) VALUES (@name) RETURNING id";
        //#endif
        var name = command.CreateParameter();
        (name.ParameterName, name.Value) = ("@name", added.Name);
        command.Parameters.Add(name);
        var id = Convert.ToInt64(await command.ExecuteScalarAsync(cancellationToken), CultureInfo.InvariantCulture);
        return new SingularName(id, added.Name!);
    }

    /// <summary>The newest hundred.</summary>
    public async Task<IReadOnlyList<SingularName>> ListAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT id, name FROM pluralname ORDER BY id DESC LIMIT 100";
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<SingularName>();
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(new SingularName(reader.GetInt64(0), reader.GetString(1)));
        return rows;
    }
}
