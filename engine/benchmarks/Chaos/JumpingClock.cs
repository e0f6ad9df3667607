using System.Globalization;
using Buffkit.Benchmarks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

[assembly: HostingStartup(typeof(JumpingClockStartup))]

namespace Buffkit.Benchmarks;

/// <summary>The clock of a node of <see cref="ChaosNode"/>: this machine's, and what a file says beside it. Time that passes is not changed, as where a machine's clock is set.</summary>
internal sealed class JumpingClock : TimeProvider, IDisposable
{
    /// <summary>Names the file in the node's environment.</summary>
    public const string Variable = "CHAOS_CLOCK";

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private readonly string _file;
    private readonly Timer _looking;
    private long _difference;

    public JumpingClock(string file)
    {
        _file = file;
        _looking = new Timer(static clock => ((JumpingClock)clock!).Read(), this, Look, Look);
    }

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromTicks(Volatile.Read(ref _difference));

    /// <summary>Writes the file.</summary>
    public static void Set(string file, TimeSpan difference)
    {
        // Replaced as a whole: it may be read at any moment.
        var next = file + ".next";
        File.WriteAllText(next, difference.Ticks.ToString(CultureInfo.InvariantCulture));
        File.Move(next, file, overwrite: true);
    }

    public void Dispose() => _looking.Dispose();

    private void Read() => Volatile.Write(ref _difference, long.Parse(File.ReadAllText(_file), CultureInfo.InvariantCulture));
}

/// <summary>Gives the clock to a node before it registers its own services: the engine has one <see cref="TimeProvider"/> for all it does.</summary>
internal sealed class JumpingClockStartup : IHostingStartup
{
    public void Configure(IWebHostBuilder builder)
    {
        if (Environment.GetEnvironmentVariable(JumpingClock.Variable) is { Length: > 0 } file)
            builder.ConfigureServices(services => services.AddSingleton<TimeProvider>(new JumpingClock(file)));
    }
}
