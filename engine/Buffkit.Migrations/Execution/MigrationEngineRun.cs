using System.Runtime.ExceptionServices;
using DbUp.Builder;
using DbUp.Engine;

namespace Buffkit.Migrations;

/// <summary>DbUp's engine with our parts in it: scripts, journal, connection and executor.</summary>
internal sealed class MigrationEngineRun
{
    private readonly UpgradeEngine _engine;
    private readonly MigrationScriptExecutor _executor;

    public MigrationEngineRun(RunContext context, MigrationPlan plan, CancellationToken cancellation)
    {
        context.Count = plan.Scripts.Count;
        _executor = new MigrationScriptExecutor(context, cancellation);
        var scripts = new PlannedScripts(plan);
        var configuration = new UpgradeConfiguration
        {
            ConnectionManager = new RunnerConnection(context.Database),
            Journal = context.Journal,
            ScriptExecutor = _executor,
            ScriptSorter = scripts,
            ScriptFilter = scripts,
            // $name$ is PostgreSQL's quote, not DbUp's variable.
            VariablesEnabled = false,
        };
        configuration.ScriptProviders.Add(scripts);
        configuration.Validate();
        _engine = new UpgradeEngine(configuration);
    }

    /// <summary>Runs the plan.</summary>
    public async Task<IReadOnlyList<CompletedMigration>> RunAsync()
    {
        // A thread of its own: the engine blocks it for as long as the migrations take.
        var result = await Task.Factory.StartNew(
            _engine.PerformUpgrade, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        if (!result.Successful)
        {
            ExceptionDispatchInfo.Throw(result.Error);
        }

        return _executor.Completed;
    }

    /// <summary>Writes the plan into the journal as done, without running it.</summary>
    public IReadOnlyList<string> MarkAsDone()
    {
        var result = _engine.MarkAsExecuted();
        if (!result.Successful)
        {
            ExceptionDispatchInfo.Throw(result.Error);
        }

        return [.. result.Scripts.Select(script => script.Name)];
    }
}
