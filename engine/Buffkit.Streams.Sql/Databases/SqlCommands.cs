using System.Data.Common;

namespace Buffkit.Streams.Sql;

/// <summary>Statements with parameters <c>@name</c>, which the drivers of all three databases know.</summary>
internal static class SqlCommands
{
    public static DbCommand Command(this DbConnection connection, DbTransaction? transaction, string text, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = text;
        foreach (var (name, value) in parameters)
            command.Add(name, value);
        return command;
    }

    public static void Add(this DbCommand command, string name, object? value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value ?? DBNull.Value;
        command.Parameters.Add(parameter);
    }

    /// <returns>How many rows were changed.</returns>
    public static async Task<int> ExecuteAsync(this DbCommand command, CancellationToken cancellationToken)
    {
        await using (command.ConfigureAwait(false))
            return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <returns>The first number of the first row; nothing where there is none.</returns>
    public static async Task<long?> ReadNumberAsync(this DbCommand command, CancellationToken cancellationToken)
    {
        await using (command.ConfigureAwait(false))
        {
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is { } value and not DBNull
                ? Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture)
                : null;
        }
    }

    /// <summary>Reads rows.</summary>
    /// <param name="command">The query, which is disposed of.</param>
    /// <param name="read">Reads one.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <param name="goesOn">Whether another may follow; by default all are read.</param>
    public static async Task<List<T>> ReadAsync<T>(
        this DbCommand command, Func<DbDataReader, T> read, CancellationToken cancellationToken, Func<T, bool>? goesOn = null)
    {
        await using (command.ConfigureAwait(false))
        {
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                var rows = new List<T>();
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    rows.Add(read(reader));
                    if (goesOn?.Invoke(rows[^1]) is false)
                        break;
                }

                return rows;
            }
        }
    }
}
