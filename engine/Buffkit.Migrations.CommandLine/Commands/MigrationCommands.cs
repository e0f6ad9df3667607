using System.CommandLine;
using System.CommandLine.Help;

namespace Buffkit.Migrations.CommandLine;

/// <summary>The command line.</summary>
internal static partial class MigrationCommands
{
    private const string About =
        """
        Migrates the database's schema.

        Try: status                     how every migration stands
             up                         apply what is pending
             down                       undo the last one
             new add_orders -t table    begin a new one
             doctor                     what is wrong, and what to do
        Without a command: up, as a worker.

        Exit codes: 0 done, 1 a migration failed, 2 wrong command or configuration,
        3 pending (status --exit-code), 4 scripts and journal disagree, lint found
        something or a check of doctor failed, 5 another runner is at work,
        6 no database, 130/143 cancelled.
        """;

    public static async Task<int> RunAsync(RunnerHost hosts, string[] arguments)
    {
        using var signals = new Signals();
        var common = new CommonOptions();
        var root = new RootCommand(About);
        common.AddTo(root);
        foreach (var command in Build(new CommandContext(hosts, common, signals)))
        {
            root.Subcommands.Add(command);
        }

        foreach (var help in root.Options.Select(option => option.Action).OfType<HelpAction>())
        {
            help.MaxWidth = TerminalWidth.OfOutput() ?? TerminalWidth.Default;
        }

        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            var wrong = new MigrationConfigurationException(
                $"{string.Join(Environment.NewLine, parsed.Errors.Select(error => error.Message))}{Environment.NewLine}Run with --help to see the commands and options.");
            // What cannot be parsed has no values; whoever wrote --json reads JSON all the same.
            CommandOutput.For(arguments.Contains("--json")).Error(wrong, ExitCode.Usage);
            return ExitCode.Usage;
        }

        // Signals are ours: they cancel the running statement and wait for it, however long the server needs.
        return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false });
    }

    private static IEnumerable<Command> Build(CommandContext context)
    {
        yield return Up(context);
        yield return Down(context);
        yield return Redo(context);
        yield return Status(context);
        yield return New(context);
        yield return Import(context);
        yield return Validate(context);
        yield return Lint(context);
        yield return DryRun(context);
        yield return Seed(context);
        yield return Baseline(context);
        yield return Repair(context);
        yield return Dump(context);
        yield return Doctor(context);
    }

    private static Option<string?> To(string description) => new("--to") { Description = description };

    private static Option<int?> Steps(string description) => new("--steps", "-n")
    {
        Description = description,
        CustomParser = NumberOption.Whole,
    };

    private static Option<bool> OutOfOrder() => new("--out-of-order")
    {
        Description = "Also apply pending migrations that are older than one already applied.",
    };

    private static Command Up(CommandContext context)
    {
        var to = To("The last migration to apply, by number or name.");
        var steps = Steps("Apply at most so many.");
        var outOfOrder = OutOfOrder();
        var command = new Command("up", "Apply pending migrations; one that stopped half-way is resumed.") { to, steps, outOfOrder };
        command.SetAction((parsed, _) => context.RunAsync(parsed, async (runner, output, cancellation) =>
        {
            var done = await runner.UpAsync(new UpRequest(parsed.GetValue(to), parsed.GetValue(steps), parsed.GetValue(outOfOrder)), cancellation);
            return output.Completed(done, "Nothing to apply: the schema is up to date.");
        }));
        return command;
    }

    private static Command Down(CommandContext context)
    {
        var to = To("The migration to go back to, which stays; 0 undoes everything.");
        var steps = Steps("Undo at most so many. Without --to the default is 1.");
        var command = new Command("down", "Undo migrations, the last first.") { to, steps };
        command.SetAction((parsed, _) => context.RunAsync(parsed, async (runner, output, cancellation) =>
            output.Completed(
                await runner.DownAsync(new DownRequest(parsed.GetValue(to), parsed.GetValue(steps)), cancellation),
                "Nothing to undo.")));
        return command;
    }

    private static Command Redo(CommandContext context)
    {
        var steps = Steps("How many to undo and apply again. The default is 1.");
        var command = new Command("redo", "Undo the last migration and apply it again.") { steps };
        command.SetAction((parsed, _) => context.RunAsync(parsed, async (runner, output, cancellation) =>
            output.Completed(await runner.RedoAsync(parsed.GetValue(steps) ?? 1, cancellation), "Nothing to redo.")));
        return command;
    }

    private static Command Seed(CommandContext context)
    {
        var environment = new Option<string>("--environment", "-e")
        {
            Description = "The folder below seeds/, such as development.",
            Required = true,
        };
        var command = new Command("seed", "Run the seeds of an environment that are new or have changed.") { environment };
        command.SetAction((parsed, _) => context.RunAsync(parsed, async (runner, output, cancellation) =>
            output.Completed(await runner.SeedAsync(parsed.GetValue(environment)!, cancellation), "Nothing to seed.")));
        return command;
    }

    private static Command Baseline(CommandContext context)
    {
        var to = To("The last migration that the database has already, by number or name. Without it: all.");
        var command = new Command("baseline", "Take migrations as applied without running them, for a database that has their schema already.") { to };
        command.SetAction((parsed, _) => context.RunAsync(parsed, async (runner, output, cancellation) =>
            output.Names("baselined", await runner.BaselineAsync(parsed.GetValue(to), cancellation), "Nothing to baseline.")));
        return command;
    }

    private static Command Repair(CommandContext context)
    {
        var applied = new Option<string[]>("--applied") { Description = "This migration's effect has been completed by hand.", DefaultValueFactory = _ => [] };
        var pending = new Option<string[]>("--pending") { Description = "This migration's effect has been undone by hand.", DefaultValueFactory = _ => [] };
        var done = new Option<string[]>("--statement-done") { Description = "The statement of this migration that was under way took effect.", DefaultValueFactory = _ => [] };
        var notDone = new Option<string[]>("--statement-not-done") { Description = "The statement of this migration that was under way took no effect.", DefaultValueFactory = _ => [] };
        var command = new Command("repair", "Set the journal right: forget failures that left nothing behind, accept changed files, move the rows of renamed ones, forget files that are gone.")
        {
            applied, pending, done, notDone,
        };
        command.SetAction((parsed, _) => context.RunAsync(parsed, async (runner, output, cancellation) =>
            output.Repairs(await runner.RepairAsync(
                new RepairRequest(parsed.GetValue(applied)!, parsed.GetValue(pending)!)
                {
                    StatementDone = parsed.GetValue(done)!,
                    StatementNotDone = parsed.GetValue(notDone)!,
                },
                cancellation))));
        return command;
    }
}
