using DbUp.Engine;
using DbUp.Support;

namespace Buffkit.Migrations;

/// <summary>A migration in one direction, as DbUp's engine hands it from provider to sorter, filter and executor.</summary>
internal sealed class MigrationScript(Migration migration, ScriptFile file, Direction direction) : SqlScript(
    migration.Name,
    // The statements come from the file, by the executor: a script of data need not fit into memory.
    contents: "",
    new SqlScriptOptions { ScriptType = migration.Kind == ScriptKind.Versioned ? ScriptType.RunOnce : ScriptType.RunAlways })
{
    public Migration Migration { get; } = migration;

    public ScriptFile File { get; } = file;

    public Direction Direction { get; } = direction;
}
