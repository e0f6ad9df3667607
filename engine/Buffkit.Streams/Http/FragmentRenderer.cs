using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Buffkit.Streams;

/// <summary>Renders a Razor component to the payload of an event, for pages that subscribe with <c>?format=html</c>.</summary>
public sealed class FragmentRenderer(IServiceScopeFactory scopes, ILoggerFactory loggers)
{
    /// <summary>Renders a component to an event.</summary>
    /// <typeparam name="TComponent">The component; its own encoding keeps values from becoming markup.</typeparam>
    /// <param name="topic">Where the event is published.</param>
    /// <param name="type">The event's type, what htmx knows as <c>sse-swap</c>.</param>
    /// <param name="parameters">The component's parameters, by name.</param>
    /// <param name="swap">Puts the fragment somewhere else than into the element that listens; nothing for there.</param>
    /// <param name="key">See <see cref="EventDraft.Key"/>.</param>
    /// <param name="cancellationToken">Ends the wait for a component that loads data.</param>
    public async Task<EventDraft> RenderAsync<TComponent>(
        Topic topic, string type, IDictionary<string, object?>? parameters = null, OutOfBandSwap? swap = null, string? key = null, CancellationToken cancellationToken = default)
        where TComponent : IComponent
    {
        cancellationToken.ThrowIfCancellationRequested();
        await using var scope = scopes.CreateAsyncScope();
        await using var renderer = new HtmlRenderer(scope.ServiceProvider, loggers);
        var html = await renderer.Dispatcher.InvokeAsync(async () =>
        {
            var view = parameters is null ? ParameterView.Empty : ParameterView.FromDictionary(parameters);
            var output = await renderer.RenderComponentAsync<TComponent>(view);
            return output.ToHtmlString();
        }).WaitAsync(cancellationToken);
        return new EventDraft
        {
            Topic = topic,
            Type = type,
            Key = key,
            ContentType = HtmlFragment.ContentType,
            IsOwned = true,
            Data = Encoding.UTF8.GetBytes(swap is null ? html : swap.Wrap(html)),
        };
    }
}

/// <summary>Puts a fragment into another element of the page (htmx attribute <c>hx-swap-oob</c>).</summary>
/// <param name="Selector">A CSS selector of the element, such as <c>#orders</c>.</param>
/// <param name="Strategy">How: <c>innerHTML</c>, <c>beforeend</c>, <c>afterbegin</c> and so on.</param>
/// <param name="Wrapper">The element that carries the attribute; what may stand in a table needs <c>tbody</c>.</param>
public sealed record OutOfBandSwap(string Selector, string Strategy = "innerHTML", string Wrapper = "div")
{
    internal string Wrap(string html) =>
        $"<{Wrapper} hx-swap-oob=\"{HtmlEncoder.Default.Encode($"{Strategy}:{Selector}")}\">{html}</{Wrapper}>";
}
