using Aspire.Hosting.Pipelines;

namespace Buffkit.Hosting;

/// <summary>The order of the steps of a deployment.</summary>
public static class StepOrder
{
    /// <summary>Lets a step run after one and before another.</summary>
    /// <exception cref="InvalidOperationException">
    /// One of them is not there. Without this the deployment would go through, with the step at any time or never.
    /// </exception>
    public static void Put(IEnumerable<PipelineStep> steps, string step, string after, string before)
    {
        var all = steps.ToArray();
        Find(step).DependsOn(Find(after));
        Find(before).DependsOn(Find(step));

        PipelineStep Find(string name) =>
            all.FirstOrDefault(candidate => candidate.Name == name)
            ?? throw new InvalidOperationException(
                $"The deployment has no step '{name}', so '{step}' has no place in it. Aspire names its steps otherwise in this version: "
                + $"see the names with `aspire deploy --list-steps`, and correct them in Deployment.cs. There are: {string.Join(", ", all.Select(other => other.Name))}.");
    }
}
