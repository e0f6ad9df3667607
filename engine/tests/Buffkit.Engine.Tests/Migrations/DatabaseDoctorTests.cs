using System.Data.Common;
using Buffkit.Migrations;
using Buffkit.Migrations.CommandLine;
using Buffkit.Migrations.MySql;
using Buffkit.Migrations.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Buffkit.Tests;

/// <summary>What <c>doctor</c> finds in real databases, each thing well and not.</summary>
public sealed class DatabaseDoctorTests(PostgresServer postgres, MySqlServer mysql)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(TestEngine.Postgres)]
    [InlineData(TestEngine.MySql)]
    public async Task Server_SetUpWell_IsFoundSoUntilItStops(TestEngine engine)
    {
        await using var server = engine == TestEngine.Postgres
            ? await RestartableDatabase.StartPostgresAsync("-c", "fsync=on", "-c", "full_page_writes=on", "-c", "synchronous_commit=on")
            : await RestartableDatabase.StartMySqlAsync("--innodb-flush-log-at-trx-commit=1", "--sync-binlog=1");
        using var scripts = TestDatabase.CreateSqlite().Write("1_a.up.sql", "SELECT 1;").Write("1_a.down.sql", "SELECT 1;");
        var options = new MigrationOptions { Engine = engine.Get(), ConnectionString = server.ConnectionString, ScriptsPath = scripts.Scripts };

        var well = await LookAsync(options);
        await server.StopAsync();
        var stopped = await LookAsync(options);

        Assert.DoesNotContain(well, result => result.State is CheckState.Failed or CheckState.Skipped);
        // No migration was applied, and PostgreSQL has fewer connections than a pool of the driver may take.
        Assert.Equal(
            engine == TestEngine.Postgres ? ["database connections", "schema"] : ["schema"],
            well.Where(result => result.State == CheckState.Warning).Select(result => result.Name));
        Assert.Equal(CheckState.Failed, stopped.Of("database").State);
        Assert.All(stopped.Where(result => result.Name != "database"), result => Assert.Equal(CheckState.Skipped, result.State));
    }

    [Theory]
    [InlineData("fsync", "database durability", nameof(CheckState.Failed), "Set fsync = on")]
    [InlineData("synchronous_commit", "database durability", nameof(CheckState.Failed), "Set synchronous_commit = on")]
    [InlineData("statement_timeout", "database timeouts", nameof(CheckState.Warning), "Set statement_timeout = 0")]
    [InlineData("idle_in_transaction_session_timeout", "database timeouts", nameof(CheckState.Warning), "Set idle_in_transaction_session_timeout to 10 s")]
    [InlineData("idle_session_timeout", "database timeouts", nameof(CheckState.Warning), "Set idle_session_timeout = 0")]
    public async Task Postgres_SettingThatHarms_IsNamedWithItsRemedy(string setting, string check, string state, string toDo)
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        var name = await database.QueryAsync("SELECT current_database()");
        // The server of all tests has fsync off.
        if (setting != "fsync")
            await database.ExecuteAsync($"ALTER DATABASE {name} SET {setting} = {(setting == "synchronous_commit" ? "off" : "5000")}");

        var result = (await LookAsync(database.Options())).Of(check);

        Assert.Equal(state, $"{result.State}");
        Assert.Contains(toDo, result.ToDo, StringComparison.Ordinal);
        Assert.Contains(setting, result.Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Postgres_FewerConnectionsThanThePool_Warns()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        Assert.Equal(CheckState.Ok, (await LookAsync(database.Options())).Of("database connections").State);

        var result = (await LookAsync(database.Options(options => options.ConnectionString += ";Maximum Pool Size=500"))).Of("database connections");

        Assert.Equal(CheckState.Warning, result.State);
        Assert.Contains("Maximum Pool Size", result.ToDo, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MySql_SettingsThatHarm_AreNamedWithTheirRemedies()
    {
        await using var server = await RestartableDatabase.StartMySqlAsync();
        var options = new MigrationOptions { Engine = TestEngine.MySql.Get(), ConnectionString = server.ConnectionString };
        await using (var connection = new MySqlConnector.MySqlConnection(server.ConnectionString))
        {
            await connection.OpenAsync(Cancellation);
            await using var command = connection.CreateCommand();
            command.CommandText =
                "SET GLOBAL innodb_flush_log_at_trx_commit = 2; SET GLOBAL sync_binlog = 0; SET GLOBAL wait_timeout = 60; "
                + "SET GLOBAL max_allowed_packet = 1048576; SET GLOBAL max_connections = 50; SET GLOBAL time_zone = '+02:00'";
            await command.ExecuteNonQueryAsync(Cancellation);
        }

        var results = await LookAsync(options);

        Assert.Contains("innodb_flush_log_at_trx_commit = 1", results.Of("database durability").ToDo, StringComparison.Ordinal);
        Assert.Contains("sync_binlog = 1", results.Of("database durability").ToDo, StringComparison.Ordinal);
        Assert.Contains("max_allowed_packet", results.Of("database limits").ToDo, StringComparison.Ordinal);
        Assert.Contains("wait_timeout", results.Of("database limits").ToDo, StringComparison.Ordinal);
        Assert.Contains("Maximum Pool Size", results.Of("database connections").ToDo, StringComparison.Ordinal);
        Assert.Contains("default_time_zone", results.Of("database time zone").ToDo, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("9.7.4", nameof(CheckState.Ok))]
    [InlineData("8.0.36-0ubuntu0.22.04.1", nameof(CheckState.Ok))]
    [InlineData("8.0.20", nameof(CheckState.Warning))]
    [InlineData("5.7.44-log", nameof(CheckState.Failed))]
    [InlineData("10.11.6-MariaDB-1", nameof(CheckState.Warning))]
    [InlineData("unknown", nameof(CheckState.Warning))]
    public void MySql_Version_IsJudged(string version, string expected) => Assert.Equal(expected, MySqlChecks.Judge(version).Status switch
    {
        HealthStatus.Healthy => nameof(CheckState.Ok),
        HealthStatus.Degraded => nameof(CheckState.Warning),
        _ => nameof(CheckState.Failed),
    });

    [Theory]
    [InlineData(TestEngine.Postgres, 0, nameof(CheckState.Ok))]
    [InlineData(TestEngine.Postgres, 10, nameof(CheckState.Warning))]
    [InlineData(TestEngine.Postgres, -3600, nameof(CheckState.Failed))]
    [InlineData(TestEngine.MySql, 0, nameof(CheckState.Ok))]
    [InlineData(TestEngine.MySql, -10, nameof(CheckState.Warning))]
    [InlineData(TestEngine.MySql, 3600, nameof(CheckState.Failed))]
    public async Task Server_ClockThatDiffers_IsFound(TestEngine engine, int ahead, string expected)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);

        var result = (await LookAsync(database.Options(), new Doctor.AheadTime(TimeSpan.FromSeconds(ahead)))).Of("database clock");

        Assert.Equal(expected, $"{result.State}");
        Assert.Contains(ahead > 0 ? "behind" : ahead < 0 ? "ahead of" : "agree", result.Found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TestEngine.Postgres)]
    [InlineData(TestEngine.MySql)]
    public async Task Server_LoginWithoutRights_IsFoundBeforeAndAfterTheFirstRun(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("1_a.up.sql", "SELECT 1;").Write("1_a.down.sql", "SELECT 1;");
        var login = await LoginAsync(database);

        var before = (await LookAsync(database.Options(options => options.ConnectionString = login))).Of("database rights");
        var owners = (await LookAsync(database.Options())).Of("database rights");
        await database.Runner().UpAsync(Cancellation);
        var after = (await LookAsync(database.Options(options => options.ConnectionString = login))).Of("database rights");

        Assert.Equal((CheckState.Failed, CheckState.Ok, CheckState.Failed), (before.State, owners.State, after.State));
        Assert.Contains("may not create tables", before.Found, StringComparison.Ordinal);
        Assert.Contains("migration_journal", after.Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sqlite_FolderThatCannotBeMade_FailsThoughTheDatabaseFailsToo()
    {
        using var database = TestDatabase.CreateSqlite();
        var file = Path.Combine(database.Scripts, "file");
        await File.WriteAllTextAsync(file, "", Cancellation);

        var results = await LookAsync(database.Options(options => options.ConnectionString = $"Data Source={Path.Combine(file, "app.db")}"));

        Assert.Equal(CheckState.Failed, results.Of("database folder").State);
        Assert.Contains("write there", results.Of("database folder").ToDo, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sqlite_JournalMode_IsOkWithAWriteAheadLogAlone()
    {
        using var database = TestDatabase.CreateSqlite();
        await database.ExecuteAsync("CREATE TABLE a (id int)");
        Assert.Equal(CheckState.Warning, (await LookAsync(database.Options())).Of("database durability").State);

        await database.ExecuteAsync("PRAGMA journal_mode = WAL");

        Assert.Equal(CheckState.Ok, (await LookAsync(database.Options())).Of("database durability").State);
    }

    [Fact]
    public async Task Sqlite_FileThatIsNoDatabase_Fails()
    {
        using var database = TestDatabase.CreateSqlite();
        await File.WriteAllTextAsync(Path.Combine(database.Scripts, "text.db"), new string('x', 4096), Cancellation);

        var results = await LookAsync(database.Options(options => options.ConnectionString = $"Data Source={Path.Combine(database.Scripts, "text.db")};Pooling=false"));

        Assert.Contains(results, result => result.State == CheckState.Failed);
    }

    [Theory]
    [InlineData("ext4", DriveType.Fixed, true)]
    [InlineData("overlay", DriveType.Unknown, true)]
    [InlineData("nfs4", DriveType.Network, false)]
    [InlineData("cifs", DriveType.Network, false)]
    [InlineData("9p", DriveType.Unknown, false)]
    [InlineData("fuse.sshfs", DriveType.Unknown, false)]
    public void Sqlite_FileSystem_IsJudged(string format, DriveType type, bool isWell) =>
        Assert.Equal(isWell ? HealthStatus.Healthy : HealthStatus.Unhealthy, SqliteChecks.Judge(format, type).Status);

    [Theory]
    [InlineData("localhost", false, HealthStatus.Healthy)]
    [InlineData("127.0.0.1,::1", false, HealthStatus.Healthy)]
    [InlineData("/var/run/postgresql", false, HealthStatus.Healthy)]
    [InlineData("db.shop.example", true, HealthStatus.Healthy)]
    [InlineData("localhost,db.shop.example", false, HealthStatus.Degraded)]
    public void Transport_InTheClearToAnotherMachine_Warns(string host, bool isEncrypted, HealthStatus expected) =>
        Assert.Equal(expected, Transport.Judge(host, isEncrypted, "Encrypt it.").Status);

    private static Task<IReadOnlyList<CheckResult>> LookAsync(MigrationOptions options, TimeProvider? time = null) => Doctor.RunAsync(checks =>
    {
        if (time is not null)
            checks.Services.AddSingleton(time);
        checks.Services.AddMigrations((_, configured) =>
            (configured.Engine, configured.ConnectionString, configured.ScriptsPath) = (options.Engine, options.ConnectionString, options.ScriptsPath));
        checks.AddDatabaseDoctor(options.Engine!);
    });

    private static async Task<string> LoginAsync(TestDatabase database)
    {
        var name = $"login_{Guid.NewGuid():N}"[..20];
        var settings = new DbConnectionStringBuilder { ConnectionString = database.ConnectionString };
        if (database.Engine == TestEngine.Postgres)
        {
            await database.ExecuteAsync($"CREATE ROLE {name} LOGIN PASSWORD 'secret'");
            await database.ExecuteAsync("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
            settings.Remove("User ID");
            settings["Username"] = name;
        }
        else
        {
            var schema = await database.QueryAsync("SELECT DATABASE()");
            await database.ExecuteAsync($"CREATE USER '{name}'@'%' IDENTIFIED BY 'secret'");
            await database.ExecuteAsync($"GRANT SELECT ON `{schema}`.* TO '{name}'@'%'");
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
