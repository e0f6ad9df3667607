#pragma warning disable ASPIREPIPELINES001 // Steps of a deployment are marked as experimental.
using Aspire.Hosting.Pipelines;
using Buffkit.Hosting;

namespace Buffkit.AppHost.Tests;

/// <summary>The migrations' place in a deployment.</summary>
public sealed class StepOrderTests
{
    private static readonly string[] Names = ["run", "job", "api"];

    [Fact]
    public void Put_WithBothNeighbours_RunsBetweenThem()
    {
        var (run, job, api) = (Step("run"), Step("job"), Step("api"));

        StepOrder.Put([api, run, job], "run", after: "job", before: "api");

        Assert.Equal(["job"], run.DependsOnSteps);
        Assert.Equal(["run"], api.DependsOnSteps);
    }

    [Theory]
    [InlineData("job")]
    [InlineData("api")]
    public void Put_WithoutOneNeighbour_ThrowsWithItsName(string missing)
    {
        PipelineStep[] steps = [.. Names.Where(name => name != missing).Select(Step)];

        var e = Assert.Throws<InvalidOperationException>(() => StepOrder.Put(steps, "run", after: "job", before: "api"));

        Assert.Contains($"no step '{missing}'", e.Message, StringComparison.Ordinal);
    }

    private static PipelineStep Step(string name) => new() { Name = name, Action = _ => Task.CompletedTask };
}
