namespace Buffkit.Migrations.CommandLine;

/// <summary>Tells configuration (<c>--Database:Provider=postgres</c>) from commands and their options.</summary>
internal static class Arguments
{
    /// <summary>An option whose name holds a colon is configuration, with its value in the same argument or the next.</summary>
    public static (string[] Configuration, string[] Command) Split(IReadOnlyList<string> arguments)
    {
        var configuration = new List<string>();
        var command = new List<string>();
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            var name = argument.Split('=', 2)[0];
            if (!name.StartsWith("--", StringComparison.Ordinal) || !name.Contains(':', StringComparison.Ordinal))
            {
                command.Add(argument);
                continue;
            }

            configuration.Add(argument);
            if (name.Length == argument.Length && i + 1 < arguments.Count)
            {
                configuration.Add(arguments[++i]);
            }
        }

        return ([.. configuration], [.. command]);
    }
}
