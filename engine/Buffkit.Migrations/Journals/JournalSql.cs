namespace Buffkit.Migrations;

/// <summary>The journal's table in the words of an engine.</summary>
internal abstract class JournalSql
{
    /// <summary>Creates the table where there is none.</summary>
    /// <param name="table">Its name, qualified and quoted.</param>
    public abstract string Create(string table);

    /// <summary>Inserts a whole row, or writes it over the one of the same key, which is the first column.</summary>
    public abstract string Upsert(string table, IReadOnlyList<string> columns);

    /// <summary>A time as the driver writes it into the table.</summary>
    public abstract object ToParameter(DateTime utc);
}
