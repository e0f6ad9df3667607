using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Configuration.Memory;

namespace Buffkit.Migrations.CommandLine;

/// <summary>Where a configuration comes from, and files that are read with it.</summary>
internal static class ConfigurationSources
{
    /// <summary>In words, the one that goes before the others last. Names of files and sources, no values.</summary>
    public static IReadOnlyList<string> Of(IConfiguration configuration) =>
        [.. (configuration as IConfigurationRoot)?.Providers.Select(Describe).OfType<string>().Distinct(StringComparer.Ordinal) ?? []];

    /// <summary>Reads a file too: after those of the program, so that it goes before them, and before environment and arguments.</summary>
    /// <exception cref="MigrationConfigurationException">It is not there, or no JSON.</exception>
    public static void AddFile(ConfigurationManager configuration, string file)
    {
        var sources = ((IConfigurationBuilder)configuration).Sources;
        var source = new JsonConfigurationSource { Path = Path.GetFullPath(file), Optional = false };
        source.ResolveFileProvider();
        var last = sources.Select((one, place) => one is JsonConfigurationSource ? place : -1).Append(-1).Max();
        try
        {
            sources.Insert(last + 1, source);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new MigrationConfigurationException($"--settings {file} cannot be read: {(e.InnerException ?? e).Message}", e);
        }
    }

    private static string? Describe(IConfigurationProvider provider) => provider switch
    {
        JsonConfigurationProvider { Source: { Path: { } path } source } =>
            source.FileProvider?.GetFileInfo(path) is { Exists: true } file ? file.PhysicalPath ?? path : null,
        EnvironmentVariablesConfigurationProvider => "environment variables",
        CommandLineConfigurationProvider => "arguments",
        MemoryConfigurationProvider or ChainedConfigurationProvider => null,
        _ => provider.GetType().Name,
    };
}
