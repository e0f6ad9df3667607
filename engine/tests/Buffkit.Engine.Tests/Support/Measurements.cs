using System.Diagnostics.Metrics;
using Buffkit.Streams;
using Microsoft.Extensions.DependencyInjection;

namespace Buffkit.Tests;

/// <summary>What the engine's instruments of one server say, and of no other that runs beside it.</summary>
public sealed class Measurements : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<string, double> _values = new(StringComparer.Ordinal);

    public Measurements(IServiceProvider services)
    {
        var factory = services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == StreamsTelemetry.MeterName && ReferenceEquals(instrument.Meter.Scope, factory))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>
    /// An instrument's value now: what was counted since this began to listen, what is observed, or how often a histogram was asked to record.
    /// </summary>
    /// <param name="name">Its name.</param>
    /// <param name="tags">The values of its tags, in the order of their names.</param>
    public double Of(string name, params string[] tags)
    {
        _listener.RecordObservableInstruments();
        lock (_gate)
            return _values.GetValueOrDefault(Key(name, tags));
    }

    /// <summary>All that is known of an instrument, by the values of its tags; zeros are left out.</summary>
    public string All(string name)
    {
        _listener.RecordObservableInstruments();
        lock (_gate)
            return string.Join(", ", _values.Where(value => value.Key.StartsWith($"{name} ", StringComparison.Ordinal) && value.Value != 0).Select(value => $"{value.Key[(name.Length + 1)..]}={value.Value}").Order(StringComparer.Ordinal));
    }

    public void Dispose() => _listener.Dispose();

    private static string Key(string name, IEnumerable<string> tags) => $"{name} {string.Join(' ', tags)}";

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var key = Key(instrument.Name, tags.ToArray().OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Value}"));
        lock (_gate)
        {
            _values[key] = instrument switch
            {
                { IsObservable: true } => value,
                Histogram<double> => _values.GetValueOrDefault(key) + 1,
                _ => _values.GetValueOrDefault(key) + value,
            };
        }
    }
}
