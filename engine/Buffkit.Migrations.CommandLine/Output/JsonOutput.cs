using System.Text.Json;
using System.Text.Json.Serialization;

namespace Buffkit.Migrations.CommandLine;

/// <summary>One JSON document per command. Names and meanings are public: scripts read them.</summary>
internal sealed class JsonOutput(TextWriter output) : CommandOutput
{
    private static readonly JsonSerializerOptions Form = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public override int Completed(IReadOnlyList<CompletedMigration> migrations, string nothing) => Write(new
    {
        migrations = migrations.Select(migration => new
        {
            migration.Name,
            migration.Direction,
            migration.Statements,
            durationMs = Milliseconds(migration.Duration),
        }),
    });

    public override int Names(string verb, IReadOnlyList<string> names, string nothing) =>
        Write(new Dictionary<string, object> { [verb] = names });

    public override int Repairs(IReadOnlyList<Repair> repairs) => Write(new { repairs });

    public override void Status(MigrationStatus status) => Write(new
    {
        status.Engine,
        status.Runner,
        applied = status.Migrations.Count(migration => migration.State is MigrationState.Applied or MigrationState.Baselined),
        status.Pending,
        migrations = status.Migrations.Select(migration => new
        {
            migration.Name,
            migration.Version,
            migration.Kind,
            migration.State,
            migration.AppliedAt,
            durationMs = migration.Duration is { } duration ? Milliseconds(duration) : (double?)null,
            migration.StatementsDone,
            migration.StatementsTotal,
            migration.StatementUnderWay,
            migration.Who,
            migration.Error,
            migration.Changed,
            migration.HasFile,
            migration.HasDown,
        }),
        problems = status.Problems.Select(Problem),
    });

    public override int DryRun(DryRun result) => Write(result);

    public override int Schema(string sql) => Write(new { schema = sql });

    public override void Error(Exception exception, int exitCode) => Write(new
    {
        error = MessageOf(exception),
        exitCode,
        problems = (exception as MigrationValidationException)?.Problems.Select(Problem) ?? [],
    });

    protected override void WriteProblems(IReadOnlyList<ScriptProblem> problems) =>
        Write(new { valid = !problems.Any(problem => problem.IsError), problems = problems.Select(Problem) });

    protected override void WriteFindings(IReadOnlyList<LintFinding> findings) => Write(new { findings });

    protected override void WriteFindings(IReadOnlyList<CheckResult> results) => Write(new
    {
        failed = results.Count(result => result.State == CheckState.Failed),
        warnings = results.Count(result => result.State == CheckState.Warning),
        checks = results.Select(result => new
        {
            result.Name,
            result.State,
            result.Found,
            @do = result.ToDo,
            durationMs = Milliseconds(result.Duration),
        }),
    });

    private static object Problem(ScriptProblem problem) => new
    {
        problem.Kind,
        problem.Script,
        problem.Line,
        problem.Message,
        severity = problem.IsError ? "error" : "hint",
    };

    private static double Milliseconds(TimeSpan duration) => Math.Round(duration.TotalMilliseconds, 3);

    private int Write(object value)
    {
        output.WriteLine(JsonSerializer.Serialize(value, Form));
        return ExitCode.Success;
    }
}
