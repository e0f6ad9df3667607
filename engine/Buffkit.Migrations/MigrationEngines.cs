namespace Buffkit.Migrations;

/// <summary>The engines that a program has: each package adds its own (<c>AddSqlite()</c>).</summary>
public sealed class MigrationEngines
{
    private readonly List<MigrationEngine> _all = [];

    /// <summary>Gets the engines in the order in which they were added.</summary>
    public IReadOnlyList<MigrationEngine> All => _all;

    /// <summary>Adds an engine; one of the same name gives way.</summary>
    /// <returns>The same engines.</returns>
    public MigrationEngines Add(MigrationEngine engine)
    {
        ArgumentNullException.ThrowIfNull(engine);
        _all.RemoveAll(added => added.Name == engine.Name);
        _all.Add(engine);
        return this;
    }

    /// <summary>Finds an engine by its name, in capitals or not.</summary>
    /// <exception cref="MigrationConfigurationException">The program has no such engine. The message names the package and the call that are missing.</exception>
    public MigrationEngine Get(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (_all.Find(engine => string.Equals(engine.Name, name, StringComparison.OrdinalIgnoreCase)) is { } found)
        {
            return found;
        }

        throw new MigrationConfigurationException(EngineNames.PackageOf(name) is { } package
            ? $"This program was made without the engine '{name.ToLowerInvariant()}'. Reference the package {typeof(MigrationEngine).Namespace}.{package} and call Add{package}() where the engines are added."
            : $"'{name}' is no engine. There are: {string.Join(", ", _all)}.");
    }
}
