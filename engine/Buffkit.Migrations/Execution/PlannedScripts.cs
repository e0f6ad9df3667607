using DbUp.Engine;
using DbUp.Engine.Transactions;
using DbUp.Support;

namespace Buffkit.Migrations;

/// <summary>Hands a plan to DbUp's engine, which has nothing left to sort or to leave out.</summary>
internal sealed class PlannedScripts(MigrationPlan plan) : IScriptProvider, IScriptSorter, IScriptFilter
{
    public IEnumerable<SqlScript> GetScripts(IConnectionManager connectionManager) => plan.Scripts;

    public IEnumerable<SqlScript> Sort(IEnumerable<SqlScript> scripts, ScriptNameComparer comparer) => scripts;

    public IEnumerable<SqlScript> Filter(
        IEnumerable<SqlScript> sorted, HashSet<string> executedScriptNames, ScriptNameComparer comparer) => sorted;
}
