using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;

namespace Buffkit.Benchmarks;

/// <summary><c>load</c>: the load generator against a server that runs already.</summary>
internal static class LoadCommand
{
    public static Command Create()
    {
        var url = new Option<Uri>("--url")
        {
            Description = "The event stream, on an address of this machine: GET subscribes, POST publishes.",
            DefaultValueFactory = _ => new Uri("http://127.0.0.1:5080/events"),
            CustomParser = Url,
        };
        var topic = new Option<string>("--topic") { Description = "The topic published to.", DefaultValueFactory = _ => "load/all" };
        var process = new Option<int>("--pid") { Description = "The server's process, to measure its CPU and memory.", Required = true };
        var rate = new Option<double>("--rate") { Description = "Events a second of each publisher; 0 floods.", DefaultValueFactory = _ => 20 };
        var publishers = new Option<int>("--publishers") { Description = "Publishers, 1 to 256.", DefaultValueFactory = _ => 1 };
        var connections = LoadOptions.Connections(1_000);
        var options = new LoadOptions();

        var command = new Command("load", "Opens thousands of streams, publishes, and reports latency, loss and the server's CPU and memory.")
        {
            url, topic, process, rate, publishers, connections,
        };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var address = parsed.GetRequiredValue(url);
            var target = new JsonTarget("server", EndPoint(address), address.AbsolutePath, parsed.GetRequiredValue(topic));
            var shape = options.Shape(parsed, parsed.GetValue(connections)) with { Publishers = Math.Clamp(parsed.GetValue(publishers), 1, 256) };
            Pace pace = parsed.GetValue(rate) > 0 ? new SteadyPace(parsed.GetValue(rate)) : options.Flood(parsed);
            Print(await new LoadRun(target, new ProcessTree(parsed.GetValue(process)), shape).RunAsync(pace, cancellationToken));
        });
        return command;
    }

    private static Uri? Url(ArgumentResult argument)
    {
        if (Uri.TryCreate(argument.Tokens[0].Value, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttp)
            return url;
        argument.AddError("--url is an http:// address, such as http://127.0.0.1:5080/events.");
        return null;
    }

    // A load is for a machine that one owns.
    private static IPEndPoint EndPoint(Uri url) =>
        IPAddress.TryParse(url.Host == "localhost" ? "127.0.0.1" : url.Host, out var address) && IPAddress.IsLoopback(address)
            ? new IPEndPoint(address, url.Port)
            : throw new CannotMeasureException("The load generator speaks to the loopback address only, such as http://127.0.0.1:5080/events.");

    private static void Print(LoadFigures figures) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
        connections       {figures.Connections,12:N0}
        published         {figures.Published,12:N0}  in {figures.Seconds:N1} s
        deliveries        {figures.Deliveries,12:N0}  {figures.DeliveriesPerSecond:N0} a second
        lost              {figures.Lost,12:N0}  gaps announced: {figures.Gaps:N0}, repeats: {figures.Repeated:N0}, streams ended: {figures.Ended:N0}
        latency p50       {figures.P50,12:N1}  ms
        latency p99       {figures.P99,12:N1}  ms
        latency max       {figures.Max,12:N1}  ms
        server CPU        {figures.CpuMicrosPerDelivery,12:N2}  µs per delivery, {figures.ServerCpu:N1} s
        generator CPU     {figures.GeneratorCpu,12:N1}  s
        other CPU         {figures.OtherCpu,12:N1}  s of everything else on the machine
        events per read   {figures.EventsPerRead,12:N1}
        server memory     {figures.Memory.Proportional / 1048576.0,12:N1}  MiB (PSS)
        """));
}
