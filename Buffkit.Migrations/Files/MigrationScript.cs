using DbUp.Engine;
using DbUp.Support;

namespace Buffkit.Migrations;

/// <summary>A migration in one direction, as DbUp's engine hands it from provider to sorter, filter and executor.</summary>
internal sealed class MigrationScript(Migration migration, ScriptFile file, Direction direction) : SqlScript(
    migration.Name,
    file.Text,
    new SqlScriptOptions { ScriptType = migration.Kind == ScriptKind.Versioned ? ScriptType.RunOnce : ScriptType.RunAlways })
{
    public Migration Migration { get; } = migration;

    public ScriptFile File { get; } = file;

    public Direction Direction { get; } = direction;
}
