using System.Text.RegularExpressions;

namespace Buffkit.AppHost.Tests;

/// <summary>What the docs say of the volumes.</summary>
public sealed partial class VolumesTests
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

    [GeneratedRegex("docker volume ls --filter name=([^` ]+)")]
    private static partial Regex Filter();
}
