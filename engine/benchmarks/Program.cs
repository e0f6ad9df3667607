using System.CommandLine;
using Buffkit.Benchmarks;

var root = new RootCommand("Measures the stream engine, alone and beside other servers, and the migrations beside plain DbUp.")
{
    MicroCommand.Create(),
    LoadCommand.Create(),
    CompareCommand.Create(),
    AllocationsCommand.Create(),
    HistoryCommand.Create(),
    RedisCommand.Create(),
    MigrationsCommand.Create(),
    ChaosCommand.Create(),
    PlainServerCommand.Create(),
};

try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (CannotMeasureException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
catch (OperationCanceledException)
{
    return 130;
}
