namespace Buffkit.Migrations;

/// <summary>The order of migrations: by version, dependencies first, repeatable ones last.</summary>
internal sealed class MigrationOrder
{
    /// <summary>Orders <paramref name="migrations"/>; missing dependencies and circles go to <paramref name="problems"/>.</summary>
    public MigrationOrder(IReadOnlyCollection<Migration> migrations, ICollection<ScriptProblem> problems)
    {
        var natural = migrations
            .OrderBy(migration => migration.Kind)
            .ThenBy(migration => migration.Version)
            .ThenBy(migration => migration.Name, StringComparer.Ordinal)
            .ToList();
        Migrations = Arrange(natural, Resolve(natural, problems), problems);
    }

    public IReadOnlyList<Migration> Migrations { get; }

    private static Dictionary<Migration, List<Migration>> Resolve(List<Migration> migrations, ICollection<ScriptProblem> problems)
    {
        var needs = migrations.ToDictionary(migration => migration, _ => new List<Migration>());
        var names = new MigrationNames(migrations);
        foreach (var migration in migrations)
        {
            foreach (var reference in migration.Depends)
            {
                var found = names.Find(reference);
                if (found is [var needed])
                {
                    needs[migration].Add(needed);
                }
                else
                {
                    problems.Add(ScriptProblem.Error(
                        ProblemKind.MissingDependency,
                        migration.Up!.Path,
                        found.Count == 0
                            ? $"It depends on '{reference}', which no file is named. Correct the name or add the migration."
                            : $"It depends on '{reference}', which is the name of {string.Join(" and ", found.Select(f => f.Name))}. Write the full name."));
                }
            }
        }

        return needs;
    }

    /// <summary>Takes, again and again, the first in natural order whose dependencies have all been taken.</summary>
    private static List<Migration> Arrange(
        List<Migration> natural, Dictionary<Migration, List<Migration>> needs, ICollection<ScriptProblem> problems)
    {
        var rank = natural.Select((migration, i) => (migration, i)).ToDictionary(p => p.migration, p => p.i);
        var waiting = natural.ToDictionary(migration => migration, migration => needs[migration].Count);
        var dependents = needs
            .SelectMany(pair => pair.Value, (pair, needed) => (Needed: needed, Dependent: pair.Key))
            .ToLookup(pair => pair.Needed, pair => pair.Dependent);
        var ready = new PriorityQueue<Migration, int>(
            natural.Where(migration => waiting[migration] == 0).Select(migration => (migration, rank[migration])));
        var arranged = new List<Migration>(natural.Count);
        while (ready.TryDequeue(out var next, out _))
        {
            arranged.Add(next);
            foreach (var dependent in dependents[next])
            {
                if (--waiting[dependent] == 0)
                {
                    ready.Enqueue(dependent, rank[dependent]);
                }
            }
        }

        var circle = natural.Except(arranged).ToList();
        if (circle.Count > 0)
        {
            problems.Add(ScriptProblem.Error(
                ProblemKind.Cycle,
                circle[0].Name,
                $"These wait for each other: {string.Join(", ", circle.Select(migration => migration.Name))}. Remove a '-- depends:'."));
            arranged.AddRange(circle);
        }

        return arranged;
    }
}
