using System.Text.RegularExpressions;

namespace Buffkit.Tests;

/// <summary>Whole databases that others wrote, applied as migrations.</summary>
public sealed partial class OthersScriptsTests(PostgresServer postgres, MySqlServer mysql)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(TestEngine.Sqlite, "Chinook_Sqlite.sql", "Track")]
    [InlineData(TestEngine.Postgres, "Chinook_PostgreSql.sql", "track")]
    [InlineData(TestEngine.MySql, "Chinook_MySql.sql", "Track")]
    public async Task Up_Chinook_CreatesAndFillsIt(TestEngine engine, string file, string table)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("1_chinook.up.sql", WithoutDatabase(Path.Combine(SharedCases.Folder("chinook"), file)));

        Assert.Single(await database.Runner().UpAsync(Cancellation));

        Assert.Equal("3503", await database.QueryAsync($"SELECT count(*) FROM {table}"));
        Assert.Contains("FOREIGN KEY", await database.SchemaAsync(), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(TestEngine.Postgres, "postgres-sakila-schema.sql", "SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname LIKE '%film%'")]
    [InlineData(TestEngine.MySql, "mysql-sakila-schema.sql", "SELECT count(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_NAME LIKE '%film%'")]
    public async Task Up_Sakila_CreatesItsRoutines(TestEngine engine, string file, string query)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql, mysqlName: "sakila");
        database.Write("1_sakila.up.sql", WithoutDatabase(Path.Combine(SharedCases.Folder("sakila"), file)))
            .Write("2_after.up.sql", "CREATE TABLE after_sakila (id int);");

        Assert.Equal(2, (await database.Runner().UpAsync(Cancellation)).Count);

        Assert.Equal("2", await database.QueryAsync(query));
        Assert.Contains("after_sakila", await database.SchemaAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TestEngine.Postgres, "chinook", "Chinook_PostgreSql.sql")]
    [InlineData(TestEngine.Postgres, "sakila", "postgres-sakila-schema.sql")]
    [InlineData(TestEngine.MySql, "sakila", "mysql-sakila-schema.sql")]
    public async Task Dump_AppliedAsAMigration_GivesTheSameSchema(TestEngine engine, string folder, string file)
    {
        using var original = await TestDatabase.CreateAsync(engine, postgres, mysql, mysqlName: "sakila");
        original.Write("1_all.up.sql", SchemaOnly(WithoutDatabase(Path.Combine(SharedCases.Folder(folder), file))));
        await original.Runner().UpAsync(Cancellation);
        var dump = await DumpPrograms.DumpOrSkipAsync(original);

        using var copy = await TestDatabase.CreateAsync(engine, postgres, mysql, mysqlName: "sakila");
        copy.Write("1_all.up.sql", dump);
        await copy.Runner().UpAsync(Cancellation);

        Assert.Equal(dump, await copy.Runner().DumpAsync(Cancellation));
        Assert.Equal(await original.SchemaAsync(), await copy.SchemaAsync());
    }

    private static string WithoutDatabase(string path) => DatabaseStatements().Replace(File.ReadAllText(path), "");

    private static string SchemaOnly(string sql) => Inserts().Replace(sql, "");

    [GeneratedRegex(@"^(?:(?:DROP|CREATE) (?:DATABASE|SCHEMA)\b|USE |\\c )[^;]*;", RegexOptions.Multiline)]
    private static partial Regex DatabaseStatements();

    [GeneratedRegex(@"^INSERT INTO .*?\);\s*$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Inserts();
}
