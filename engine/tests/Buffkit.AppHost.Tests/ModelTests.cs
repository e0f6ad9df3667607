using System.Text.RegularExpressions;

namespace Buffkit.AppHost.Tests;

/// <summary>The model of a run at home: what of it lasts, and what is there without being asked for.</summary>
public sealed partial class ModelTests
{
    [Fact]
    public async Task Volumes_OfTheModel_AreFoundByTheCommandOfTheDocs()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Buffkit_AppHost>(
            ["--Embedded=false", "--Database=both"], cancellation);
        var page = await File.ReadAllTextAsync(Path.Combine(builder.AppHostDirectory, "..", "docs", "deployment.md"), cancellation);
        var filter = Filter().Match(page).Groups[1].Value;

        var volumes = builder.Resources.SelectMany(resource => resource.Annotations).OfType<ContainerMountAnnotation>()
            .Where(mount => mount.Type == ContainerMountType.Volume).Select(mount => mount.Source).ToArray();

        Assert.Equal(3, volumes.Length);
        Assert.All(volumes, volume => Assert.Contains(filter, volume, StringComparison.Ordinal));
        // Nothing in it that a solution of another name would not have.
        Assert.Equal(".apphost-", filter);
    }

    [Fact]
    public async Task Containers_AtHome_GoOnBetweenRunsAndToolsWaitToBeAskedFor()
    {
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Buffkit_AppHost>(
            ["--Embedded=false", "--Database=both"], TestContext.Current.CancellationToken);
        var containers = builder.Resources.OfType<ContainerResource>().ToLookup(container => container.TryGetLastAnnotation<ExplicitStartupAnnotation>(out _));

        Assert.Equal(["mysql", "postgres", "redis"], containers[false].Select(container => container.Name).Order(StringComparer.Ordinal));
#pragma warning disable ASPIREPERSISTENCE001 // In Aspire 13.6 the annotation is how WithLifetime is kept, and is marked as experimental.
        Assert.All(containers[false], container =>
            Assert.Equal(PersistenceMode.Persistent, Assert.Single(container.Annotations.OfType<PersistenceAnnotation>()).Mode));
#pragma warning restore ASPIREPERSISTENCE001
        Assert.NotEmpty(containers[true]);
    }

    [Theory]
    [InlineData("--Database=postgres", false)]
    [InlineData("--Database=mysql", true)]
    public async Task Database_NotAskedFor_IsNotThere(string argument, bool isMySql)
    {
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Buffkit_AppHost>(
            ["--Embedded=false", argument], TestContext.Current.CancellationToken);
        var names = builder.Resources.Select(resource => resource.Name).ToArray();

        Assert.Equal((isMySql, !isMySql), (names.Contains("mysql"), names.Contains("postgres")));
    }

    [GeneratedRegex("docker volume ls --filter name=([^` ]+)")]
    private static partial Regex Filter();
}
