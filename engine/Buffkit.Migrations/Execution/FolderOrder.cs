using DbUp.Engine;
using DbUp.Support;

namespace Buffkit.Migrations;

/// <summary>Sorts DbUp's scripts as the folder is ordered; the way down is the way up, backwards.</summary>
internal sealed class FolderOrder(IReadOnlyList<Migration> migrations) : IScriptSorter
{
    private readonly Dictionary<Migration, int> _positions =
        migrations.Select((migration, i) => (migration, i)).ToDictionary(pair => pair.migration, pair => pair.i);

    public IEnumerable<SqlScript> Sort(IEnumerable<SqlScript> scripts, ScriptNameComparer comparer) =>
        scripts.Cast<MigrationScript>().OrderBy(script =>
            script.Direction == Direction.Up ? _positions[script.Migration] : -_positions[script.Migration]);
}
