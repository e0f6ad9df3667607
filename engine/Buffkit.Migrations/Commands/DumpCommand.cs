namespace Buffkit.Migrations;

/// <summary>Writes the schema as SQL.</summary>
internal sealed class DumpCommand(RunnerServices services)
{
    public async Task<string> RunAsync(CancellationToken cancellation)
    {
        await using var database = await RunnerSession.ConnectAsync(services, readOnly: true, cancellation);
        return database.IsAbsent ? "" : await database.DumpAsync(cancellation);
    }
}
