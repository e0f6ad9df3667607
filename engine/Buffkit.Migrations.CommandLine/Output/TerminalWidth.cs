using System.Globalization;

namespace Buffkit.Migrations.CommandLine;

/// <summary>How many columns there are for text.</summary>
internal static class TerminalWidth
{
    /// <summary>Help is for people, wherever it goes; so many columns every terminal and page has.</summary>
    public const int Default = 80;

    /// <summary>Narrower than this a wrapped line says nothing any more.</summary>
    public const int Narrowest = 40;

    /// <summary>The columns of standard output; <see langword="null"/> where it goes to a file or another program, which reads line by line.</summary>
    public static int? OfOutput() => Of(Environment.GetEnvironmentVariable("COLUMNS"), Console.IsOutputRedirected, () => Console.WindowWidth);

    /// <summary>What <c>COLUMNS</c> says goes before what the terminal says.</summary>
    internal static int? Of(string? columns, bool redirected, Func<int> window)
    {
        if (int.TryParse(columns, NumberStyles.None, CultureInfo.InvariantCulture, out var said) && said > 0)
        {
            return Math.Max(Narrowest, said);
        }

        if (redirected)
        {
            return null;
        }

        // A terminal that knows no size says 0.
        return window() is var width and > 0 ? Math.Max(Narrowest, width) : Default;
    }
}
