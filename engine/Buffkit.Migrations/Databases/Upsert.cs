namespace Buffkit.Migrations;

/// <summary>Inserts a whole row or writes it over the one of the same key, the first column.</summary>
internal static class Upsert
{
    public static string OnConflict(string table, IReadOnlyList<string> columns) =>
        $"INSERT INTO {table} ({string.Join(", ", columns)}) VALUES ({Values(columns)}) ON CONFLICT ({columns[0]}) DO UPDATE SET "
        + string.Join(", ", columns.Skip(1).Select(column => $"{column} = excluded.{column}"));

    public static string Replace(string table, IReadOnlyList<string> columns) =>
        $"REPLACE INTO {table} ({string.Join(", ", columns)}) VALUES ({Values(columns)})";

    private static string Values(IReadOnlyList<string> columns) => string.Join(", ", columns.Select(column => "@" + column));
}
