using System.Net;
using System.Text;
using Buffkit.Streams;
using CloudNative.CloudEvents;
using CloudNative.CloudEvents.SystemTextJson;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;
using Microsoft.Extensions.DependencyInjection;

namespace Buffkit.Tests;

public sealed class FormatTests
{
    private static readonly byte[] Bytes = [0, 1, 13, 10, 255];

    [Fact]
    public async Task CloudEvents_JsonData_IsAnEventThatTheSdkReads()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a/b", more: "&format=cloudevents");

        var id = await server.PublishAsync("a/b", new { n = 1, text = "line\nbreak" }, "order.created");
        var item = await client.NextAsync();
        var read = Decode(item.Data);

        Assert.Equal((id, "order.created"), (item.EventId, item.EventType));
        Assert.Equal((id, "order.created", "a/b"), (read.Id, read.Type, (string?)read["topic"]));
        Assert.Equal("""{"n":1,"text":"line\nbreak"}""", read.Data!.ToString());
    }

    [Fact]
    public async Task Binary_InEachFormat_TravelsWhole()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var raw = await EventStreamClient.ConnectAsync(server.Address, "a");
        await using var cloudEvents = await EventStreamClient.ConnectAsync(server.Address, "a", more: "&format=cloudevents");
        await using var html = await EventStreamClient.ConnectAsync(server.Address, "a", more: "&format=html");

        using var content = new ByteArrayContent(Bytes) { Headers = { { "Content-Type", "image/png; x=1" } } };
        using var response = await server.Http.PostAsync(new Uri("/events?topic=a&type=t", UriKind.Relative), content, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal("data:image/png;base64,AAENCv8=", (await raw.NextAsync()).Data);
        Assert.Equal("data:image/png;base64,AAENCv8=", (await html.NextAsync()).Data);
        var read = Decode((await cloudEvents.NextAsync()).Data);
        Assert.Equal("image/png; x=1", read.DataContentType);
        Assert.Equal(Bytes, read.Data);
    }

    [Fact]
    public async Task Html_RenderedComponent_ArrivesWithItsSwapAndEscapedValues()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", more: "&format=html");
        var renderer = server.Services.GetRequiredService<FragmentRenderer>();

        var draft = await renderer.RenderAsync<Greeting>(
            Topic.Parse("a"), "greeting", new Dictionary<string, object?> { ["Name"] = "<Ada>" }, new OutOfBandSwap("#list", "beforeend"),
            cancellationToken: TestContext.Current.CancellationToken);
        await server.Publisher.PublishAsync(draft, TestContext.Current.CancellationToken);

        var item = await client.NextAsync();
        Assert.Equal("greeting", item.EventType);
        Assert.Equal("<div hx-swap-oob=\"beforeend:#list\"><p>\nHello &lt;Ada&gt;</p></div>", item.Data);
    }

    [Fact]
    public async Task Html_OtherPayloads_CannotBecomeMarkup()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", more: "&format=html");

        await server.PublishAsync("a", "<script>alert(1)</script>");
        await server.PublishAsync("a", new { x = "<img>" });

        Assert.Equal("&lt;script&gt;alert(1)&lt;/script&gt;", (await client.NextAsync()).Data);
        Assert.DoesNotContain('<', (await client.NextAsync()).Data);
    }

    [Fact]
    public async Task Format_Unknown_NamesTheField()
    {
        await using var server = await StreamsServer.StartAsync();

        using var response = await server.Http.GetAsync(new Uri("/events?topic=a&format=xml", UriKind.Relative), TestContext.Current.CancellationToken);

        await SubscribeTests.AssertProblemAsync(response, HttpStatusCode.BadRequest, "format");
    }

    internal static CloudEvent Decode(string json) =>
        new JsonEventFormatter().DecodeStructuredModeMessage(
            Encoding.UTF8.GetBytes(json), new System.Net.Mime.ContentType("application/cloudevents+json"), null);

    private sealed class Greeting : ComponentBase
    {
        [Parameter]
        public string Name { get; set; } = "";

        protected override void BuildRenderTree(RenderTreeBuilder builder)
        {
            builder.OpenElement(0, "p");
            builder.AddMarkupContent(1, "\nHello ");
            builder.AddContent(2, Name);
            builder.CloseElement();
        }
    }
}
