using System.CommandLine;

namespace Buffkit.Migrations.CommandLine;

/// <summary>The command for those who come from another tool.</summary>
internal static partial class MigrationCommands
{
    private static Command Import(CommandContext context)
    {
        var folder = new Argument<string>("folder") { Description = "The other tool's folder of migrations. It stays as it is." };
        var from = new Option<string>("--from")
        {
            Description = $"The tool: {string.Join(", ", MigrationImport.Tools)}.",
            Required = true,
        };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say which files would be written." };
        var command = new Command("import", "Write another tool's migrations as files of ours, all or none. The next up takes over the tool's history.")
        {
            folder, from, dryRun,
        };
        command.SetAction((parsed, _) => context.RunFilesAsync(parsed, (scripts, output) => output.Names(
            parsed.GetValue(dryRun) ? "would write" : "written",
            MigrationImport.Run(
                parsed.GetValue(from)!, parsed.GetValue(folder)!, scripts, context.Engine(parsed), parsed.GetValue(dryRun)),
            "")));
        return command;
    }
}
