using System.Text.Json;
using Buffkit.Migrations;
using Buffkit.Migrations.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Buffkit.Tests;

/// <summary>The command that says what is wrong: its form, its end, and that nothing hides anything else.</summary>
public sealed class DoctorTests
{
    private const string Failed = "failed";
    private const string Warning = "warning";

    [Fact]
    public async Task Doctor_MigratedDatabase_EndsWith0AndSaysWhatItRead()
    {
        using var database = Migrated();
        await database.Runner().UpAsync(TestContext.Current.CancellationToken);

        var (code, json) = await MigrationProcess.RunJsonAsync(database, "doctor");

        Assert.True(code == 0, json.GetRawText());
        Assert.Equal(0, json.GetProperty("failed").GetInt32());
        Assert.Equal("1 applied, 0 pending.", Found(json, "schema"));
        Assert.Contains("environment variables", Found(json, "configuration"), StringComparison.Ordinal);
        Assert.StartsWith("sqlite 3.", Found(json, "database"), StringComparison.Ordinal);
        Assert.Equal("ok", State(json, "database folder"));
        Assert.Equal("ok", State(json, "database file system"));
    }

    [Fact]
    public async Task Doctor_NoFileYet_IsNoFailure()
    {
        using var database = Migrated();

        var (code, json) = await MigrationProcess.RunJsonAsync(database, "doctor");

        Assert.Equal(0, code);
        Assert.Contains("is not there yet", Found(json, "database"), StringComparison.Ordinal);
        Assert.Equal(Warning, State(json, "schema"));
        Assert.Contains("Run up", ToDo(json, "schema"), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Path.GetDirectoryName(database.Scripts)!, "test.db")));
    }

    [Fact]
    public async Task Doctor_PendingMigration_Warns()
    {
        using var database = Migrated();
        await database.Runner().UpAsync(TestContext.Current.CancellationToken);
        database.Write("2_b.up.sql", "CREATE TABLE b (id int);");

        var (code, json) = await MigrationProcess.RunJsonAsync(database, "doctor");

        Assert.Equal((0, Warning, "1 applied, 1 pending."), (code, State(json, "schema"), Found(json, "schema")));
    }

    [Fact]
    public async Task Doctor_FailedMigration_EndsWith4AndNamesIt()
    {
        using var database = Migrated();
        database.Write("2_b.up.sql", "INSERT INTO nowhere VALUES (1);");
        await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(TestContext.Current.CancellationToken));

        var (code, json) = await MigrationProcess.RunJsonAsync(database, "doctor");

        Assert.Equal((4, Failed), (code, State(json, "schema")));
        Assert.Contains("2_b (", Found(json, "schema"), StringComparison.Ordinal);
        Assert.Contains("nowhere", Found(json, "schema"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_ChangedScript_EndsWith4AndNamesIt()
    {
        using var database = Migrated();
        await database.Runner().UpAsync(TestContext.Current.CancellationToken);
        database.Write("1_a.up.sql", "CREATE TABLE another (id int);");

        var (code, json) = await MigrationProcess.RunJsonAsync(database, "doctor");

        Assert.Equal((4, Failed), (code, State(json, "schema")));
        Assert.Contains("1_a", Found(json, "schema"), StringComparison.Ordinal);
        Assert.Contains("repair", ToDo(json, "schema"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_FolderOfScriptsThatIsNotThere_SaysSo()
    {
        using var database = Migrated();

        var (code, json) = await MigrationProcess.RunJsonAsync(database, "doctor", "--scripts", "nowhere");

        Assert.Equal((4, Failed), (code, State(json, "schema")));
    }

    [Theory]
    [InlineData("postgres", "Hose=x;Password=hidden", "none of postgres's")]
    [InlineData("postgres", "Host=127.0.0.1;Port=1;Username=x;Password=hidden;Timeout=2", "cannot be opened")]
    [InlineData("mysql", "Server=127.0.0.1;Port=1;User ID=x;Password=hidden;Database=hidden", "cannot be opened")]
    [InlineData("oracle", "Password=hidden", "no engine")]
    public async Task Doctor_DatabaseThatCannotBeUsed_SaysWhyAndLooksAtTheRestWithoutSecrets(string provider, string connection, string why)
    {
        using var database = Migrated();

        var (code, json) = await MigrationProcess.RunJsonAsync(database, "doctor", "--provider", provider, "--connection", connection);

        Assert.Equal((4, Failed, "ok"), (code, State(json, "database"), State(json, "configuration")));
        Assert.Contains(why, Found(json, "database"), StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", json.GetRawText(), StringComparison.Ordinal);
        Assert.All(
            json.GetProperty("checks").EnumerateArray().Select(check => (check.GetProperty("name").GetString(), check.GetProperty("state").GetString())),
            check => Assert.Equal(check.Item1 switch { "database" => Failed, "configuration" => "ok", _ => "skipped" }, check.Item2));
    }

    [Fact]
    public async Task Doctor_KeyThatNobodyReads_Warns()
    {
        using var database = Migrated();

        var (code, json) = await MigrationProcess.RunJsonAsync(database, "doctor", "--Migrations:LockWaits=00:01:00");

        Assert.Equal((0, Warning), (code, State(json, "configuration")));
        Assert.Contains("Migrations:LockWaits", Found(json, "configuration"), StringComparison.Ordinal);
        Assert.Contains("LockWait)", Found(json, "configuration"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_FileOfSettings_IsReadBeforeTheEnvironment()
    {
        using var database = Migrated();
        var file = Path.Combine(database.Scripts, "api.json");
        await File.WriteAllTextAsync(file, """{ "Database": { "Provider": "oracle", "Colour": "blue" } }""", TestContext.Current.CancellationToken);

        var (code, json) = await MigrationProcess.RunJsonAsync(database, "doctor", "--settings", file);

        Assert.Equal(0, code);
        Assert.Contains("Database:Colour", Found(json, "configuration"), StringComparison.Ordinal);
        Assert.Contains("test.db is not there yet", Found(json, "database"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nowhere.json", null)]
    [InlineData("api.json", "{ \"Streams\": ")]
    public async Task Doctor_FileOfSettingsThatCannotBeRead_Ends2(string name, string? text)
    {
        using var database = Migrated();
        if (text is not null)
            await File.WriteAllTextAsync(Path.Combine(database.Scripts, name), text, TestContext.Current.CancellationToken);

        var (code, json) = await MigrationProcess.RunJsonAsync(database, "doctor", "--settings", name);

        Assert.Equal(2, code);
        Assert.Contains($"--settings {name}", json.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_AsText_SaysStateNameWhatAndWhatToDo()
    {
        using var database = Migrated();

        var (code, output, _) = await MigrationProcess.RunAsync(database, "doctor", "--provider", "postgres", "--connection", "Host=127.0.0.1;Port=1;Username=x;Timeout=2");

        var lines = output.ReplaceLineEndings("\n").Split('\n');
        Assert.Equal(4, code);
        Assert.StartsWith("ok       configuration: Environment ", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("failed   database: The postgres database cannot be opened", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("         To do: Bring the server back", lines[2], StringComparison.Ordinal);
        Assert.StartsWith("skipped  database version, database clock", lines[3], StringComparison.Ordinal);
        Assert.EndsWith("1 failed, 0 warnings, 8 skipped.", lines[4], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_CheckThatNeverEnds_IsLeftAndTheOthersAreLookedAt()
    {
        var results = await Doctor.RunAsync(checks => checks
            .Add(new HealthCheckRegistration("stuck", _ => new Stuck(), null, [MigrationCommandLine.DoctorTag], TimeSpan.FromMilliseconds(100)))
            .Add(Doctor.Check("needy", () => HealthCheckResult.Healthy(), "needs:stuck"))
            .Add(Doctor.Check("needier", () => HealthCheckResult.Healthy(), "needs:needy"))
            .Add(Doctor.Check("other", () => HealthCheckResult.Healthy("well"))));

        Assert.Equal([CheckState.Failed, CheckState.Skipped, CheckState.Skipped, CheckState.Ok], results.Select(result => result.State));
        Assert.Equal("No answer within 0.1 s.", results[0].Found);
    }

    [Fact]
    public async Task Run_CheckThatThrows_FailsAlone()
    {
        var results = await Doctor.RunAsync(checks => checks
            .Add(Doctor.Check("broken", () => throw new InvalidOperationException("out of order")))
            .Add(Doctor.Check("other", () => HealthCheckResult.Healthy("well"))));

        Assert.Contains("out of order", results.Of("broken").Found, StringComparison.Ordinal);
        Assert.Equal((CheckState.Failed, CheckState.Ok), (results.Of("broken").State, results.Of("other").State));
    }

    [Fact]
    public async Task Run_ChecksOfTheApplicationWithoutTheTag_AreLeftAlone()
    {
        var results = await Doctor.RunAsync(checks => checks.AddCheck("probe", () => HealthCheckResult.Unhealthy()));

        Assert.Empty(results);
    }

    [Theory]
    [InlineData("Host=db;Password=s3cret;Username=x")]
    [InlineData("Server=db;Pwd='s3cret'")]
    [InlineData("redis:6379,password=s3cret,ssl=true")]
    [InlineData("Host=db;PSW=s3cret")]
    [InlineData("Host=db;SSL Password=s3cret")]
    [InlineData("redis:6379,password=ab,s3cret,ssl=true")]
    [InlineData("redis://user:s3cret@redis:6379")]
    [InlineData("postgres://user:s3cret@db/shop")]
    public async Task Run_MessageWithAPassword_DoesNotShowIt(string connectionString)
    {
        var results = await Doctor.RunAsync(
            checks => checks.Add(Doctor.Check("talkative", () => HealthCheckResult.Unhealthy("refused for s3cret", data: new Dictionary<string, object> { ["do"] = "try s3cret" }))),
            [KeyValuePair.Create<string, string?>("ConnectionStrings:any", connectionString)]);

        Assert.Equal(("refused for ***", "try ***"), (results[0].Found, results[0].ToDo));
    }

    [Fact]
    public async Task Run_PasswordWithSignsOfItsOwn_IsHiddenWhole()
    {
        var results = await Doctor.RunAsync(
            checks => checks.Add(Doctor.Check("talkative", () => HealthCheckResult.Unhealthy("""refused for a;b"c, and for redis://u:p@h"""))),
            [KeyValuePair.Create<string, string?>("ConnectionStrings:any", "Host=db;Password=\"a;b\"\"c\"")]);

        Assert.Equal("refused for ***, and for redis://***@h", results[0].Found);
    }

    [Fact]
    public async Task Run_PasswordThatIsPartOfWords_DoesNotShowByWhatIsMissing()
    {
        var results = await Doctor.RunAsync(
            checks => checks.Add(Doctor.Check("talkative", () => HealthCheckResult.Healthy("postgresql 17 answers."))),
            [KeyValuePair.Create<string, string?>("ConnectionStrings:any", "Host=db;Password=postgres")]);

        Assert.Equal("postgresql 17 answers.", results[0].Found);
    }

    [Fact]
    public async Task Run_CheckWithServicesOfARequest_IsGivenThem()
    {
        var results = await Doctor.RunAsync(checks =>
        {
            checks.Services.AddScoped<Scoped>();
            checks.Add(new HealthCheckRegistration("scoped", services => services.GetRequiredService<Scoped>(), HealthStatus.Unhealthy, [MigrationCommandLine.DoctorTag]));
        });

        Assert.Equal(CheckState.Ok, results[0].State);
        Assert.Equal("disposed before: False", results[0].Found);
    }

    private static TestDatabase Migrated() =>
        TestDatabase.CreateSqlite().Write("1_a.up.sql", "CREATE TABLE a (id int);").Write("1_a.down.sql", "DROP TABLE a;");

    private static string? Found(JsonElement json, string name) => Of(json, name).GetProperty("found").GetString();

    private static string? State(JsonElement json, string name) => Of(json, name).GetProperty("state").GetString();

    private static string? ToDo(JsonElement json, string name) => Of(json, name).GetProperty("do").GetString();

    private static JsonElement Of(JsonElement json, string name) =>
        json.GetProperty("checks").EnumerateArray().Single(check => check.GetProperty("name").GetString() == name);

    private sealed class Scoped : IHealthCheck, IDisposable
    {
        private bool _isDisposed;

        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(HealthCheckResult.Healthy($"disposed before: {_isDisposed}"));

        public void Dispose() => _isDisposed = true;
    }

    private sealed class Stuck : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            new TaskCompletionSource<HealthCheckResult>().Task;
    }
}
