using System.Data.Common;
using Buffkit.Migrations;

namespace Buffkit.Tests;

/// <summary>Logins without rights, and journals that are not as this release made them: said before anything is run.</summary>
public sealed class JournalTroubleTests(PostgresServer postgres, MySqlServer mysql)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<TestEngine> Engines => UpAndDownTests.Engines;

    [Theory]
    [InlineData(TestEngine.Postgres, "", "create")]
    [InlineData(TestEngine.MySql, "", "create")]
    [InlineData(TestEngine.Postgres, "SELECT", "write")]
    [InlineData(TestEngine.MySql, "SELECT", "write")]
    [InlineData(TestEngine.Postgres, "SELECT, INSERT", "write")]
    [InlineData(TestEngine.MySql, "SELECT, INSERT, UPDATE", "write")]
    [InlineData(TestEngine.Postgres, "INSERT", "read")]
    public async Task Up_LoginWithoutARight_NamesItAndRunsNothing(TestEngine engine, string granted, string missing)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("1_a.up.sql", "SELECT 1;");
        if (granted.Length > 0)
            await database.Runner().UpAsync(Cancellation);
        database.Write("2_b.up.sql", "SELECT 2;");
        var login = await LoginAsync(database, granted);

        var refused = await Assert.ThrowsAsync<MigrationConfigurationException>(
            () => database.Runner(options => options.ConnectionString = login).UpAsync(Cancellation));

        Assert.Contains($"may not {missing} the table", refused.Message, StringComparison.Ordinal);
        Assert.Contains("migration_journal", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Grant it", refused.Message, StringComparison.Ordinal);
        Assert.Equal(MigrationState.Pending, (await database.StateOfAsync("2_b")).State);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Up_JournalLacksAColumn_SaysSoAndRunsNothing(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("1_a.up.sql", "SELECT 1;");
        await database.Runner().UpAsync(Cancellation);
        await database.ExecuteAsync("ALTER TABLE migration_journal DROP COLUMN fingerprint");
        database.Write("2_b.up.sql", "CREATE TABLE b (id int);");

        var refused = await Assert.ThrowsAsync<MigrationValidationException>(() => database.Runner().UpAsync(Cancellation));
        await Assert.ThrowsAsync<MigrationValidationException>(() => database.Runner().StatusAsync(Cancellation));

        Assert.Contains("fingerprint", refused.Message, StringComparison.Ordinal);
        Assert.Contains("migration_journal", refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<DbException>(() => database.QueryAsync("SELECT count(*) FROM b"));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Up_StateOfANewerRelease_SaysWhichRowAndRunsNothing(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("1_a.up.sql", "SELECT 1;");
        await database.Runner().UpAsync(Cancellation);
        await database.ExecuteAsync("UPDATE migration_journal SET state = '42'");

        var refused = await Assert.ThrowsAsync<MigrationValidationException>(() => database.Runner().UpAsync(Cancellation));

        Assert.Contains("1_a", refused.Message, StringComparison.Ordinal);
        Assert.Contains("'42'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("newer", refused.Message, StringComparison.Ordinal);
    }

    private static async Task<string> LoginAsync(TestDatabase database, string granted)
    {
        var name = $"login_{Guid.NewGuid():N}"[..20];
        var settings = new DbConnectionStringBuilder { ConnectionString = database.ConnectionString };
        if (database.Engine == TestEngine.Postgres)
        {
            await database.ExecuteAsync($"CREATE ROLE {name} LOGIN PASSWORD 'secret'");
            await database.ExecuteAsync("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
            if (granted.Length > 0)
                await database.ExecuteAsync($"GRANT {granted} ON migration_journal TO {name}");
            settings.Remove("User ID");
            settings["Username"] = name;
        }
        else
        {
            var schema = await database.QueryAsync("SELECT DATABASE()");
            await database.ExecuteAsync($"CREATE USER '{name}'@'%' IDENTIFIED BY 'secret'");
            await database.ExecuteAsync($"GRANT {(granted.Length > 0 ? granted : "SELECT")} ON `{schema}`.* TO '{name}'@'%'");
            settings.Remove("User ID");
            settings.Remove("Uid");
            settings.Remove("User");
            settings.Remove("Username");
            settings["User ID"] = name;
        }

        settings["Password"] = "secret";
        return settings.ConnectionString;
    }
}
