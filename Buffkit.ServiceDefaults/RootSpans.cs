using System.Diagnostics;
using OpenTelemetry.Trace;

namespace Buffkit.ServiceDefaults;

/// <summary>
/// Begins no trace with a call to another system. A background loop asks a server many times a second and a probe asks the
/// database; each of these calls would be a trace of its own and bury those that someone looks for.
/// </summary>
/// <remarks>Calls that belong to a request, or to any other span, are kept as their parent is.</remarks>
internal sealed class RootSpans : Sampler
{
    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
        new(samplingParameters.Kind is ActivityKind.Client ? SamplingDecision.Drop : SamplingDecision.RecordAndSample);
}
