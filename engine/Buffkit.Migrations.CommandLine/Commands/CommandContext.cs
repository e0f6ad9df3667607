using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Buffkit.Migrations.CommandLine;

/// <summary>Builds the host for a command, runs it, and turns what happens into output and an exit code.</summary>
internal sealed class CommandContext(RunnerHost hosts, CommonOptions common, Signals signals)
{
    public async Task<int> RunAsync(
        ParseResult parsed, Func<MigrationRunner, CommandOutput, CancellationToken, Task<int>> command)
    {
        var output = Output(parsed);
        try
        {
            using var progress = ProgressDisplay.For(parsed.GetValue(common.Json), parsed.GetValue(common.Verbose));
            using var host = BuildHost(parsed, progress);
            await host.StartAsync(signals.Token);
            try
            {
                return await command(host.Services.GetRequiredService<MigrationRunner>(), output, signals.Token);
            }
            finally
            {
                progress.Dispose();
                // What telemetry still holds is sent now; a cancelled command has something to tell as well.
                await host.StopAsync(CancellationToken.None);
            }
        }
        catch (Exception e)
        {
            return Fail(output, e);
        }
    }

    /// <summary>Looks at what the program depends on. The host is made and not started: what does not start is what is asked for.</summary>
    public async Task<int> RunDoctorAsync(ParseResult parsed, IReadOnlyList<string> files)
    {
        var output = Output(parsed);
        try
        {
            var (builder, checks) = hosts.CreateDoctor(Settings(parsed), files);
            Quiet(builder);
            var host = builder.Build();
            await using var disposal = (IAsyncDisposable)host;
            return output.Findings(await new DoctorRun(host.Services, checks.All).RunAsync(signals.Token));
        }
        catch (Exception e)
        {
            return Fail(output, e);
        }
    }

    /// <summary>Runs a command that writes files of scripts.</summary>
    public Task<int> RunFilesAsync(ParseResult parsed, Func<string, CommandOutput, int> command)
    {
        var output = Output(parsed);
        try
        {
            return Task.FromResult(command(parsed.GetValue(common.Scripts) ?? FindSources(), output));
        }
        catch (Exception e) when (e is MigrationException or IOException or UnauthorizedAccessException)
        {
            return Task.FromResult(Fail(output, e));
        }
    }

    /// <summary>The engine that is configured, for a command that needs its rules and no connection.</summary>
    public MigrationEngine Engine(ParseResult parsed) => hosts.Engine(parsed.GetValue(common.Provider));

    /// <summary>The engines that the program has.</summary>
    public MigrationEngines Engines => hosts.Engines;

    private CommandOutput Output(ParseResult parsed) => CommandOutput.For(parsed.GetValue(common.Json));

    private int Fail(CommandOutput output, Exception exception)
    {
        var code = exception is OperationCanceledException && signals.ExitCode is { } signal ? signal : ExitCode.Of(exception);
        output.Error(exception, code);
        return code;
    }

    private IHost BuildHost(ParseResult parsed, ProgressDisplay progress)
    {
        var builder = hosts.CreateBuilder(
            Settings(parsed),
            options =>
            {
                options.Progress = progress;
                if (parsed.GetValue(common.LockWait) is { } seconds)
                {
                    options.LockWait = TimeSpan.FromSeconds(Math.Clamp(seconds, 0, TimeSpan.MaxValue.TotalSeconds / 2));
                }
            });
        Quiet(builder);
        return builder.Build();
    }

    private (string Key, string? Value)[] Settings(ParseResult parsed) =>
    [
        (RunnerHost.ProviderKey, parsed.GetValue(common.Provider)),
        ($"ConnectionStrings:{RunnerHost.ConnectionName}", parsed.GetValue(common.Connection)),
        (RunnerHost.ScriptsKey, parsed.GetValue(common.Scripts)),
    ];

    private static void Quiet(HostApplicationBuilder builder)
    {
        // Standard output belongs to the result.
        builder.Services.Configure<ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Logging.AddFilter<ConsoleLoggerProvider>(null, LogLevel.Warning);
        // Hosting's own console lifetime would take the signals.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
    }

    /// <summary>New files belong beside the sources, not into the folder that the program runs from.</summary>
    private static string FindSources()
    {
        for (var folder = new DirectoryInfo(Directory.GetCurrentDirectory()); folder is not null; folder = folder.Parent)
        {
            var scripts = folder.EnumerateDirectories("*.MigrationService").Select(found => Path.Combine(found.FullName, "Scripts"));
            if (scripts.FirstOrDefault(Directory.Exists) is { } sources)
            {
                return sources;
            }
        }

        throw new MigrationConfigurationException("Here is no folder of scripts. Name it with --scripts.");
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
