using System.CommandLine.Parsing;
using System.Globalization;

namespace Buffkit.Migrations.CommandLine;

/// <summary>Reads numbers, and says in words what is none.</summary>
internal static class NumberOption
{
    /// <summary>A whole number, at least 1.</summary>
    public static int? Whole(ArgumentResult result)
    {
        if (int.TryParse(result.Tokens.Single().Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0)
        {
            return number;
        }

        result.AddError($"'{result.Tokens.Single().Value}' is no number for {NameOf(result)}. Write a whole number from 1 on, such as {NameOf(result)} 1.");
        return null;
    }

    /// <summary>A number of seconds.</summary>
    public static double? Seconds(ArgumentResult result)
    {
        if (double.TryParse(result.Tokens.Single().Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        result.AddError($"'{result.Tokens.Single().Value}' is no number of seconds for {NameOf(result)}. Write one such as {NameOf(result)} 30.");
        return null;
    }

    private static string NameOf(ArgumentResult result) => (result.Parent as OptionResult)?.Option.Name ?? "it";
}
