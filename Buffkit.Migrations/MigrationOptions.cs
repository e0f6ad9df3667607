namespace Buffkit.Migrations;

/// <summary>Which database to migrate, and with which scripts.</summary>
public sealed class MigrationOptions
{
    /// <summary>Gets or sets the SQL engine.</summary>
    /// <value>The default is <see cref="MigrationEngine.Sqlite"/>.</value>
    public MigrationEngine Engine { get; set; }

    /// <summary>Gets or sets the connection string, in the form of the engine's ADO.NET driver. Required.</summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>Gets or sets the folder of the scripts.</summary>
    /// <value>The default is the folder <c>Scripts</c> beside this assembly.</value>
    public string ScriptsPath { get; set; } = DefaultScriptsPath;

    internal static readonly string DefaultScriptsPath = Path.Combine(AppContext.BaseDirectory, "Scripts");
}
