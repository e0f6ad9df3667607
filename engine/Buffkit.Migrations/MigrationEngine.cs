namespace Buffkit.Migrations;

/// <summary>The SQL engine that the migrations run on.</summary>
public enum MigrationEngine
{
    /// <summary>SQLite; <c>sqlite</c> in file names and directives.</summary>
    Sqlite,

    /// <summary>PostgreSQL; <c>postgres</c> in file names and directives.</summary>
    Postgres,

    /// <summary>MySQL 8 or later; <c>mysql</c> in file names and directives.</summary>
    MySql,
}
