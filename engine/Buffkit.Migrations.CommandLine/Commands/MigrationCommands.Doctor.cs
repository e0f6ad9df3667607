using System.CommandLine;

namespace Buffkit.Migrations.CommandLine;

/// <summary>The command for whoever asks what is wrong.</summary>
internal static partial class MigrationCommands
{
    private static Command Doctor(CommandContext context)
    {
        var settings = new Option<string[]>("--settings")
        {
            Description = "Look at this file of settings too, such as the API's appsettings.json; repeat it for several.",
            DefaultValueFactory = _ => [],
        };
        var command = new Command("doctor", "Look at configuration, database, schema and whatever else the program has checks for, and say what to do. Changes nothing.") { settings };
        command.SetAction((parsed, _) => context.RunDoctorAsync(parsed, parsed.GetValue(settings)!));
        return command;
    }
}
