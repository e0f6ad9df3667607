using System.CommandLine;
using System.Globalization;

namespace Buffkit.Benchmarks;

/// <summary><c>allocations</c>: bytes allocated per delivered event, in the engine alone and through Kestrel.</summary>
internal static class AllocationsCommand
{
    public static Command Create()
    {
        var connections = LoadOptions.Connections(1_000);
        var events = new Option<int>("--events") { Description = "Events measured.", DefaultValueFactory = _ => 2_000 };
        var burst = new Option<int>("--burst") { Description = "Events published together, in the second row of each.", DefaultValueFactory = _ => 32 };
        var command = new Command("allocations", "Counts the bytes allocated per delivered event.") { connections, events, burst };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (many, count, together) = (parsed.GetValue(connections), parsed.GetValue(events), parsed.GetValue(burst));
            Console.WriteLine($"{many} connections, {count} events; publishing an event is measured without connections and taken off");
            foreach (var size in (int[])[1, together])
            {
                await ReportAsync("engine, null sink", async n => await NullDelivery.StartAsync(n, cancellationToken), many, count, size, cancellationToken);
                await ReportAsync("Kestrel, loopback", async n => await KestrelDelivery.StartAsync(n, cancellationToken), many, count, size, cancellationToken);
            }
        });
        return command;
    }

    private static async Task ReportAsync(
        string what, Func<int, Task<IDelivery>> start, int connections, int events, int burst, CancellationToken cancellationToken)
    {
        var publishing = await MeasureAsync(start, 0, events, burst, cancellationToken);
        var all = await MeasureAsync(start, connections, events, burst, cancellationToken);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{what}, {burst,3} at a time: {(all - publishing) / connections,8:N2} bytes per delivery, {publishing,8:N0} bytes per publish"));
    }

    private static async Task<double> MeasureAsync(
        Func<int, Task<IDelivery>> start, int connections, int events, int burst, CancellationToken cancellationToken)
    {
        await using var delivery = await start(connections);
        return await AllocationRun.BytesPerEventAsync(delivery, events, burst, cancellationToken);
    }
}
