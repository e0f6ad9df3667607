using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Buffkit.Streams;

/// <summary>
/// The reverse proxies in front of the server: section <c>Streams:Proxies</c>. From them alone <c>X-Forwarded-For</c> and
/// <c>X-Forwarded-Proto</c> are believed; from anybody else they would let a client choose its address.
/// </summary>
public sealed class ProxyOptions : IValidatableObject
{
    /// <summary>One proxy.</summary>
    public const int DefaultCount = 1;

    /// <summary>Addresses of proxies.</summary>
    /// <value>Default none.</value>
    public IList<string> Addresses { get; } = [];

    /// <summary>Networks of proxies, such as <c>10.0.0.0/8</c>.</summary>
    /// <value>Default none.</value>
    public IList<string> Networks { get; } = [];

    /// <summary>How many proxies stand one behind the other, 1 to 10.</summary>
    /// <value>Default 1.</value>
    [Range(1, 10)]
    public int Count { get; set; } = DefaultCount;

    internal bool IsEmpty => Addresses.Count == 0 && Networks.Count == 0;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var address in Addresses)
        {
            if (!IPAddress.TryParse(address, out _))
                yield return new ValidationResult($"Streams:Proxies:Addresses has '{address}', which is no IP address.", [nameof(Addresses)]);
        }

        foreach (var network in Networks)
        {
            if (!IPNetwork.TryParse(network, out _))
                yield return new ValidationResult($"Streams:Proxies:Networks has '{network}', which is no network such as '10.0.0.0/8'.", [nameof(Networks)]);
        }
    }
}
