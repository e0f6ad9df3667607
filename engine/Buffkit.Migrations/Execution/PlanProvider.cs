using DbUp.Engine;
using DbUp.Engine.Transactions;

namespace Buffkit.Migrations;

/// <summary>Hands the migrations of a folder to DbUp's engine, as scripts in one direction.</summary>
internal sealed class PlanProvider(IEnumerable<Migration> migrations, Direction direction) : IScriptProvider
{
    public IEnumerable<SqlScript> GetScripts(IConnectionManager connectionManager)
    {
        foreach (var migration in migrations)
        {
            if (direction == Direction.Up && migration.Up is { } up)
            {
                yield return new MigrationScript(migration, up, direction);
            }
            else if (direction == Direction.Down && migration is { Kind: ScriptKind.Versioned, Up: not null })
            {
                // Without a way down it still stands in the plan, so that the run stops at it instead of passing it by.
                yield return new MigrationScript(migration, migration.Down ?? migration.Up, direction);
            }
        }
    }
}
