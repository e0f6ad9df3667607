using System.CommandLine;

namespace Buffkit.Migrations.CommandLine;

/// <summary>The commands that change nothing in the database.</summary>
internal static partial class MigrationCommands
{
    private static Command Status(CommandContext context)
    {
        var exitCode = new Option<bool>("--exit-code") { Description = "End with 3 if migrations are pending, 4 if something is wrong." };
        var command = new Command("status", "Show how every migration stands, and who is at work.") { exitCode };
        command.SetAction((parsed, _) => context.RunAsync(parsed, async (runner, output, cancellation) =>
        {
            var status = await runner.StatusAsync(cancellation);
            output.Status(status);
            return !parsed.GetValue(exitCode) ? ExitCode.Success
                : status.Problems.Any(problem => problem.IsError && problem.Kind != ProblemKind.MissingDown) ? ExitCode.Problems
                : status.Pending > 0 ? ExitCode.Pending
                : ExitCode.Success;
        }));
        return command;
    }

    private static Command Validate(CommandContext context)
    {
        var offline = new Option<bool>("--offline") { Description = "Check the files only, without a database." };
        var command = new Command("validate", "Check the scripts: names, ways down, dependencies, changed or missing files, order.") { offline };
        command.SetAction((parsed, _) => context.RunAsync(parsed, async (runner, output, cancellation) =>
            output.Problems(await runner.ValidateAsync(parsed.GetValue(offline), cancellation))));
        return command;
    }

    private static Command Lint(CommandContext context)
    {
        var pending = new Option<bool>("--pending") { Description = "Leave out what the database already has." };
        var command = new Command("lint", "Find statements that block or destroy, with the safe way for each.") { pending };
        command.SetAction((parsed, _) => context.RunAsync(parsed, async (runner, output, cancellation) =>
            output.Findings(await runner.LintAsync(parsed.GetValue(pending), cancellation))));
        return command;
    }

    private static Command DryRun(CommandContext context)
    {
        var to = To("The last migration to try, by number or name.");
        var steps = Steps("Try at most so many.");
        var outOfOrder = OutOfOrder();
        var scratch = new Option<bool>("--scratch") { Description = "MySQL: really apply everything, in a database made for it and dropped afterwards." };
        var command = new Command("dry-run", "Try the pending migrations: executed and rolled back on PostgreSQL and SQLite, printed on MySQL.") { to, steps, outOfOrder, scratch };
        command.SetAction((parsed, _) => context.RunAsync(parsed, async (runner, output, cancellation) =>
            parsed.GetValue(scratch)
                ? output.Completed(await runner.ScratchRunAsync(cancellation), "There are no migrations.")
                : output.DryRun(await runner.DryRunAsync(
                    new UpRequest(parsed.GetValue(to), parsed.GetValue(steps), parsed.GetValue(outOfOrder)), cancellation))));
        return command;
    }

    private static Command Dump(CommandContext context)
    {
        var file = new Option<string?>("--output", "-o") { Description = "Write to this file instead of standard output." };
        var command = new Command("dump", "Write the database's schema as SQL, in the same order every time.") { file };
        command.SetAction((parsed, _) => context.RunAsync(parsed, async (runner, output, cancellation) =>
        {
            var schema = await runner.DumpAsync(cancellation);
            if (parsed.GetValue(file) is { } path)
            {
                await File.WriteAllTextAsync(path, schema, cancellation);
                return output.Names("written", [path], "");
            }

            return output.Schema(schema);
        }));
        return command;
    }

    private static Command New(CommandContext context)
    {
        var name = new Argument<string>("name") { Description = "What it does, such as add_orders." };
        var template = new Option<string>("--template", "-t")
        {
            Description = $"The pattern to begin from: {string.Join(", ", MigrationTemplates.Names)}.",
            DefaultValueFactory = _ => "empty",
        };
        var table = new Option<string?>("--table") { Description = "The table that the pattern is about. Without it the name says it: add_orders, add_note_to_orders." };
        var command = new Command("new", "Create the files of a new migration.") { name, template, table };
        command.SetAction((parsed, _) => context.RunFilesAsync(parsed, (scripts, output) => output.Names(
            "created",
            MigrationTemplates.Create(scripts, parsed.GetValue(name)!, parsed.GetValue(template)!, TimeProvider.System, context.Engines, parsed.GetValue(table)),
            "")));
        return command;
    }
}
