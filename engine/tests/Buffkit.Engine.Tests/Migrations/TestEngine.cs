using Buffkit.Migrations;
using Microsoft.Extensions.DependencyInjection;

namespace Buffkit.Tests;

/// <summary>The engines as data of tests, which a test's name shows.</summary>
public enum TestEngine
{
    Sqlite,
    Postgres,
    MySql,
}

internal static class TestEngines
{
    public static MigrationEngines All { get; } = new MigrationEngines().AddSqlite().AddPostgres().AddMySql();

    public static MigrationEngine Get(this TestEngine engine) => Get($"{engine}");

    public static MigrationEngine Get(string name) => All.Get(name);
}
